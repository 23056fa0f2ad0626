// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test, console} from "forge-std/Test.sol";
import {IInputs} from "../../src/interfaces/IInputs.sol";
import {Claim, ClaimStatus, IJobs, Job, JobStatus} from "../../src/interfaces/IJobs.sol";
import {IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {Deployment} from "../../src/Deployment.sol";
import {GameHandler} from "./GameHandler.sol";

/// @dev The invariants in words, with their numbers: README.md.
contract GameInvariantTest is Test {
    GameHandler private handler;
    IJobs private jobs;
    IMatches private matches;
    IInputs private inputs;
    uint256 private constant BOND = 0.05 ether;
    uint256 private constant CLOCK = 6 hours;

    function setUp() external {
        handler = new GameHandler();
        handler.setUp();
        Deployment deployment = handler.theDeployment();
        (jobs, matches, inputs) = (deployment.jobs(), deployment.matches(), deployment.inputs());
        handler.requestJob(false);
        handler.requestJob(true);
        bytes4[] memory selectors = new bytes4[](24);
        selectors[0] = GameHandler.requestJob.selector;
        selectors[1] = GameHandler.postFirstClaim.selector;
        selectors[2] = GameHandler.postFirstClaim.selector;
        selectors[3] = GameHandler.postChallenge.selector;
        selectors[4] = GameHandler.postChallenge.selector;
        selectors[5] = GameHandler.revealClaim.selector;
        selectors[6] = GameHandler.moveForSide.selector;
        selectors[7] = GameHandler.moveGarbage.selector;
        selectors[8] = GameHandler.openMatch.selector;
        selectors[9] = GameHandler.callTime.selector;
        selectors[10] = GameHandler.settleSameTrace.selector;
        selectors[11] = GameHandler.finalize.selector;
        selectors[12] = GameHandler.skipDeadClaims.selector;
        selectors[13] = GameHandler.reclaimBond.selector;
        selectors[14] = GameHandler.withdraw.selector;
        selectors[15] = GameHandler.demand.selector;
        selectors[16] = GameHandler.giveUp.selector;
        selectors[17] = GameHandler.wait_.selector;
        for (uint256 i = 18; i < 23; ++i) {
            selectors[i] = GameHandler.wait_.selector;
        }
        selectors[23] = GameHandler.finalize.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    /// forge-config: default.invariant.runs = 24
    /// forge-config: default.invariant.depth = 60
    function invariant_all() external view {
        _checkMoney();
        require(handler.count("reclaimed") == 0, "REACHED");
        for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
            _checkJob(jobId);
        }
        for (uint256 claimId = 1; claimId <= jobs.claimCount(); ++claimId) {
            _checkClaim(claimId);
        }
        for (uint256 matchId = 1; matchId <= matches.matchCount(); ++matchId) {
            _checkMatch(matchId);
        }
    }

    function afterInvariant() external view {
        string[10] memory whats = [
            "challenged",
            "proved",
            "time called",
            "time called by a liar",
            "same trace",
            "final",
            "void",
            "reclaimed",
            "demanded",
            "given up"
        ];
        for (uint256 i = 0; i < whats.length; ++i) {
            console.log(whats[i], handler.count(bytes32(bytes(whats[i]))));
        }
    }

    function _checkMoney() private view {
        uint256 owedWei = jobs.burnedWei();
        uint256 outsideWei = 0;
        for (uint256 i = 0; i < 5; ++i) {
            owedWei += jobs.creditOf(handler.actors(i));
            outsideWei += handler.actors(i).balance;
        }
        for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
            Job memory job = jobs.getJob(jobId);
            owedWei += BOND * job.liveClaims;
            if (job.status == JobStatus.Open) owedWei += job.feeWei + job.potWei;
        }
        assertEq(address(jobs).balance, owedWei, "1: what Jobs owes");
        assertEq(address(inputs).balance, handler.stakesWei(), "2: what Inputs owes");
        assertEq(
            outsideWei + address(jobs).balance + address(inputs).balance,
            handler.moneyWei(),
            "3: no wei is made or lost"
        );
    }

    function _checkJob(uint256 jobId) private view {
        Job memory job = jobs.getJob(jobId);
        uint256 live = 0;
        uint256 finals = 0;
        uint256 revealedTruths = 0;
        bytes32 truth = handler.traceRoot(0);
        for (uint256 claimId = 1; claimId <= jobs.claimCount(); ++claimId) {
            Claim memory claim = jobs.getClaim(claimId);
            if (claim.jobId != jobId) continue;
            if (claim.status == ClaimStatus.Final) ++finals;
            if (claim.status != ClaimStatus.Live) continue;
            ++live;
            assertGe(claimId, job.firstClaim, "7: firstClaim is not after a live claim");
            if (claim.traceRoot == truth) ++revealedTruths;
        }
        assertEq(job.liveClaims, live, "6: live claims are counted");
        if (job.status == JobStatus.Open) {
            assertEq(jobs.agreeing(jobId, truth), revealedTruths, "6: agreeing claims are counted");
        }
        assertEq(finals, job.status == JobStatus.Final ? 1 : 0, "4: one final claim in a Final job, none elsewhere");
        if (job.status != JobStatus.Final) return;
        assertTrue(handler.isCorrect(job.winner), "5: only a correct claim becomes final");
        assertEq(jobs.outputRootOf(jobId), handler.trueOutputRoot(), "5: only the correct output becomes final");
    }

    function _checkClaim(uint256 claimId) private view {
        Claim memory claim = jobs.getClaim(claimId);
        if (handler.isCorrect(claimId)) {
            assertTrue(claim.status != ClaimStatus.Lost, "8: a correct claim that is played for never loses");
        }
        if (claim.claimant == handler.actors(2)) {
            assertTrue(
                handler.isCorrect(claimId) && claim.status != ClaimStatus.Lost, "8: the honest player never loses"
            );
        }
    }

    function _checkMatch(uint256 matchId) private view {
        Match memory game = matches.getMatch(matchId);
        assertLt(game.claims[0], game.claims[1], "9: side 0 is the earlier claim");
        if (game.phase == Phase.Over) return;
        (bool live0, bool live1) = jobs.areLive(game.claims[0], game.claims[1]);
        bool isPlayed = handler.isCorrect(game.claims[0]) != handler.isCorrect(game.claims[1]);
        Job memory job = jobs.getJob(jobs.getClaim(game.claims[0]).jobId);
        if (live0 && live1 && isPlayed && job.status == JobStatus.Open) {
            assertLe(
                block.timestamp, game.openedAt + 2 * CLOCK, "10: a match that is played for ends within two clocks"
            );
        }
    }
}
