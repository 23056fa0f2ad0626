// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {LibString} from "solady/utils/LibString.sol";

import {IInputs} from "../../src/interfaces/IInputs.sol";
import {Claim, ClaimStatus, IJobs, Job, JobStatus} from "../../src/interfaces/IJobs.sol";
import {IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {Deployment} from "../../src/Deployment.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {GameHandler} from "./GameHandler.sol";
import {GameRules, Players} from "./Players.sol";
import {Referee} from "./Referee.sol";
import {Tally} from "./Tally.sol";

/// @dev The invariants in words, with their numbers: README.md.
contract GameInvariantTest is Test {
    GameHandler private handler;
    IJobs private jobs;
    IMatches private matches;
    IInputs private inputs;
    bytes32 private trueOutput;
    address[6] private actors;
    address private watcher;
    uint256 private moneyWei;
    uint256 private constant BOND = 0.05 ether;
    uint256 private constant STAKE = 0.02 ether;
    uint256 private constant CLOCK = 6 hours;

    function setUp() external {
        handler = new GameHandler();
        handler.setUp();
        Deployment deployment = handler.theDeployment();
        (jobs, matches, inputs) = (deployment.jobs(), deployment.matches(), deployment.inputs());
        trueOutput = handler.outputOfTruth();
        for (uint256 i = 0; i < actors.length; ++i) {
            actors[i] = handler.actors(i);
        }
        watcher = actors[2];
        moneyWei = handler.moneyWei();
        targetContract(address(handler));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = GameHandler.act.selector;
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_game() external view {
        _check();
    }

    /// @dev Ends a run: whatever state it left, everyone gets out what is theirs and nothing else.
    function afterInvariant() external {
        _leave();
        Tally.write(handler);
    }

    /// @notice The run that the seeds 0, 1, 2, ... make reaches every kind of move and ending, so the invariants speak of all.
    function test_everyKindIsReached() external {
        vm.pauseGasMetering();
        uint256 start = vm.snapshotState();
        uint256[] memory counts = new uint256[](Tally.names().length);
        for (uint256 run = 0; run < 40; ++run) {
            for (uint256 i = 0; i < 60; ++i) {
                handler.act(run * 1000 + i);
                _check();
            }
            _leave();
            for (uint256 i = 0; i < counts.length; ++i) {
                counts[i] += handler.tally(Tally.names()[i]);
            }
            vm.revertToState(start);
        }
        for (uint256 i = 0; i < counts.length; ++i) {
            assertGt(counts[i], 0, LibString.fromSmallString(Tally.names()[i]));
        }
    }

    // ---------------------------------------------------------------- at any time

    /// @dev Everything once: the claims and which of them are correct.
    struct Board {
        Claim[] claims;
        bytes32[] traceRoots;
        bool[] isCorrect;
    }

    function _check() private view {
        Board memory board;
        board.claims = new Claim[](jobs.claimCount() + 1);
        board.traceRoots = new bytes32[](board.claims.length);
        board.isCorrect = handler.correctness();
        for (uint256 claimId = 1; claimId < board.claims.length; ++claimId) {
            board.claims[claimId] = jobs.getClaim(claimId);
            bytes32 traceRoot = matches.traceRootOf(claimId);
            assertTrue(
                traceRoot == 0 || traceRoot == handler.sealedRootOf(claimId), "14: a claim reveals what it sealed"
            );
            board.traceRoots[claimId] = traceRoot;
        }
        uint256 owedWei = jobs.burnedWei();
        uint256 stakesWei = 0;
        for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
            Job memory job = jobs.getJob(jobId);
            owedWei += BOND * job.liveClaims;
            if (job.status == JobStatus.Open) {
                owedWei += job.feeWei + job.lostClaims * (BOND - BOND / 5);
                if (inputs.isOutstanding(jobId)) stakesWei += STAKE; // one chunk: nothing is paid before it is complete
            }
            _checkClaims(jobId, job, board);
            _checkEnd(jobId, job, board);
        }
        _checkMoney(owedWei, stakesWei);
    }

    function _checkMoney(uint256 owedWei, uint256 stakesWei) private view {
        uint256 outsideWei = 0;
        for (uint256 i = 0; i < actors.length; ++i) {
            owedWei += jobs.creditOf(actors[i]);
            outsideWei += actors[i].balance;
        }
        assertEq(address(jobs).balance, owedWei, "1: what Jobs owes");
        assertEq(address(inputs).balance, stakesWei, "2: what Inputs owes");
        assertEq(outsideWei + address(jobs).balance + address(inputs).balance, moneyWei, "3: no wei made or lost");
    }

    /// @dev Walks the job's list, and counts its claims without it.
    function _checkClaims(uint256 jobId, Job memory job, Board memory board) private view {
        uint256 live = 0;
        uint256 listed = 0;
        uint256 finals = 0;
        for (uint256 claimId = 1; claimId < board.claims.length; ++claimId) {
            Claim memory claim = board.claims[claimId];
            if (claim.jobId != jobId) continue;
            if (claim.status == ClaimStatus.Final) {
                ++finals;
                assertEq(
                    claim.commitment, handler.saidOutputRootOf(claimId), "4: the final output is what its claim said"
                );
            }
            if (claim.status == ClaimStatus.Live) ++live;
            if (claim.status == ClaimStatus.Lost && board.isCorrect[claimId]) {
                assertFalse(GameRules.isWatched(jobId), "8: a correct claim that is played for lost");
            }
            assertTrue(claim.status != ClaimStatus.Lost || claim.claimant != watcher, "8: the honest player lost");
        }
        for (uint256 claimId = job.firstClaim; claimId != 0; claimId = board.claims[claimId].next) {
            assertEq(board.claims[claimId].jobId, jobId, "7: the list leaves its job");
            if (board.claims[claimId].status == ClaimStatus.Live) ++listed;
        }
        assertEq(job.liveClaims, live, "6: live claims are counted");
        assertEq(listed, live, "7: every live claim is in the list");
        assertEq(finals, job.status == JobStatus.Final ? 1 : 0, "4: one final claim in a Final job, none elsewhere");
        if (job.status == JobStatus.Final) {
            assertFalse(inputs.isOutstanding(jobId), "4: final, and its input is demanded");
        }
        if (job.status != JobStatus.Open) return;
        _checkAgreement(job, board);
        _checkClocks(jobId, job, board);
    }

    /// @dev Against what the referee has counted: the window, and of every match that can end its turn, its clocks and its place.
    function _checkClocks(uint256 jobId, Job memory job, Board memory board) private view {
        if (job.firstClaim != 0) assertEq(job.windowEndsAt, handler.windowEndOf(jobId), "10: a window was moved");
        for (uint256 a = job.firstClaim; a != 0; a = board.claims[a].next) {
            if (board.claims[a].status != ClaimStatus.Live) continue;
            for (uint256 b = board.claims[a].next; b != 0; b = board.claims[b].next) {
                if (board.claims[b].status != ClaimStatus.Live) continue;
                uint256 matchId = matches.matchOf(a, b);
                if (matchId != 0) _checkStanding(matches.getMatch(matchId), handler.clocksOf(matchId));
            }
        }
    }

    function _checkStanding(Match memory game, Referee.Clocks memory clocks) private view {
        if (game.phase == Phase.Over) return;
        assertEq(game.clockStartedAt, clocks.runsSince, "14: since when clocks run");
        for (uint256 side = 0; side < 2; ++side) {
            assertEq(game.remainingSeconds[side], CLOCK - clocks.usedSeconds[side], "14: what a side has left");
        }
        if (game.phase != Phase.Proof) assertEq(game.turn, 1 - clocks.moves % 2, "14: whose turn it is");
        if (game.height == TinyModel.DEPTH) {
            assertEq(game.nodesHash, 0, "14: a match begins at the roots");
            return;
        }
        Players.Place memory place = handler.placeOf(game.claims[0], game.claims[1], game.height);
        assertEq(game.position, place.position, "14: a match stands at the first difference");
        assertEq(game.nodesHash, place.nodesHash, "14: a match stands at both sides' own nodes");
    }

    /// @dev Up to where the contract has walked, no two live claims disagree.
    function _checkAgreement(Job memory job, Board memory board) private pure {
        uint256 first = 0;
        for (uint256 claimId = job.firstClaim; claimId != 0 && claimId <= job.agreedUpTo;) {
            if (board.claims[claimId].status == ClaimStatus.Live) {
                if (first == 0) first = claimId;
                bool agrees = claimId == first
                    || (board.traceRoots[first] != 0 && board.traceRoots[claimId] == board.traceRoots[first]);
                assertTrue(agrees, "6: what was walked past agrees");
            }
            claimId = board.claims[claimId].next;
        }
    }

    /// @dev What only a watched job promises.
    function _checkEnd(uint256 jobId, Job memory job, Board memory board) private view {
        if (!GameRules.isWatched(jobId)) return;
        if (job.status == JobStatus.Final) {
            assertTrue(board.isCorrect[job.firstClaim], "5: only a correct claim becomes final");
            assertEq(jobs.outputRootOf(jobId), trueOutput, "5: only the correct output becomes final");
        }
        if (job.status != JobStatus.Open) return;
        assertLe(block.timestamp, handler.endsBy(jobId), "10: a job ends in time");
        for (uint256 a = job.firstClaim; a != 0; a = board.claims[a].next) {
            for (uint256 b = board.claims[a].next; b != 0; b = board.claims[b].next) {
                if (board.isCorrect[a] == board.isCorrect[b]) continue;
                if (board.claims[a].status == ClaimStatus.Live && board.claims[b].status == ClaimStatus.Live) {
                    _checkMatch(a, b);
                }
            }
        }
    }

    /// @dev Two live claims, one of them correct.
    function _checkMatch(uint256 a, uint256 b) private view {
        uint256 matchId = matches.matchOf(a, b);
        assertGt(matchId, 0, "9: a correct claim has a match with every wrong one");
        Match memory game = matches.getMatch(matchId);
        assertTrue(game.claims[0] == a && game.claims[1] == b, "9: side 0 is the earlier claim");
        assertTrue(game.phase != Phase.Over, "9: a match that is over leaves one of them dead");
        assertLe(block.timestamp, game.openedAt + 2 * CLOCK, "10: a match ends within two clocks");
    }

    // ---------------------------------------------------------------- at the end

    function _leave() private {
        handler.windUp();
        _check();
        for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
            assertTrue(jobs.getJob(jobId).status != JobStatus.Open, "13: a job cannot be ended");
            assertEq(jobs.getJob(jobId).liveClaims, 0, "13: a bond cannot be reclaimed");
        }
        assertEq(address(jobs).balance, jobs.burnedWei(), "13: what is left is what was burned");
        assertEq(address(inputs).balance, 0, "13: a stake is stuck");
    }
}
