// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Claim, ClaimStatus, Job, JobStatus} from "../../src/interfaces/IJobs.sol";
import {Match, Phase} from "../../src/interfaces/IMatches.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {GameRules, Players} from "./Players.sol";

/// @title The honest player: one bond a job, the correct trace, and a habit of doing things late.
/// @notice It challenges when no correct claim is live, opens every match of a correct claim, moves for correct claims whoever
/// posted them, calls time, posts demanded inputs and ends jobs. What must be done by a certain second it does at a random
/// moment before, often in that very second. None of its calls may ever revert: nothing here is tried, everything is done.
abstract contract HonestPlayer is Players {
    /// @notice The earliest last second of something that it has put off; 0 when it has nothing to do.
    uint256 internal nextDue;

    /// @param until When it will look at the chain again: what is due before, it does now.
    function honestTurn(uint256 seed, uint256 until) internal {
        nextDue = 0;
        for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
            if (!GameRules.isWatched(jobId)) continue;
            Job memory job = jobs.getJob(jobId);
            if (job.status != JobStatus.Open) continue;
            if (job.byRoot) {
                if (_attendDemand(jobId, seed, until)) continue;
                job = jobs.getJob(jobId);
            }
            if (job.liveClaims != 0) _attendClaims(jobId, job, seed, until);
            if (block.timestamp > job.claimBy) _attendEnd(jobId);
        }
    }

    /// @notice The last second in which a watched job may still be open.
    function endsBy(uint256 jobId) public view returns (uint256) {
        Job memory job = jobs.getJob(jobId);
        if (inputs.isOutstanding(jobId)) return inputs.demandOf(jobId).demandedAt + 5 hours;
        return job.liveClaims == 0 ? job.claimBy : job.windowEndsAt + 2 * uint256(CLOCK);
    }

    /// @dev Whether to do now what must be done by `by`: some things at random while there is time, others never before the last
    /// look at the chain.
    function _isTime(uint256 seed, uint256 id, uint256 by, uint256 until) private returns (bool) {
        if (until > by) {
            if (block.timestamp == by) note("in the last second");
            return true;
        }
        uint256 draw = uint256(keccak256(abi.encode(seed, id)));
        if (id % 2 == 0 && draw % 4 == 0) return true;
        if (nextDue == 0 || by < nextDue) nextDue = by;
        return false;
    }

    /// @return isEnded There was a demand that nobody could meet, and the job is Void now.
    function _attendDemand(uint256 jobId, uint256 seed, uint256 until) private returns (bool isEnded) {
        if (!inputs.isOutstanding(jobId)) return false;
        uint256 deadline = endsBy(jobId);
        if (block.timestamp > deadline) {
            inputs.giveUp(jobId);
            did("give up");
            return true;
        }
        if (!isInputLost(jobId) && _isTime(seed, jobId, deadline, until)) {
            vm.prank(watcher);
            inputs.post(jobId, 0, TinyModel.input(INPUT_SEED), new bytes32[](0));
            did("post input");
            sawWindowBegin(jobId, 3 hours);
        }
    }

    /// @dev Nobody has the input of such a job, the honest player neither.
    function isInputLost(uint256 jobId) internal view virtual returns (bool);

    function _attendClaims(uint256 jobId, Job memory job, uint256 seed, uint256 until) private {
        uint256[] memory live = _live(job);
        bool hasCorrect = false;
        for (uint256 i = 0; i < live.length; ++i) {
            hasCorrect = hasCorrect || isCorrect(live[i]);
        }
        if (!hasCorrect) {
            if (block.timestamp > job.windowEndsAt || !_isTime(seed, jobId, job.windowEndsAt, until)) return;
            (uint256 claimId, uint256 matchId) = challenge(watcher, live[0], traceOf(0));
            did("honest challenge");
            sawMatchBegin(matchId);
            facts[claimId] = Fact(0, true);
            live = liveClaims(jobId);
        }
        for (uint256 i = 0; i < live.length; ++i) {
            if (isCorrect(live[i])) _defend(live[i], live, job.windowEndsAt, seed, until);
        }
    }

    /// @dev Against every wrong claim a match; beside another correct one it only has to be revealed.
    function _defend(uint256 claimId, uint256[] memory live, uint256 windowEndsAt, uint256 seed, uint256 until)
        private
    {
        if (live.length > 1 && matches.traceRootOf(claimId) == 0 && _isTime(seed, claimId, windowEndsAt, until)) {
            reveal(claimId, traceOf(0));
            did("reveal");
        }
        for (uint256 i = 0; i < live.length; ++i) {
            if (isCorrect(live[i]) || jobs.getClaim(live[i]).status != ClaimStatus.Live) continue;
            uint256 matchId = matches.matchOf(claimId, live[i]);
            if (matchId == 0) {
                matchId = matches.openMatch(claimId, live[i]);
                did("open match");
                sawMatchBegin(matchId);
            }
            _play(matchId, claimId < live[i] ? 0 : 1, seed, until);
        }
    }

    function _play(uint256 matchId, uint8 side, uint256 seed, uint256 until) private {
        Match memory game = gameOf(matchId);
        while (isToMove(game, side) && _isTime(seed, matchId, lastSecond(game, side), until)) {
            move(matchId, game, side);
            game = gameOf(matchId);
        }
        uint8 other = 1 - side;
        if (game.phase != Phase.Over && isToMove(game, other) && block.timestamp > lastSecond(game, other)) {
            callTime(matchId);
        }
    }

    function _attendEnd(uint256 jobId) private {
        if (block.timestamp <= endsBy(jobId) || inputs.isOutstanding(jobId)) return;
        uint256[] memory live = liveClaims(jobId);
        if (live.length == 0) finalize(jobId, 0, "");
        else finalize(jobId, live[0], TinyModel.output(traceOf(0)));
        if (live.length == 0) did("void");
        else did("final");
    }

    /// @notice The live claims of a job, by its list.
    function liveClaims(uint256 jobId) internal view returns (uint256[] memory) {
        return _live(jobs.getJob(jobId));
    }

    function _live(Job memory job) private view returns (uint256[] memory live) {
        live = new uint256[](job.liveClaims);
        uint256 claimId = job.firstClaim;
        for (uint256 found = 0; found < live.length;) {
            Claim memory claim = jobs.getClaim(claimId);
            if (claim.status == ClaimStatus.Live) live[found++] = claimId;
            claimId = claim.next;
        }
    }
}
