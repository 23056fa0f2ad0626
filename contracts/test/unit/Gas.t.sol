// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Parameters, Target, Terms} from "../../src/interfaces/IJobs.sol";
import {Model, Provenance} from "../../src/interfaces/IModelRegistry.sol";
import {Merkle} from "../../src/libraries/Merkle.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @title What each transaction costs, intrinsic gas and calldata included, to the unit of gas (contracts/gas/README.md).
/// @notice Nonzero bytes throughout (hashes); 20 bytes of output where nothing else is said.
contract GasTest is BaseTest {
    using SafeCastLib for uint256;
    using Traces for Trace;

    /// @dev As large as any deployment allows.
    function testParameters() internal pure override returns (Parameters memory parameters) {
        parameters = super.testParameters();
        parameters.maxOutputBytes = 24_575;
    }

    /// forge-config: default.isolate = true
    function test_gas_undisputed() external {
        registry.register(TinyModel.model(), Provenance(keccak256("a"), keccak256("b"), "ipfs://0123456789"));
        snapshotGas("register (known)");
        Model memory other = TinyModel.model();
        other.layoutHash = keccak256("other");
        registry.register(other, Provenance(keccak256("a"), keccak256("b"), "ipfs://0123456789"));
        snapshotGas("register (new)");
        request();
        snapshotGas("request, 300 bytes, first of all");
        uint256 jobId = request();
        snapshotGas("request, 300 bytes");
        requestByRoot();
        snapshotGas("requestByRoot");
        Trace memory truth = honestTrace();
        submit(worker, 1, truth);
        submit(watcher, jobId, truth);
        snapshotGas("submit");
        vm.warp(block.timestamp + WINDOW + 1);
        bytes memory output = TinyModel.output(truth);
        finalize(1, output);
        uint256 before = vm.snapshotState();
        Terms memory terms = termsOf(2);
        vm.prank(watcher);
        jobs.finalize(jobId, terms, output);
        snapshotGas("finalize, by the claimant");
        vm.revertToState(before);
        finalize(jobId, output);
        snapshotGas("finalize (first credit)");
        vm.prank(watcher);
        jobs.withdraw();
        snapshotGas("withdraw");
        jobId = request();
        submit(worker, jobId, truth);
        vm.warp(block.timestamp + WINDOW + 1);
        finalize(jobId, output);
        snapshotGas("finalize (claimant has credit)");
    }

    /// forge-config: default.isolate = true
    function test_gas_outputs() external {
        uint16[4] memory sizes = [256, 1024, 4096, 24_575];
        for (uint256 i = 0; i < sizes.length; ++i) {
            _postOutput(sizes[i]);
        }
    }

    /// @dev Nonzero bytes throughout: the dearest output of its size.
    function _postOutput(uint256 size) private {
        string memory suffix = string.concat(", output of ", vm.toString(size));
        Model memory model = TinyModel.model();
        (model.tensorDepth, model.outputElements, model.outputWidth) = (7, size.toUint32(), 1);
        bytes32 id = registry.register(model, Provenance(0, 0, ""));
        vm.prank(requester);
        uint256 jobId = jobs.requestByRoot(id, inputRoot, CLAIM_SECONDS, address(0));
        bytes memory output = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            output[i] = 0x11;
        }
        bytes32 outputRoot = this.rootOf(output, model.tensorDepth);
        Terms memory terms = Terms(keccak256("liar"), outputRoot, 0);
        vm.prank(liar);
        uint256 claimId = jobs.submit{value: BOND}(jobId, id, inputRoot, terms.seal, outputRoot, output);
        snapshotGas(string.concat("submit", suffix));
        uint256 before = vm.snapshotState();
        vm.prank(watcher);
        jobs.challenge{value: BOND}(Target(claimId, id, inputRoot, terms), keccak256("watcher"), outputRoot, output);
        snapshotGas(string.concat("challenge", suffix));
        vm.revertToState(before);
        vm.warp(block.timestamp + WINDOW + 1);
        jobs.finalize(jobId, terms, output);
        snapshotGas(string.concat("finalize (first credit)", suffix));
        vm.revertToState(before);
    }

    function rootOf(bytes calldata data, uint256 depth) external pure returns (bytes32) {
        return Merkle.rootOf(data, depth);
    }

    /// forge-config: default.isolate = true
    function test_gas_match() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        uint256 jobId = request();
        uint256 lieId = submit(liar, jobId, lie);
        (uint256 truthId, uint256 matchId) = challenge(watcher, lieId, truth);
        snapshotGas("challenge");
        reveal(truthId, truth);
        snapshotGas("reveal, by side 1");
        descend(matchId, lie, truth);
        snapshotGas("open, 2 nodes");
        reveal(lieId, lie);
        snapshotGas("reveal, by side 0");
        descend(matchId, lie, truth);
        snapshotGas("descend 1 level, open 16 nodes");
        descend(matchId, lie, truth);
        snapshotGas("descendToLeaf, 4 levels");
        uint256 before = vm.snapshotState();
        postLeaf(matchId, lie, truth);
        snapshotGas("postLeaf");
        vm.revertToState(before);
        prove(matchId, lie, truth, truth);
        snapshotGas("proveStep, one leaf read");
    }

    /// @dev The moves of a trace of depth 9, which begins with a round of one level and goes on with rounds of four.
    /// forge-config: default.isolate = true
    function test_gas_deepMatch() external {
        Model memory model = TinyModel.model();
        model.tensorDepth = 6;
        modelId = registry.register(model, Provenance(0, 0, ""));
        uint256 jobId = requestByRoot();
        uint256 disputed = TinyModel.STEP_COUNT << model.tensorDepth;
        Trace memory truth = Traces.empty(TinyModel.SLOT_DEPTH, model.tensorDepth).rehash();
        Trace memory lie = Traces.empty(TinyModel.SLOT_DEPTH, model.tensorDepth);
        lie.patch(disputed, 0, 0x01);
        lie.rehash();
        (, uint256 matchId) = challenge(watcher, submit(liar, jobId, lie), truth);
        revealBoth(matchId, lie, truth);
        descend(matchId, lie, truth);
        descend(matchId, lie, truth);
        descend(matchId, lie, truth);
        snapshotGas("descend 4 levels, open 16 nodes");
        descend(matchId, lie, truth);
        snapshotGas("descendToLeaf, 4 levels, depth 9");
    }

    /// forge-config: default.isolate = true
    function test_gas_otherProofs() external {
        _proveLie(lyingTrace(0, 0), "proveInput");
        _proveLie(lyingTrace((TinyModel.STEP_COUNT + 1) << TinyModel.TENSOR_DEPTH, 0), "provePadding");
    }

    function _proveLie(Trace memory lie, string memory name) private {
        Trace memory truth = honestTrace();
        uint256 lieId = submit(liar, request(), lie);
        (, uint256 matchId) = challenge(watcher, lieId, truth);
        revealBoth(matchId, lie, truth);
        descendToLeaf(matchId, lie, truth);
        prove(matchId, lie, truth, truth);
        snapshotGas(name);
    }

    /// forge-config: default.isolate = true
    function test_gas_otherEnds() external {
        Trace memory truth = honestTrace();
        uint256 jobId = request();
        uint256 first = submit(worker, jobId, truth);
        (uint256 second,) = challenge(watcher, first, truth);
        (uint256 third, uint256 timed) = challenge(liar, first, lyingTrace());
        (uint256 fourth, uint256 needless) = challenge(stranger, first, truth);
        matches.openMatch(second, third);
        snapshotGas("openMatch");
        reveal(first, truth);
        reveal(second, truth);
        reveal(fourth, truth);
        settleSameTrace(needless);
        snapshotGas("settleSameTrace");
        vm.warp(block.timestamp + WINDOW + 1);
        matches.callTime(timed);
        snapshotGas("callTime");
        finalize(jobId, TinyModel.output(truth));
        snapshotGas("finalize, two agreeing claims");
        uint256 before = vm.snapshotState();
        Terms memory terms = termsOf(second);
        vm.prank(watcher);
        jobs.reclaimBond(second, terms);
        snapshotGas("reclaimBond, by the claimant");
        vm.revertToState(before);
        reclaimBond(second);
        snapshotGas("reclaimBond (first credit)");
    }

    /// forge-config: default.isolate = true
    function test_gas_walk() external {
        uint256 first = submit(worker, request(), honestTrace());
        for (uint256 i = 0; i < 49; ++i) {
            (uint256 dead,) = challenge(liar, first, lyingTrace());
            lose(dead);
        }
        (uint256 last,) = challenge(watcher, first, honestTrace());
        reveal(first, honestTrace());
        reveal(last, honestTrace());
        jobs.walkClaims(1, 50);
        snapshotGas("walkClaims, 50 claims");
    }
}
