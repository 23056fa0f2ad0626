// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BaseTest} from "../helpers/BaseTest.sol";

/// @title What a call costs does not depend on how many claims, matches and dead claims there are.
/// @notice The one exception is {IJobs-finalize}, which walks past dead and agreeing claims; {IJobs-walkClaims} does that walk in parts.
contract GasBoundsTest is BaseTest {
    uint256 private constant CROWD = 120;
    /// @dev A storage slot that is written for the first time.
    uint256 private constant SLACK = 25_000;

    function _gas() private view returns (uint256) {
        return vm.lastCallGas().gasTotalUsed;
    }

    /// @dev One correct claim against a crowd of seals that open to nothing, all challenging the first of them.
    /// @return costs The dearest challenge, opening, reveal, call of time, 50 dead claims walked past, the end, and an opening.
    function _costs(uint256 liars) private returns (uint256[7] memory costs) {
        uint256 jobId = request();
        uint256[] memory matchIds = new uint256[](liars);
        uint256 firstId = submit(liar, jobId, lyingTrace());
        for (uint256 i = 1; i < liars; ++i) {
            challenge(liar, firstId, lyingTrace(), bytes32(i));
            costs[0] = _most(costs[0]);
        }
        uint256 truthId;
        (truthId, matchIds[0]) = challenge(watcher, firstId, honestTrace());
        costs[0] = _most(costs[0]);
        for (uint256 i = 1; i < liars; ++i) {
            matchIds[i] = matches.openMatch(firstId + i, truthId);
            costs[1] = _most(costs[1]);
        }
        reveal(truthId, honestTrace());
        costs[2] = _gas();
        for (uint256 i = 0; i < liars; ++i) {
            descend(matchIds[i], honestTrace(), honestTrace()); // only the opening of side 1, which is the later claim
            costs[6] = _most(costs[6]);
        }
        vm.warp(block.timestamp + WINDOW + 1);
        for (uint256 i = 0; i < liars; ++i) {
            matches.callTime(matchIds[i]);
            costs[3] = _most(costs[3]);
        }
        while (jobs.getJob(jobId).firstClaim != truthId) {
            jobs.walkClaims(jobId, 50);
            costs[4] = _most(costs[4]);
        }
        finalize(jobId, truthId, postedOutput(honestTrace()));
        costs[5] = _gas();
        assertEq(jobs.getJob(jobId).firstClaim, truthId);
    }

    function _most(uint256 before) private view returns (uint256) {
        uint256 gas = _gas();
        return gas > before ? gas : before;
    }

    function test_callsDoNotGetDearerInACrowd() external {
        uint256 start = vm.snapshotState();
        uint256[7] memory few = _costs(3);
        vm.revertToState(start);
        uint256[7] memory many = _costs(CROWD);
        string[7] memory names = ["challenge", "openMatch", "reveal", "callTime", "walkClaims", "finalize", "open"];
        for (uint256 i = 0; i < names.length; ++i) {
            emit log_named_uint(names[i], many[i]);
            // walking past fifty is a constant too, but a larger one than past three
            uint256 allowed = i == 4 ? 50 * 3_000 : few[i] + SLACK;
            assertLe(many[i], allowed, names[i]);
        }
    }
}
