// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ClaimStatus, IJobs} from "../../src/interfaces/IJobs.sol";
import {Ending, IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @dev Cases in Matches.moves.tree. The first round of a trace of depth 5 goes down one level, the second four.
contract MatchesMovesTest is BaseTest {
    using Traces for Trace;

    bytes32[] private NONE;
    uint256 private jobId;
    uint256 private lieId;
    uint256 private truthId;
    uint256 private matchId;
    uint256 private openedAt;

    /// @dev A liar submitted, a watcher challenged 100 seconds later, nobody has revealed.
    function setUp() public override {
        super.setUp();
        jobId = request();
        lieId = submit(liar, jobId, lyingTrace());
        vm.warp(block.timestamp + 100);
        (truthId, matchId) = challenge(watcher, lieId, honestTrace());
        openedAt = block.timestamp;
    }

    function _lose(uint256 claimId) private {
        vm.prank(address(matches));
        jobs.loseClaim(claimId);
    }

    function _revealBoth() private {
        reveal(lieId, lyingTrace());
        reveal(truthId, honestTrace());
    }

    function _toLeaf() private {
        _revealBoth();
        descendToLeaf(matchId, lyingTrace(), honestTrace());
    }

    function _after(uint256 seconds_) private {
        vm.warp(openedAt + seconds_);
    }

    // ---------------------------------------------------------------- openMatch

    function test_openMatch_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_SameClaim.selector, lieId));
        matches.openMatch(lieId, lieId);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_UnknownClaim.selector, 99));
        matches.openMatch(lieId, 99);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_AlreadyMatched.selector, matchId));
        matches.openMatch(lieId, truthId);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_AlreadyMatched.selector, matchId));
        matches.openMatch(truthId, lieId);
        uint256 otherJobId = request();
        uint256 elsewhere = submit(liar, otherJobId, lyingTrace());
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_OtherJob.selector, jobId, otherJobId));
        matches.openMatch(elsewhere, truthId);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_OnlyJobs.selector, address(this)));
        matches.openChallenge(jobId, lieId, truthId);
    }

    function test_openMatch_notLive() external {
        (uint256 third,) = challenge(stranger, truthId, lyingTrace(1, 1));
        _lose(third);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClaimNotLive.selector, third));
        matches.openMatch(lieId, third);
        _lose(lieId);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClaimNotLive.selector, lieId));
        matches.openMatch(lieId, third);
    }

    function test_openMatch() external {
        (uint256 third,) = challenge(stranger, truthId, lyingTrace(1, 1));
        _after(7);
        vm.expectEmit(address(matches));
        emit IMatches.MatchOpened(3, jobId, lieId, third);
        vm.prank(requester);
        assertEq(matches.openMatch(third, lieId), 3);
        assertEq(matches.matchCount(), 3);
        assertEq(matches.matchOf(third, lieId), 3);
        Match memory expected;
        expected.claims = [uint64(lieId), uint64(third)];
        expected.phase = Phase.Reveal;
        expected.height = 5;
        expected.openedAt = uint40(block.timestamp);
        expected.clockStartedAt = uint40(block.timestamp);
        expected.remainingSeconds = [CLOCK, CLOCK];
        assertEq(abi.encode(matches.getMatch(3)), abi.encode(expected));
    }

    function test_openMatch_sameTrace() external {
        Trace memory truth = honestTrace();
        (uint256 third,) = challenge(worker, lieId, truth);
        reveal(third, truth);
        uint256 snapshot = vm.snapshotState();
        matches.openMatch(truthId, third); // one is not revealed yet: who knows
        vm.revertToState(snapshot);
        reveal(truthId, truth);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_SameTrace.selector, truthId, third));
        matches.openMatch(truthId, third);
    }

    // ---------------------------------------------------------------- clocks in Reveal

    function test_getMatch_unknown() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_UnknownMatch.selector, 2));
        matches.getMatch(2);
    }

    function test_reveal_clocks() external {
        _after(1000);
        reveal(truthId, honestTrace());
        Match memory game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Reveal));
        assertEq(game.remainingSeconds[0], CLOCK);
        assertEq(game.remainingSeconds[1], CLOCK - 1000);
        assertEq(game.clockStartedAt, openedAt);
        _after(5000);
        reveal(lieId, lyingTrace());
        _after(6000);
        game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Descend));
        assertEq(game.turn, 0);
        assertEq(game.height, 5);
        assertEq(game.position, 0);
        assertEq(game.remainingSeconds[0], CLOCK - 5000);
        assertEq(game.remainingSeconds[1], CLOCK - 1000);
        assertEq(game.clockStartedAt, openedAt + 5000);
        assertEq(game.nodes[0], lyingTrace().root());
        assertEq(game.nodes[1], honestTrace().root());
        descend(matchId, lyingTrace(), honestTrace());
        assertEq(matches.getMatch(matchId).remainingSeconds[0], CLOCK - 6000);
    }

    function test_reveal_beforeTheMatch() external {
        _revealBoth();
        (uint256 third,) = challenge(stranger, truthId, lyingTrace(1, 1));
        reveal(third, lyingTrace(1, 1));
        _after(500);
        uint256 late = matches.openMatch(lieId, third);
        Match memory game = matches.getMatch(late);
        assertEq(uint256(game.phase), uint256(Phase.Descend));
        assertEq(game.remainingSeconds[0], CLOCK);
        assertEq(game.remainingSeconds[1], CLOCK);
        assertEq(game.clockStartedAt, openedAt + 500);
    }

    function test_reveal_late() external {
        reveal(lieId, lyingTrace());
        _after(CLOCK + 1000);
        reveal(truthId, honestTrace());
        Match memory game = matches.getMatch(matchId);
        assertEq(game.remainingSeconds[0], CLOCK);
        assertEq(game.remainingSeconds[1], 0);
        assertEq(game.clockStartedAt, openedAt + CLOCK + 1000);
        descend(matchId, lyingTrace(), honestTrace());
        descend(matchId, lyingTrace(), honestTrace()); // in the same second
        vm.warp(block.timestamp + 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, matchId));
        matches.callTime(matchId); // side 0 is to move, and has time
        descend(matchId, lyingTrace(), honestTrace());
        vm.warp(block.timestamp + 1);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 2);
    }

    // ---------------------------------------------------------------- descend

    function test_descend_unknownOrOver() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_UnknownMatch.selector, 2));
        matches.descend(2, 5, 0, NONE, NONE);
        _after(CLOCK + 1);
        reveal(truthId, honestTrace());
        matches.callTime(matchId);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Over));
        matches.descend(matchId, 5, 0, NONE, NONE);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Over));
        matches.callTime(matchId);
    }

    function test_descend_notRevealed() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NotRevealed.selector, lieId));
        matches.descend(matchId, 5, 0, NONE, NONE);
        reveal(lieId, lyingTrace());
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NotRevealed.selector, truthId));
        matches.descend(matchId, 5, 0, NONE, NONE);
    }

    function test_moves_ofDeadClaims() external {
        _toLeaf();
        uint64 position = matches.getMatch(matchId).position;
        _lose(truthId);
        bytes memory notLive = abi.encodeWithSelector(IMatches.Matches_ClaimNotLive.selector, truthId);
        vm.expectRevert(notLive);
        matches.descend(matchId, 0, position, NONE, NONE);
        vm.expectRevert(notLive);
        matches.postLeaf(matchId, 0, position, "");
        vm.expectRevert(notLive);
        matches.callTime(matchId);
        vm.expectRevert(notLive);
        matches.settleSameTrace(matchId);
        bytes[2] memory leaves;
        vm.expectRevert(notLive);
        matches.provePadding(matchId, position, leaves);
        _lose(lieId);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClaimNotLive.selector, lieId));
        matches.callTime(matchId);
    }

    /// @dev What a reorg or a race may do: a move made for another state.
    function test_descend_otherState() external {
        _revealBoth();
        Trace memory lie = lyingTrace();
        bytes memory otherState = abi.encodeWithSelector(IMatches.Matches_OtherState.selector, 5, 0);
        vm.expectRevert(otherState);
        matches.descend(matchId, 4, 0, NONE, NONE);
        vm.expectRevert(otherState);
        matches.descend(matchId, 5, 1, NONE, NONE);
        bytes32[] memory children = lie.children(5, 0, 1);
        matches.descend(matchId, 5, 0, children, NONE);
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector); // the same move again: it is side 1's turn
        matches.descend(matchId, 5, 0, children, NONE);
        matches.descend(matchId, 5, 0, honestTrace().children(5, 0, 1), children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_OtherState.selector, 4, 1));
        matches.descend(matchId, 5, 0, children, NONE);
    }

    function test_descend_lengths() external {
        _revealBoth();
        Trace memory lie = lyingTrace();
        bytes32[] memory children = lie.children(5, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "children", 0, 2));
        matches.descend(matchId, 5, 0, NONE, NONE);
        bytes32[] memory grandchildren = lie.children(5, 0, 2);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "children", 4, 2));
        matches.descend(matchId, 5, 0, grandchildren, NONE);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "otherChildren", 2, 0));
        matches.descend(matchId, 5, 0, children, children);
        matches.descend(matchId, 5, 0, children, NONE);
        bytes32[] memory own = honestTrace().children(5, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "otherChildren", 4, 2));
        matches.descend(matchId, 5, 0, own, grandchildren);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "otherChildren", 0, 2));
        matches.descend(matchId, 5, 0, own, NONE);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_descend_flippedBit(uint256 bit, uint256 otherBit) external {
        _revealBoth();
        bit = bound(bit, 0, 2 * 256 - 1);
        otherBit = bound(otherBit, 0, 2 * 256 - 1);
        bytes32[] memory children = lyingTrace().children(5, 0, 1);
        bytes32[] memory flipped = lyingTrace().children(5, 0, 1);
        flipped[bit / 256] ^= bytes32(1 << (bit % 256));
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        matches.descend(matchId, 5, 0, flipped, NONE);
        matches.descend(matchId, 5, 0, children, NONE);

        bytes32[] memory own = honestTrace().children(5, 0, 1);
        vm.expectPartialRevert(IMatches.Matches_OpeningMismatch.selector);
        matches.descend(matchId, 5, 0, own, flipped);
        own[otherBit / 256] ^= bytes32(1 << (otherBit % 256));
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        matches.descend(matchId, 5, 0, own, children);
    }

    function test_descend_sameTrace() external {
        Trace memory truth = honestTrace();
        (uint256 copyId, uint256 needless) = challenge(stranger, truthId, truth);
        reveal(copyId, truth);
        reveal(truthId, truth);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_SameTrace.selector, truthId, copyId));
        matches.descend(needless, 5, 0, NONE, NONE);
        _after(3 * CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, needless));
        matches.callTime(needless);
    }

    function test_descend() external {
        _revealBoth();
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        _after(10);
        bytes32[] memory children0 = lie.children(5, 0, 1);
        vm.expectEmit(address(matches));
        emit IMatches.NodeOpened(matchId, 0, 5, 0, children0);
        vm.prank(stranger);
        matches.descend(matchId, 5, 0, children0, NONE);
        Match memory game = matches.getMatch(matchId);
        assertEq(game.turn, 1);
        assertEq(game.clockStartedAt, block.timestamp);
        assertEq(game.remainingSeconds[0], CLOCK - 10);

        _after(30);
        bytes32[] memory children1 = truth.children(5, 0, 1);
        vm.expectEmit(address(matches));
        emit IMatches.NodeOpened(matchId, 1, 5, 0, children1);
        vm.expectEmit(address(matches));
        emit IMatches.Descended(matchId, 4, 1, children0[1], children1[1]);
        matches.descend(matchId, 5, 0, children1, children0);
        game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Descend));
        assertEq(game.height, 4);
        assertEq(game.position, 1); // the lie is in slot 4
        assertEq(game.turn, 0);
        assertEq(game.remainingSeconds[1], CLOCK - 20);
        assertEq(game.nodes[0], children0[1]);
        assertEq(game.nodes[1], children1[1]);

        descend(matchId, lie, truth);
        descend(matchId, lie, truth);
        game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Leaf));
        assertEq(game.height, 0);
        assertEq(game.position, TinyModel.STEP_COUNT << TinyModel.TENSOR_DEPTH);
    }

    function test_descend_clock() external {
        _revealBoth();
        bytes32[] memory children0 = lyingTrace().children(5, 0, 1);
        bytes32[] memory children1 = honestTrace().children(5, 0, 1);
        _after(CLOCK + 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClockExpired.selector, 0));
        matches.descend(matchId, 5, 0, children0, NONE);
        _after(CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, matchId));
        matches.callTime(matchId);
        matches.descend(matchId, 5, 0, children0, NONE); // in the last second
        assertEq(matches.getMatch(matchId).remainingSeconds[0], 0);
        _after(2 * uint256(CLOCK) + 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClockExpired.selector, 1));
        matches.descend(matchId, 5, 0, children1, children0);
        _after(2 * uint256(CLOCK));
        matches.descend(matchId, 5, 0, children1, children0);
        vm.warp(block.timestamp + 1);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 1);
        assertStatus(lieId, ClaimStatus.Lost);
        assertStatus(truthId, ClaimStatus.Live);
    }

    // ---------------------------------------------------------------- postLeaf

    function test_postLeaf_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Reveal));
        matches.postLeaf(matchId, 0, 0, "");
        _toLeaf();
        uint64 position = matches.getMatch(matchId).position;
        bytes memory leaf = lyingTrace().leaves[position];
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_OtherState.selector, 0, position));
        matches.postLeaf(matchId, 0, position + 1, leaf);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoSuchSide.selector, 2));
        matches.postLeaf(matchId, 2, position, leaf);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "leaf", 255, 256));
        matches.postLeaf(matchId, 0, position, new bytes(255));
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        matches.postLeaf(matchId, 1, position, leaf);
        matches.postLeaf(matchId, 0, position, leaf);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_LeafAlreadyPosted.selector, 0));
        matches.postLeaf(matchId, 0, position, leaf);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Leaf));
        matches.descend(matchId, 0, position, NONE, NONE);
    }

    function test_postLeaf() external {
        _toLeaf();
        Trace memory truth = honestTrace();
        uint64 position = matches.getMatch(matchId).position;
        _after(100);
        vm.expectEmit(address(matches));
        emit IMatches.LeafPosted(matchId, 1, truth.leaves[position]);
        vm.prank(stranger);
        matches.postLeaf(matchId, 1, position, truth.leaves[position]);
        Match memory game = matches.getMatch(matchId);
        assertEq(game.leafPosted, 2);
        assertEq(game.remainingSeconds[1], CLOCK - 100);
        assertEq(game.clockStartedAt, openedAt);
        _after(300);
        postLeaf(matchId, 0, lyingTrace());
        game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Proof));
        assertEq(game.remainingSeconds[0], CLOCK - 300);
        assertEq(game.remainingSeconds[1], CLOCK - 100);
        assertEq(game.clockStartedAt, openedAt + 300);
    }

    function test_postLeaf_clock() external {
        _toLeaf();
        uint64 position = matches.getMatch(matchId).position;
        bytes memory leaf = honestTrace().leaves[position];
        _after(CLOCK + 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClockExpired.selector, 1));
        matches.postLeaf(matchId, 1, position, leaf);
        _after(CLOCK);
        matches.postLeaf(matchId, 1, position, leaf);
    }

    // ---------------------------------------------------------------- callTime

    function test_callTime_unknown() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_UnknownMatch.selector, 2));
        matches.callTime(2);
    }

    function test_callTime_inReveal() external {
        _after(CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, matchId));
        matches.callTime(matchId);
        _after(CLOCK + 1);
        uint256 snapshot = vm.snapshotState();
        vm.expectEmit(address(matches));
        emit IMatches.MatchEnded(matchId, Ending.Time, 3);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 3);
        assertStatus(lieId, ClaimStatus.Lost);
        assertStatus(truthId, ClaimStatus.Lost);
        assertEq(jobs.burnedWei(), 2 * BURN);
        vm.revertToState(snapshot);
        reveal(truthId, honestTrace());
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 1);
        vm.revertToState(snapshot);
        reveal(lieId, lyingTrace()); // the clock does not care who is right
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 2);
    }

    function test_callTime_inDescend() external {
        _revealBoth();
        _after(100);
        descend(matchId, lyingTrace(), honestTrace());
        _after(100 + uint256(CLOCK) + 1);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 2);
    }

    function test_callTime_inLeaf() external {
        _toLeaf();
        _after(CLOCK + 1);
        uint256 snapshot = vm.snapshotState();
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 3);
        vm.revertToState(snapshot);
        _after(CLOCK);
        postLeaf(matchId, 1, honestTrace());
        _after(CLOCK + 1);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 1);
    }

    function test_callTime_inProof() external {
        _revealBoth();
        _after(50);
        descend(matchId, lyingTrace(), honestTrace()); // side 0 has used 50 seconds
        descendToLeaf(matchId, lyingTrace(), honestTrace());
        postLeaf(matchId, 0, lyingTrace());
        postLeaf(matchId, 1, honestTrace());
        _after(CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, matchId));
        matches.callTime(matchId);
        _after(uint256(CLOCK) + 1);
        uint256 snapshot = vm.snapshotState();
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 1);
        vm.revertToState(snapshot);
        _after(50 + uint256(CLOCK) + 1);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 3);
    }

    // ---------------------------------------------------------------- settleSameTrace

    function test_settleSameTrace_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NotRevealed.selector, lieId));
        matches.settleSameTrace(matchId);
        reveal(lieId, lyingTrace());
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NotRevealed.selector, truthId));
        matches.settleSameTrace(matchId);
        reveal(truthId, honestTrace());
        vm.expectPartialRevert(IMatches.Matches_OtherTrace.selector);
        matches.settleSameTrace(matchId);
        descend(matchId, lyingTrace(), honestTrace());
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Descend));
        matches.settleSameTrace(matchId);
    }

    function test_settleSameTrace_needlessChallenge() external {
        Trace memory truth = honestTrace();
        (uint256 copyId, uint256 needless) = challenge(stranger, truthId, truth);
        reveal(copyId, truth);
        reveal(truthId, truth);
        vm.expectEmit(address(matches));
        emit IMatches.MatchEnded(needless, Ending.SameTrace, 0);
        vm.expectEmit(address(jobs));
        emit IJobs.ClaimClosed(jobId, copyId, BURN, BOND - BURN);
        matches.settleSameTrace(needless);
        assertOver(needless, Ending.SameTrace, 0);
        assertStatus(copyId, ClaimStatus.Closed);
        assertStatus(truthId, ClaimStatus.Live);
        assertEq(jobs.creditOf(stranger), BOND - BURN);
        assertEq(jobs.agreeing(jobId, truth.root()), 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, needless, Phase.Over));
        matches.settleSameTrace(needless);
    }

    function test_settleSameTrace_twoChallengers() external {
        Trace memory truth = honestTrace();
        (uint256 third,) = challenge(worker, lieId, truth);
        uint256 idle = matches.openMatch(truthId, third);
        reveal(third, truth);
        reveal(truthId, truth);
        matches.settleSameTrace(idle);
        assertOver(idle, Ending.SameTrace, 0);
        assertStatus(truthId, ClaimStatus.Live);
        assertStatus(third, ClaimStatus.Live);
        assertEq(jobs.burnedWei(), 0);
    }
}
