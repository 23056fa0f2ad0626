// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {console} from "forge-std/Test.sol";
import {IMatches, Match} from "../../src/interfaces/IMatches.sol";
import {IModelRegistry, Model, Provenance} from "../../src/interfaces/IModelRegistry.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @title What each transaction costs, intrinsic gas and calldata included, with a ceiling so that a change shows.
/// @notice Nonzero bytes throughout (hashes); 20 bytes of output. `forge test --match-contract GasTest -vv` prints the table.
contract GasTest is BaseTest {
    using Traces for Trace;

    function _log(string memory name, uint256 ceiling) private view {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        console.log("%s %d", name, gas);
        assertLe(gas, ceiling, name);
    }

    /// forge-config: default.isolate = true
    function test_gas_undisputed() external {
        registry.register(TinyModel.model(), Provenance(keccak256("a"), keccak256("b"), "ipfs://0123456789"));
        _log("register (known)", 50_000);
        Model memory other = TinyModel.model();
        other.layoutHash = keccak256("other");
        registry.register(other, Provenance(keccak256("a"), keccak256("b"), "ipfs://0123456789"));
        _log("register (new)", 140_000);
        request();
        _log("request, 300 bytes, first of all", 220_000);
        uint256 jobId = request();
        _log("request, 300 bytes", 205_000);
        Trace memory truth = honestTrace();
        submit(worker, 1, truth);
        submit(watcher, jobId, truth);
        _log("submit", 98_000);
        vm.warp(block.timestamp + WINDOW + 1);
        bytes memory output = TinyModel.output(truth);
        finalize(1, output);
        finalize(jobId, output);
        _log("finalize (first credit)", 79_000);
        vm.prank(watcher);
        jobs.withdraw();
        _log("withdraw", 40_000);
        jobId = request();
        submit(worker, jobId, truth);
        vm.warp(block.timestamp + WINDOW + 1);
        finalize(jobId, output);
        _log("finalize (claimant has credit)", 62_000);
    }

    /// forge-config: default.isolate = true
    function test_gas_match() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        uint256 jobId = request();
        uint256 lieId = submit(liar, jobId, lie);
        (uint256 truthId, uint256 matchId) = challenge(watcher, lieId, truth);
        _log("challenge", 137_000);
        reveal(truthId, truth);
        _log("reveal", 66_000);
        descend(matchId, lie, truth);
        _log("open, 2 children", 41_000);
        reveal(lieId, lie);
        _log("reveal", 66_000);
        descend(matchId, lie, truth);
        _log("descend 1, open 16", 84_000);
        descend(matchId, lie, truth);
        _log("descend 4, leaf", 55_000);
        uint256 before = vm.snapshotState();
        postLeaf(matchId, lie, truth);
        _log("postLeaf", 43_000);
        vm.revertToState(before);
        prove(matchId, lie, truth, truth);
        _log("proveStep, one leaf read", 152_000);
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
        _log("openMatch", 72_000);
        reveal(first, truth);
        reveal(second, truth);
        reveal(fourth, truth);
        settleSameTrace(needless);
        _log("settleSameTrace", 92_000);
        vm.warp(block.timestamp + WINDOW + 1);
        matches.callTime(timed);
        _log("callTime", 72_000);
        finalize(jobId, TinyModel.output(truth));
        _log("finalize, two agreeing claims", 96_000);
        reclaimBond(second);
        _log("reclaimBond", 79_000);
    }
}
