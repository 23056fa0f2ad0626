// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IStepVerifier, Opening, Tree} from "../interfaces/IStepVerifier.sol";
import {Merkle} from "./Merkle.sol";

/// @notice Neighbouring leaves `first` to `end - 1` of a tree; the bytes of `first` begin at `data` in the calldata.
struct Run {
    uint256 first;
    uint256 end;
    uint256 data;
}

/// @notice What is open of a tree. @param runs Ascending, without overlap.
struct OpenedTree {
    Run[] runs;
    uint256 tensorDepth;
}

/// @title Multiproofs of runs of leaves (docs/protocol.md, "Openings").
library Openings {
    uint256 private constant RUN_BYTES = 7;

    /// @notice Checks an opening against the root of its tree and says where the leaves are. An opening of no leaves proves
    /// nothing and needs no root.
    function verify(Opening calldata opening, Tree calldata tree) internal pure returns (OpenedTree memory opened) {
        uint256 leafCount;
        (opened.runs, leafCount) = _parse(opening, tree.depth);
        opened.tensorDepth = tree.tensorDepth;
        uint256 expectedBytes = leafCount * Merkle.LEAF_BYTES;
        require(
            opening.leaves.length == expectedBytes,
            IStepVerifier.StepVerifier_BadOpening(opening.leaves.length, expectedBytes)
        );
        bytes32 root = tree.root;
        (bytes32 computed, uint256 used) = (root, 0);
        if (leafCount != 0) {
            (computed, used) = _fold(_hashLeaves(opened.runs, leafCount), leafCount, tree.depth, opening.siblings);
        }
        require(opening.siblings.length == used, IStepVerifier.StepVerifier_BadSiblings(opening.siblings.length, used));
        require(computed == root, IStepVerifier.StepVerifier_RootMismatch(computed, root));
    }

    function _parse(Opening calldata opening, uint256 depth)
        private
        pure
        returns (Run[] memory runs, uint256 leafCount)
    {
        unchecked {
            bytes calldata packed = opening.runs;
            runs = new Run[](packed.length / RUN_BYTES);
            require(packed.length == runs.length * RUN_BYTES, IStepVerifier.StepVerifier_BadRun(runs.length));
            bytes calldata leaves = opening.leaves;
            uint256 lowest;
            for (uint256 i = 0; i < runs.length; ++i) {
                Run memory run = runs[i];
                uint256 word;
                uint256 data;
                assembly ("memory-safe") {
                    word := calldataload(add(packed.offset, mul(i, RUN_BYTES)))
                    data := leaves.offset
                }
                run.first = word >> 216;
                run.end = run.first + ((word >> 200) & 0xffff);
                run.data = data + leafCount * Merkle.LEAF_BYTES;
                require(
                    run.first >= lowest && run.first < run.end && run.end <= 1 << depth,
                    IStepVerifier.StepVerifier_BadRun(i)
                );
                lowest = run.end;
                leafCount += run.end - run.first;
            }
        }
    }

    /// @dev Puts the node (hash, position) of every leaf into memory at the free memory pointer, and leaves them unallocated.
    function _hashLeaves(Run[] memory runs, uint256 leafCount) private pure returns (uint256 nodes) {
        assembly ("memory-safe") {
            nodes := mload(0x40)
            let leaf := add(nodes, shl(6, leafCount)) // one leaf at a time
            let to := nodes
            let end := add(runs, shl(5, add(mload(runs), 1)))
            for { let at := add(runs, 0x20) } lt(at, end) { at := add(at, 0x20) } {
                let run := mload(at)
                let last := mload(add(run, 0x20))
                let data := mload(add(run, 0x40))
                for { let position := mload(run) } lt(position, last) { position := add(position, 1) } {
                    calldatacopy(leaf, data, 0x100)
                    mstore(to, keccak256(leaf, 0x100))
                    mstore(add(to, 0x20), position)
                    to := add(to, 0x40)
                    data := add(data, 0x100)
                }
            }
        }
    }

    /// @dev The root above `count` > 0 leaves, and how many siblings it takes. A level's nodes replace those below it.
    function _fold(uint256 nodes, uint256 count, uint256 depth, bytes32[] calldata siblings)
        private
        pure
        returns (bytes32 root, uint256 used)
    {
        assembly ("memory-safe") {
            let sibling := siblings.offset // may run past the end; the caller compares the number used
            let end := add(nodes, shl(6, count))
            for {} depth { depth := sub(depth, 1) } {
                let to := nodes
                for { let at := nodes } lt(at, end) { at := add(at, 0x40) } {
                    let position := mload(add(at, 0x20))
                    let next := add(at, 0x40)
                    switch and(position, 1)
                    case 1 {
                        mstore(0x00, calldataload(sibling))
                        mstore(0x20, mload(at))
                        sibling := add(sibling, 0x20)
                    }
                    default {
                        mstore(0x00, mload(at))
                        switch and(lt(next, end), eq(mload(add(at, 0x60)), add(position, 1)))
                        case 1 {
                            mstore(0x20, mload(next))
                            at := next
                        }
                        default {
                            mstore(0x20, calldataload(sibling))
                            sibling := add(sibling, 0x20)
                        }
                    }
                    mstore(to, keccak256(0x00, 0x40))
                    mstore(add(to, 0x20), shr(1, position))
                    to := add(to, 0x40)
                }
                end := to
            }
            root := mload(nodes)
            used := shr(5, sub(sibling, siblings.offset))
        }
    }
}
