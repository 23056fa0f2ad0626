// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Terms} from "../../src/interfaces/IJobs.sol";
import {Model} from "../../src/interfaces/IModelRegistry.sol";
import {Opening, Tree} from "../../src/interfaces/IStepVerifier.sol";
import {Leaves} from "../../src/libraries/Leaves.sol";
import {Merkle} from "../../src/libraries/Merkle.sol";
import {Openings} from "../../src/libraries/Openings.sol";
import {Seal} from "../../src/libraries/Seal.sol";
import {VectorFile} from "../helpers/VectorFile.sol";

/// @notice One of everything that commitments are made of (fixtures/vectors/commitment-vectors.ts).
struct CommitmentVector {
    bytes data;
    uint256 depth;
    bytes32 root;
    bytes32 zero;
    uint256 leaf;
    bytes32 leafHash;
    bytes32[] proof;
    Opening opening;
    bytes32[] children;
    bytes32 node;
    bytes leaf0;
    bytes leaf1;
    uint256 width;
    uint256 index;
    int256 value0;
    int256 value1;
    Model model;
    bytes32 modelId;
    uint256 chainId;
    address jobs;
    uint256 jobId;
    address claimant;
    bytes32 traceRoot;
    bytes32 domain;
    bytes32 seal;
    Terms terms;
    bytes32 commitment;
    uint256 claim0;
    uint256 claim1;
    uint256 matchId;
    bytes32 node0;
    bytes32 node1;
    uint256 at;
    uint256 levels;
    bytes32[] siblings;
    bytes32 above0;
    bytes32 above1;
    bytes32 nodesHash;
}

/// @notice Every vector of fixtures/vectors/commitments.json, which src/commit made. `OG_COMMITMENT_VECTORS` names another file
/// (`npx tsx fixtures/vectors/commitments.ts --bulk 10000 fixtures/vectors/bulk-commitments.json`).
contract CommitmentVectorsTest is Test {
    string private constant TYPE = "Vector(bytes data,uint256 depth,bytes32 root,bytes32 zero,uint256 leaf,"
        "bytes32 leafHash,bytes32[] proof,Opening opening,bytes32[] children,bytes32 node,bytes leaf0,bytes leaf1,"
        "uint256 width,uint256 index,int256 value0,int256 value1,Model model,bytes32 modelId,uint256 chainId,address jobs,"
        "uint256 jobId,address claimant,bytes32 traceRoot,bytes32 domain,bytes32 seal,Terms terms,bytes32 commitment,"
        "uint256 claim0,uint256 claim1,uint256 matchId,bytes32 node0,bytes32 node1,uint256 at,uint256 levels,"
        "bytes32[] siblings,bytes32 above0,bytes32 above1,bytes32 nodesHash)"
        "Model(bytes32 programRoot,bytes32 constantsRoot,bytes32 layoutHash,uint32 stepCount,uint8 slotDepth,"
        "uint8 tensorDepth,uint8 constantSlotDepth,uint8 constantTensorDepth,uint32 inputElements,uint8 inputWidth,"
        "uint32 outputElements,uint8 outputWidth)Opening(bytes runs,bytes leaves,bytes32[] siblings)"
        "Terms(bytes32 seal,bytes32 outputRoot,uint256 target)";

    function test_computesWhatTypeScriptDoes() external {
        vm.pauseGasMetering(); // for files of any size
        string memory file = vm.envOr("OG_COMMITMENT_VECTORS", string("fixtures/vectors/commitments.json"));
        VectorFile.open(file);
        uint256 vectors;
        while (this.checkNext(file)) ++vectors;
        emit log_named_uint("equalities", 16 * vectors);
        assertGe(vectors, 60);
    }

    /// @dev In a call of its own, so that its memory is given back.
    function checkNext(string calldata file) external view returns (bool found) {
        string memory line;
        (found, line) = VectorFile.next(file);
        if (found) this.check(abi.decode(vm.parseJsonType(line, TYPE), (CommitmentVector)));
    }

    /// @dev Reverts unless the opening leads to the root.
    function open(Opening calldata opening, Tree calldata tree) external pure {
        Openings.verify(opening, tree);
    }

    function check(CommitmentVector calldata v) external view {
        assertEq(Merkle.zeroHash(v.depth), v.zero, "zero");
        assertEq(Merkle.rootOf(v.data, v.depth), v.root, "root");
        assertEq(Merkle.climb(v.leafHash, v.leaf, v.proof), v.root, "proof");
        assertEq(Merkle.rootOfHashes(v.children), v.node, "children");
        this.open(v.opening, Tree(v.root, uint8(v.depth), uint8(v.depth)));
        (uint256 index, int256 value0, int256 value1) = Leaves.firstDifference(v.leaf0, v.leaf1, v.width);
        assertEq(index, v.index, "index");
        assertEq(value0, v.value0, "value0");
        assertEq(value1, v.value1, "value1");
        assertEq(keccak256(abi.encode(v.model)), v.modelId, "modelId");
        assertEq(Seal.domain(v.chainId, v.jobs), v.domain, "domain");
        assertEq(Seal.compute(v.domain, v.jobId, v.claimant, v.traceRoot), v.seal, "seal");
        assertEq(keccak256(abi.encode(v.terms)), v.commitment, "commitment");
        assertEq((v.claim0 << 64) | v.claim1, v.matchId, "matchId");
        (bytes32 above0, bytes32 above1) = Merkle.climbBoth(v.node0, v.node1, v.at, v.levels, v.siblings);
        assertEq(above0, v.above0, "above0");
        assertEq(above1, v.above1, "above1");
        assertEq(Merkle.hashPair(v.node0, v.node1), v.nodesHash, "nodesHash");
    }
}
