// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ClaimStatus, IJobs, JobStatus, Parameters, Target} from "../../src/interfaces/IJobs.sol";
import {Ending, IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @title Whole games, each to one of its ends.
contract MatchesGamesTest is BaseTest {
    using Traces for Trace;

    uint256 private jobId;

    function setUp() public override {
        super.setUp();
        jobId = request();
    }

    /// @dev A liar submits, a watcher challenges, and the game is played to the proof.
    function _play(Trace memory lie) private returns (uint256 lieId, uint256 truthId, uint256 matchId) {
        Trace memory truth = honestTrace();
        lieId = submit(liar, jobId, lie);
        (truthId, matchId) = challenge(watcher, lieId, truth);
        playToProof(matchId, lie, truth);
        prove(matchId, lie, truth, truth);
    }

    function _assertLieFell(uint256 lieId, uint256 truthId, uint256 matchId) private {
        assertOver(matchId, Ending.Proof, 1);
        assertStatus(lieId, ClaimStatus.Lost);
        assertStatus(truthId, ClaimStatus.Live);
        _assertWon(truthId, BOND + FEE + BOND - BURN);
    }

    function test_wrongOutputLosesByProof() external {
        (uint256 lieId, uint256 truthId, uint256 matchId) = _play(lyingTrace());
        _assertLieFell(lieId, truthId, matchId);
    }

    /// @dev Any byte of any leaf: input, steps, the rest of a leaf, leaves beyond a tensor's end, slots that do not exist.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_anyWrongByteLosesByProof(uint256 leaf, uint256 at) external {
        leaf = bound(leaf, 0, (1 << TinyModel.DEPTH) - 1);
        // what comes after a posted output is zero: there is no lying about it
        if (leaf >> TinyModel.TENSOR_DEPTH == TinyModel.STEP_COUNT) {
            leaf = TinyModel.STEP_COUNT << TinyModel.TENSOR_DEPTH;
        }
        bool inOutput = leaf == TinyModel.STEP_COUNT << TinyModel.TENSOR_DEPTH;
        at = bound(at, 0, (inOutput ? 4 * TinyModel.OUTPUTS : Traces.LEAF_BYTES) - 1);
        (uint256 lieId, uint256 truthId, uint256 matchId) = _play(lyingTrace(leaf, at));
        assertEq(matches.getMatch(matchId).position, leaf);
        _assertLieFell(lieId, truthId, matchId);
    }

    // ---------------------------------------------------------------- silence

    /// @dev The watcher makes every move at once; the liar makes its first `moves` and then no more.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_silenceLoses(uint256 moves, bool liarIsFirst) external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(6, 77);
        moves = bound(moves, 0, 2); // each side opens or answers; the truth answers last, or the liar has to post its leaf
        (uint256 lieId, uint256 truthId, uint256 matchId) = _open(lie, truth, liarIsFirst);
        uint8 liarSide = liarIsFirst ? 0 : 1;
        (Trace memory trace0, Trace memory trace1) = liarIsFirst ? (lie, truth) : (truth, lie);
        reveal(truthId, truth);
        if (moves > 0) reveal(lieId, lie);
        for (uint256 liarMoves = 0; matches.getMatch(matchId).phase < Phase.Leaf;) {
            if (matches.getMatch(matchId).turn == liarSide && liarMoves++ == moves) break;
            descend(matchId, trace0, trace1);
        }
        Match memory game = matches.getMatch(matchId);
        if (game.phase == Phase.Leaf && game.turn != liarSide) postLeaf(matchId, trace0, trace1);
        if (matches.getMatch(matchId).phase == Phase.Proof) {
            prove(matchId, trace0, trace1, truth);
            assertOver(matchId, Ending.Proof, liarSide + 1);
            return;
        }
        vm.warp(block.timestamp + CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, matchId));
        matches.callTime(matchId);
        vm.warp(block.timestamp + 1);
        vm.prank(stranger);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, liarSide + 1);
        assertStatus(lieId, ClaimStatus.Lost);
        assertStatus(truthId, ClaimStatus.Live);
    }

    function _open(Trace memory lie, Trace memory truth, bool liarIsFirst)
        private
        returns (uint256 lieId, uint256 truthId, uint256 matchId)
    {
        if (liarIsFirst) {
            lieId = submit(liar, jobId, lie);
            (truthId, matchId) = challenge(watcher, lieId, truth);
        } else {
            truthId = submit(worker, jobId, truth);
            (lieId, matchId) = challenge(liar, truthId, lie);
        }
    }

    /// @dev The last second counts: a liar that uses all of its clock and an honest side that uses all of its own.
    function test_lastSecondMoves() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(6, 77);
        (uint256 lieId, uint256 truthId, uint256 matchId) = _open(lie, truth, true);
        revealBoth(matchId, lie, truth);
        vm.warp(block.timestamp + CLOCK);
        descend(matchId, lie, truth);
        vm.warp(block.timestamp + CLOCK);
        descend(matchId, lie, truth);
        Match memory game = matches.getMatch(matchId);
        assertEq(game.remainingSeconds[0], 0);
        assertEq(game.remainingSeconds[1], 0);
        descendToLeaf(matchId, lie, truth); // all in one second
        postLeaf(matchId, lie, truth);
        prove(matchId, lie, truth, truth);
        assertOver(matchId, Ending.Proof, 1);
        assertStatus(lieId, ClaimStatus.Lost);
        assertStatus(truthId, ClaimStatus.Live);
    }

    /// @dev Both sides may run their clocks down; two clocks after the opening the match is over.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_matchEndsWithinTwoClocks(uint256[8] memory waits) external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(6, 77);
        (uint256 lieId, uint256 truthId, uint256 matchId) = _open(lie, truth, true);
        uint256 deadline = block.timestamp + 2 * uint256(CLOCK);
        reveal(lieId, lie);
        reveal(truthId, truth);
        for (uint256 i = 0; i < waits.length; ++i) {
            vm.warp(block.timestamp + bound(waits[i], 0, uint256(CLOCK)));
            (bool timeOut,) = address(matches).call(abi.encodeCall(IMatches.callTime, (matchId)));
            if (timeOut) break;
            Phase phase = matches.getMatch(matchId).phase;
            if (phase < Phase.Leaf) descend(matchId, lie, truth);
            else if (phase == Phase.Leaf) postLeaf(matchId, lie, truth);
        }
        if (matches.getMatch(matchId).phase != Phase.Over) {
            vm.warp(deadline + 1);
            matches.callTime(matchId);
        }
        assertOver(matchId, Ending.Time, matches.getMatch(matchId).losers);
    }

    // ---------------------------------------------------------------- seals

    function test_unrevealableSealLosesByTime() external {
        Trace memory truth = honestTrace();
        uint256 lieId = submit(liar, jobId, truth, keccak256("nothing")); // even with the right output
        (uint256 truthId, uint256 matchId) = challenge(watcher, lieId, truth);
        reveal(truthId, truth);
        descend(matchId, truth, truth);
        vm.warp(block.timestamp + CLOCK + 1);
        matches.callTime(matchId);
        _assertWon(truthId, BOND + FEE + BOND - BURN);
    }

    /// @dev A claim copied from the mempool, seal and all, is worth nothing to the copier.
    function test_copiedSealLosesByTime() external {
        Trace memory truth = honestTrace();
        uint256 copyId = submit(liar, jobId, truth, sealOf(jobId, worker, truth.root()));
        (uint256 truthId, uint256 matchId) = challenge(worker, copyId, truth);
        reveal(truthId, truth);
        vm.expectPartialRevert(IMatches.Matches_SealMismatch.selector);
        reveal(copyId, truth);
        descend(matchId, truth, truth);
        vm.warp(block.timestamp + CLOCK + 1);
        matches.callTime(matchId);
        assertStatus(copyId, ClaimStatus.Lost);
        assertStatus(truthId, ClaimStatus.Live);
    }

    function _assertWon(uint256 truthId, uint256 creditWei) private {
        vm.warp(jobs.getJob(jobId).windowEndsAt + 1);
        finalize(jobId, truthId, postedOutput(honestTrace()));
        assertEq(jobs.getJob(jobId).firstClaim, truthId);
        assertEq(jobs.creditOf(jobs.getClaim(truthId).claimant), creditWei);
    }

    // ---------------------------------------------------------------- many claims

    /// @dev The worker is offline: whoever has the trace reveals and moves for its claim.
    function test_strangerDefendsACorrectClaim() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(9, 0);
        (uint256 lieId, uint256 truthId, uint256 matchId) = _open(lie, truth, false);
        vm.startPrank(stranger);
        playToProof(matchId, truth, lie);
        prove(matchId, truth, lie, truth);
        vm.stopPrank();
        assertStatus(lieId, ClaimStatus.Lost);
        _assertWon(truthId, BOND + FEE + BOND - BURN);
    }

    /// @dev One correct claim against many at once, in parallel, posted in the window's last second.
    function test_manyLiarsInParallel() external {
        Trace memory truth = honestTrace();
        uint256 truthId = submit(worker, jobId, truth);
        vm.warp(jobs.getJob(jobId).windowEndsAt);
        uint256 last = truthId;
        uint256[] memory matchIds = new uint256[](5);
        for (uint256 i = 0; i < 5; ++i) {
            // two of them challenge each other's claims only: the worker's side opens those matches itself
            (uint256 lieId, uint256 matchId) = challenge(liar, i % 2 == 0 ? truthId : last, lyingTrace(5 + i, i));
            matchIds[i] = i % 2 == 0 ? matchId : matches.openMatch(truthId, lieId);
            last = lieId;
        }
        reveal(truthId, truth);
        vm.warp(block.timestamp + 2 * uint256(CLOCK));
        for (uint256 i = 0; i < 5; ++i) {
            matches.callTime(matchIds[i]);
        }
        _assertWon(truthId, BOND + FEE + 5 * (BOND - BURN));
    }

    /// @dev Two watchers find the same lie: the earlier one wins, the later one has its bond back.
    function test_twoHonestChallengers() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        uint256 lieId = submit(liar, jobId, lie);
        (uint256 first, uint256 matchId) = challenge(watcher, lieId, truth);
        (uint256 second, uint256 idle) = challenge(stranger, lieId, truth);
        playToProof(matchId, lie, truth);
        prove(matchId, lie, truth, truth);
        vm.warp(block.timestamp + CLOCK + 1);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_ClaimNotLive.selector, lieId, ClaimStatus.Lost));
        matches.callTime(idle); // moot
        reveal(second, truth);
        _assertWon(first, BOND + FEE + BOND - BURN);
        reclaimBond(second);
        assertEq(jobs.creditOf(stranger), BOND);
    }

    /// @dev Playing against oneself costs the burned share and brings nothing that was not there.
    function test_selfPlayBurns() external {
        Trace memory lie = lyingTrace();
        Trace memory other = lyingTrace(0, 0);
        uint256 first = submit(liar, jobId, lie);
        (uint256 second, uint256 matchId) = challenge(liar, first, other);
        reveal(second, other);
        descend(matchId, lie, other);
        vm.warp(block.timestamp + CLOCK + 1);
        matches.callTime(matchId);
        vm.warp(jobs.getJob(jobId).windowEndsAt + 1);
        finalize(jobId, second, postedOutput(other));
        assertEq(jobs.creditOf(liar), 2 * BOND + FEE - BURN); // nobody watched
        assertEq(jobs.burnedWei(), BURN);
    }

    function test_bothLieAndTheJobIsVoid() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(4, 9);
        Trace memory other = TinyModel.unhashedTrace(INPUT_SEED);
        other.patch(4, 9, 0x02);
        other.rehash();
        uint256 first = submit(liar, jobId, lie);
        (, uint256 matchId) = challenge(liar, first, other);
        playToProof(matchId, lie, other);
        prove(matchId, lie, other, truth);
        assertOver(matchId, Ending.Proof, 3);
        vm.warp(block.timestamp + CLAIM_SECONDS + 1);
        finalize(jobId, "");
        assertJobStatus(jobId, JobStatus.Void);
        assertEq(jobs.creditOf(requester), FEE);
        assertEq(jobs.burnedWei(), 2 * BOND);
    }

    // ---------------------------------------------------------------- reorgs

    /// @dev The same moves in another history: another claim stands at the id, another match at its number.
    function test_reorg_movesDoNotFitAnotherHistory() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(6, 77);
        uint256 before = vm.snapshotState();
        (uint256 lieId,, uint256 matchId) = _open(lie, truth, true);
        Target memory target = targetOf(lieId);
        bytes memory move =
            abi.encodeCall(IMatches.descend, (matchId, 5, 0, lie.answer(truth, 0, 5, 0, 1), lie.children(4, 0, 4)));

        vm.revertToState(before);
        Trace memory otherLie = lyingTrace(20, 1);
        _open(otherLie, truth, true);
        bytes32 outputRoot = truth.slotRoot(4);
        vm.expectPartialRevert(IJobs.Jobs_OtherTerms.selector);
        jobs.challenge(target, 0, outputRoot, "");
        vm.expectPartialRevert(IMatches.Matches_SealMismatch.selector);
        reveal(lieId, lie);
        revealBoth(matchId, otherLie, truth);
        descend(matchId, otherLie, truth);
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        (bool reverted,) = address(matches).call(move);
        assertTrue(reverted);
    }
}

/// @title The same with an output that goes by its root: then its padding can be lied about too.
contract MatchesGamesByRootTest is BaseTest {
    using Traces for Trace;

    function testParameters() internal pure override returns (Parameters memory parameters) {
        parameters = super.testParameters();
        parameters.maxOutputBytes = 19;
    }

    function postedOutput(Trace memory) internal pure override returns (bytes memory) {
        return "";
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_anyWrongByteOfTheOutputSlotLoses(uint256 leaf, uint256 at, bool liarIsFirst) external {
        uint256 jobId = request();
        leaf = (TinyModel.STEP_COUNT << TinyModel.TENSOR_DEPTH) + bound(leaf, 0, 3);
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(leaf, bound(at, 0, Traces.LEAF_BYTES - 1));
        (Trace memory trace0, Trace memory trace1) = liarIsFirst ? (lie, truth) : (truth, lie);
        uint256 first = submit(liarIsFirst ? liar : worker, jobId, trace0);
        (uint256 second, uint256 matchId) = challenge(liarIsFirst ? worker : liar, first, trace1);
        playToProof(matchId, trace0, trace1);
        prove(matchId, trace0, trace1, truth);
        assertOver(matchId, Ending.Proof, liarIsFirst ? 1 : 2);
        vm.warp(block.timestamp + WINDOW + 1);
        finalize(jobId, liarIsFirst ? second : first, "");
        assertEq(jobs.getJob(jobId).firstClaim, liarIsFirst ? second : first);
        assertTrue(jobs.isOutput(jobId, TinyModel.output(truth)));
        assertEq(jobs.outputRootOf(jobId), truth.slotRoot(TinyModel.STEP_COUNT));
    }
}
