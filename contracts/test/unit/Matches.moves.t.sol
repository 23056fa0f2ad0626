// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Multicallable} from "solady/utils/Multicallable.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {ClaimStatus, IJobs, Terms} from "../../src/interfaces/IJobs.sol";
import {Answer, Ending, IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {Merkle} from "../../src/libraries/Merkle.sol";
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

    function _revealBoth() private {
        revealBoth(matchId, lyingTrace(), honestTrace());
    }

    function _descend() private {
        descend(matchId, lyingTrace(), honestTrace());
    }

    function _toLeaf() private {
        _revealBoth();
        descendToLeaf(matchId, lyingTrace(), honestTrace());
    }

    function _after(uint256 seconds_) private {
        vm.warp(openedAt + seconds_);
    }

    /// @dev The liar's answer to the opened root, and the nodes it opens then: the first difference is node 1 of height 4.
    function _firstAnswer() private pure returns (Answer memory, bytes32[] memory) {
        Trace memory lie = lyingTrace();
        return (lie.answer(honestTrace(), 0, 5, 0, 1), lie.children(4, 1, 4));
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
        matches.openChallenge(jobId, lieId, truthId, 5);
    }

    function test_openMatch_notLive() external {
        (uint256 third,) = challenge(stranger, truthId, lyingTrace(1, 1));
        lose(third);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClaimNotLive.selector, third));
        matches.openMatch(lieId, third);
        lose(lieId);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClaimNotLive.selector, lieId));
        matches.openMatch(lieId, third);
    }

    function test_openMatch() external {
        (uint256 third,) = challenge(stranger, truthId, lyingTrace(1, 1));
        _after(7);
        vm.expectEmit(address(matches));
        emit IMatches.MatchOpened(matchIdOf(lieId, third), jobId, lieId, third);
        vm.prank(requester);
        uint256 opened = matches.openMatch(third, lieId);
        assertEq(opened, matchIdOf(lieId, third));
        assertEq(matches.matchOf(third, lieId), opened);
        Match memory expected;
        expected.claims = [SafeCastLib.toUint64(lieId), SafeCastLib.toUint64(third)];
        expected.phase = Phase.Open;
        expected.height = 5;
        expected.turn = 1;
        expected.openedAt = uint40(block.timestamp);
        expected.clockStartedAt = uint40(block.timestamp);
        expected.remainingSeconds = [CLOCK, CLOCK];
        assertEq(abi.encode(matches.getMatch(opened)), abi.encode(expected));
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

    function test_getMatch_unknown() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_UnknownMatch.selector, 2));
        matches.getMatch(2);
        assertEq(matches.matchOf(lieId, 99), 0);
    }

    // ---------------------------------------------------------------- open

    function test_open_refused() external {
        Trace memory truth = honestTrace();
        bytes32[] memory children = truth.children(5, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_UnknownMatch.selector, 2));
        matches.open(2, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NotRevealed.selector, truthId));
        matches.open(matchId, children);
        reveal(truthId, truth);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "children", 0, 2));
        matches.open(matchId, NONE);
        bytes32[] memory grandchildren = truth.children(5, 0, 2);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "children", 4, 2));
        matches.open(matchId, grandchildren);
        bytes32[] memory lies = lyingTrace().children(5, 0, 1);
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        matches.open(matchId, lies);
        matches.open(matchId, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Descend));
        matches.open(matchId, children);
    }

    function test_open() external {
        Trace memory truth = honestTrace();
        reveal(truthId, truth);
        bytes32[] memory children = truth.children(5, 0, 1);
        _after(10);
        vm.expectEmit(address(matches));
        emit IMatches.NodeOpened(matchId, 1, 5, 0, children);
        vm.prank(stranger);
        matches.open(matchId, children);
        Match memory game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Descend));
        assertEq(game.turn, 0);
        assertEq(game.height, 5);
        assertEq(game.position, 0);
        assertEq(game.nodesHash, 0);
        assertEq(game.remainingSeconds[0], CLOCK);
        assertEq(game.remainingSeconds[1], CLOCK - 10);
        assertEq(game.clockStartedAt, block.timestamp);
    }

    function test_open_clock() external {
        reveal(truthId, honestTrace());
        bytes32[] memory children = honestTrace().children(5, 0, 1);
        _after(CLOCK + 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClockExpired.selector, 1));
        matches.open(matchId, children);
        _after(CLOCK);
        matches.open(matchId, children); // in the last second
        assertEq(matches.getMatch(matchId).remainingSeconds[1], 0);
    }

    /// @dev A claim reveals once, for all its matches; the reveal and the move go in one transaction.
    function test_open_withTheReveal() external {
        Trace memory truth = honestTrace();
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IMatches.reveal, (truthId, termsOf(truthId), truth.root(), truth.slotProof(4)));
        calls[1] = abi.encodeCall(IMatches.open, (matchId, truth.children(5, 0, 1)));
        vm.prank(stranger);
        Multicallable(address(matches)).multicall(calls);
        assertPhase(matchId, Phase.Descend);
        (uint256 third, uint256 otherId) = challenge(stranger, truthId, lyingTrace(1, 1));
        reveal(third, lyingTrace(1, 1));
        descend(otherId, truth, lyingTrace(1, 1));
        descend(otherId, truth, lyingTrace(1, 1));
        assertPhase(otherId, Phase.Descend);
    }

    // ---------------------------------------------------------------- descend

    function test_descend_unknownOrOver() external {
        (Answer memory answer, bytes32[] memory children) = _firstAnswer();
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_UnknownMatch.selector, 2));
        matches.descend(2, 5, 0, answer, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Open));
        matches.descend(matchId, 5, 0, answer, children);
        _after(CLOCK + 1);
        matches.callTime(matchId);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Over));
        matches.descend(matchId, 5, 0, answer, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Over));
        matches.callTime(matchId);
    }

    function test_descend_notRevealed() external {
        reveal(truthId, honestTrace());
        _descend();
        (Answer memory answer, bytes32[] memory children) = _firstAnswer();
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NotRevealed.selector, lieId));
        matches.descend(matchId, 5, 0, answer, children);
    }

    /// @dev Moves of a moot match change nothing; endings revert.
    function test_endings_ofDeadClaims() external {
        _toLeaf();
        uint64 position = matches.getMatch(matchId).position;
        StepProof memory proof = proofOf(matchId, lyingTrace(), honestTrace());
        lose(truthId);
        bytes memory notLive = abi.encodeWithSelector(IJobs.Jobs_ClaimNotLive.selector, truthId, ClaimStatus.Lost);
        vm.expectRevert(notLive);
        proveStep(proof);
        _after(CLOCK + 1);
        vm.expectRevert(notLive);
        matches.callTime(matchId);
        _after(0);
        postLeaf(matchId, lyingTrace(), honestTrace());
        assertEq(matches.getMatch(matchId).position, position);
        lose(lieId);
        _after(CLOCK + 1);
        vm.expectPartialRevert(IJobs.Jobs_ClaimNotLive.selector);
        matches.callTime(matchId);
    }

    /// @dev What a reorg or a race may do: a move made for another state.
    function test_descend_otherState() external {
        _revealBoth();
        _descend();
        (Answer memory answer, bytes32[] memory children) = _firstAnswer();
        bytes memory otherState = abi.encodeWithSelector(IMatches.Matches_OtherState.selector, 5, 0);
        vm.expectRevert(otherState);
        matches.descend(matchId, 9, 0, answer, new bytes32[](16));
        vm.expectRevert(otherState);
        matches.descend(matchId, 5, 1, answer, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongRound.selector, 4));
        matches.descend(matchId, 4, 0, answer, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongRound.selector, 0));
        matches.descend(matchId, 0, 0, answer, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongRound.selector, 5));
        matches.descendToLeaf(matchId, 5, 0, answer, ""); // four levels above the leaves
        matches.descend(matchId, 5, 0, answer, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_OtherState.selector, 4, 1));
        matches.descend(matchId, 5, 0, answer, children);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongRound.selector, 4));
        matches.descend(matchId, 4, 1, answer, children); // what is left is the leaf
    }

    function test_descend_lengths() external {
        _revealBoth();
        _descend();
        (Answer memory answer, bytes32[] memory children) = _firstAnswer();
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "children", 0, 16));
        matches.descend(matchId, 5, 0, answer, NONE);
        answer.siblings = new bytes32[](2);
        vm.expectRevert(abi.encodeWithSelector(Merkle.Merkle_WrongSiblings.selector, 2, 1));
        matches.descend(matchId, 5, 0, answer, children);
        answer.index = 2;
        vm.expectRevert(abi.encodeWithSelector(Merkle.Merkle_IndexOutOfRange.selector, 2, 1));
        matches.descend(matchId, 5, 0, answer, children);
    }

    /// @dev Any bit of an answer or of the children.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_descend_flippedBit(uint256 bit) external {
        _revealBoth();
        _descend();
        (Answer memory answer, bytes32[] memory children) = _firstAnswer();
        bit = bound(bit, 0, 18 * 256 - 1);
        bytes32 flip = bytes32(1 << (bit % 256));
        if (bit / 256 == 16) answer.otherNode ^= flip;
        else if (bit / 256 == 17) answer.siblings[0] ^= flip;
        else children[bit / 256] ^= flip;
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        matches.descend(matchId, 5, 0, answer, children);
    }

    /// @dev Traces that differ in two places: the first one is the answer, and no other is taken.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_descend_onlyTheFirstDifference(uint256 leaf, uint256 claimed) external {
        leaf = bound(leaf, 1, 14);
        claimed = bound(claimed, 0, 15);
        vm.assume(claimed != leaf);
        Trace memory truth = honestTrace();
        Trace memory lie = TinyModel.unhashedTrace(INPUT_SEED);
        lie.patch(leaf, 0, 0x01);
        lie.patch(15, 0, 0x01);
        lie.patch(20, 0, 0x01); // in the other half
        lie.rehash();
        uint256 otherJob = request();
        (, uint256 id) = challenge(watcher, submit(liar, otherJob, lie), truth);
        revealBoth(id, lie, truth);
        descend(id, lie, truth);
        descend(id, lie, truth);
        assertEq(matches.getMatch(id).position, 0);
        Answer memory answer = Answer(claimed, lie.levels[0][claimed], lie.bothProofs(truth, 4, claimed, 4));
        vm.expectRevert(); // a difference on the left, or none at all
        matches.descendToLeaf(id, 4, 0, answer, truth.leaves[claimed]);
        descend(id, lie, truth);
        assertEq(matches.getMatch(id).position, leaf);
    }

    function test_descend_noDifference() external {
        _revealBoth();
        _descend();
        Trace memory lie = lyingTrace();
        Trace memory truth = honestTrace();
        Answer memory answer = Answer(0, truth.levels[4][0], lie.bothProofs(truth, 5, 0, 1));
        bytes32[] memory children = lie.children(4, 0, 4);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoDifference.selector, 0));
        matches.descend(matchId, 5, 0, answer, children);
    }

    function test_descend_sameTrace() external {
        Trace memory truth = honestTrace();
        (uint256 copyId, uint256 needless) = challenge(stranger, truthId, truth);
        revealBoth(needless, truth, truth);
        descend(needless, truth, truth);
        _after(3 * CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_SameTrace.selector, truthId, copyId));
        matches.callTime(needless); // there is nothing that side 0 could answer
    }

    function test_descend() external {
        _revealBoth();
        _descend();
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        _after(30);
        (Answer memory answer, bytes32[] memory children) = _firstAnswer();
        vm.expectEmit(address(matches));
        emit IMatches.NodeOpened(matchId, 0, 4, 1, children);
        vm.prank(stranger);
        matches.descend(matchId, 5, 0, answer, children);
        Match memory game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Descend));
        assertEq(game.height, 4);
        assertEq(game.position, 1); // the lie is in slot 4
        assertEq(game.turn, 1);
        assertEq(game.remainingSeconds[0], CLOCK - 30);
        assertEq(game.nodesHash, keccak256(abi.encode(lie.levels[4][1], truth.levels[4][1])));
        assertEq(game.clockStartedAt, block.timestamp);
    }

    function test_descend_clock() external {
        _revealBoth();
        _descend();
        (Answer memory answer, bytes32[] memory children) = _firstAnswer();
        _after(CLOCK + 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClockExpired.selector, 0));
        matches.descend(matchId, 5, 0, answer, children);
        _after(CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, matchId));
        matches.callTime(matchId);
        matches.descend(matchId, 5, 0, answer, children); // in the last second
        assertEq(matches.getMatch(matchId).remainingSeconds[0], 0);
        assertEq(matches.getMatch(matchId).remainingSeconds[1], CLOCK);
    }

    // ---------------------------------------------------------------- descendToLeaf, postLeaf

    function test_descendToLeaf() external {
        _revealBoth();
        _descend();
        _descend();
        Trace memory lie = lyingTrace();
        Trace memory truth = honestTrace();
        Answer memory answer = lie.answer(truth, 1, 4, 1, 4);
        uint64 position = uint64(TinyModel.STEP_COUNT << TinyModel.TENSOR_DEPTH);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "leaf", 255, 256));
        matches.descendToLeaf(matchId, 4, 1, answer, new bytes(255));
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        matches.descendToLeaf(matchId, 4, 1, answer, truth.leaves[position + 1]);
        _after(40);
        vm.expectEmit(address(matches));
        emit IMatches.LeafPosted(matchId, 1, position, truth.leaves[position]);
        vm.prank(stranger);
        matches.descendToLeaf(matchId, 4, 1, answer, truth.leaves[position]);
        Match memory game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Leaf));
        assertEq(game.height, 0);
        assertEq(game.position, position);
        assertEq(game.turn, 0);
        assertEq(game.remainingSeconds[1], CLOCK - 40);
    }

    function test_postLeaf_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Open));
        matches.postLeaf(matchId, 0, 0, "");
        _toLeaf();
        uint64 position = matches.getMatch(matchId).position;
        bytes memory leaf = lyingTrace().leaves[position];
        bytes32 other = honestTrace().levels[0][position];
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_OtherState.selector, 0, position));
        matches.postLeaf(matchId, position + 1, other, leaf);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "leaf", 255, 256));
        matches.postLeaf(matchId, position, other, new bytes(255));
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        matches.postLeaf(matchId, position, bytes32(uint256(other) ^ 1), leaf);
        bytes memory wrong = bytes.concat(leaf);
        wrong[255] ^= 0x01;
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        matches.postLeaf(matchId, position, other, wrong);
        matches.postLeaf(matchId, position, other, leaf);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Proof));
        matches.postLeaf(matchId, position, other, leaf);
    }

    function test_postLeaf() external {
        _toLeaf();
        Trace memory lie = lyingTrace();
        Trace memory truth = honestTrace();
        uint64 position = matches.getMatch(matchId).position;
        _after(100);
        vm.expectEmit(address(matches));
        emit IMatches.LeafPosted(matchId, 0, position, lie.leaves[position]);
        vm.prank(stranger);
        matches.postLeaf(matchId, position, truth.levels[0][position], lie.leaves[position]);
        Match memory game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Proof));
        assertEq(game.remainingSeconds[0], CLOCK - 100);
        assertEq(game.remainingSeconds[1], CLOCK);
        assertEq(game.clockStartedAt, openedAt + 100);
    }

    function test_postLeaf_clock() external {
        _toLeaf();
        Trace memory lie = lyingTrace();
        uint64 position = matches.getMatch(matchId).position;
        bytes32 other = honestTrace().levels[0][position];
        _after(CLOCK + 1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClockExpired.selector, 0));
        matches.postLeaf(matchId, position, other, lie.leaves[position]);
        _after(CLOCK);
        matches.postLeaf(matchId, position, other, lie.leaves[position]);
    }

    // ---------------------------------------------------------------- callTime

    function test_callTime_unknown() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_UnknownMatch.selector, 2));
        matches.callTime(2);
    }

    /// @dev Revealing is not a move: it is the opening that stops the clock.
    function test_callTime_inOpen() external {
        _after(CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, matchId));
        matches.callTime(matchId);
        reveal(truthId, honestTrace());
        _after(CLOCK + 1);
        vm.expectEmit(address(matches));
        emit IMatches.MatchEnded(matchId, Ending.Time, 2);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 2);
        assertStatus(lieId, ClaimStatus.Live);
        assertStatus(truthId, ClaimStatus.Lost);
        assertEq(jobs.burnedWei(), BURN);
    }

    function test_callTime_inDescend() external {
        _revealBoth();
        _after(100);
        _descend();
        _after(100 + uint256(CLOCK) + 1);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 1);
        assertStatus(lieId, ClaimStatus.Lost);
        assertStatus(truthId, ClaimStatus.Live);
    }

    function test_callTime_inLeaf() external {
        _toLeaf();
        _after(CLOCK + 1);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 1);
    }

    function test_callTime_inProof() external {
        _revealBoth();
        _after(50);
        _descend(); // side 1 has used 50 seconds
        descendToLeaf(matchId, lyingTrace(), honestTrace());
        postLeaf(matchId, lyingTrace(), honestTrace());
        _after(CLOCK);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, matchId));
        matches.callTime(matchId);
        _after(uint256(CLOCK) + 1);
        uint256 snapshot = vm.snapshotState();
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 2);
        vm.revertToState(snapshot);
        _after(50 + uint256(CLOCK) + 1);
        matches.callTime(matchId);
        assertOver(matchId, Ending.Time, 3);
    }

    // ---------------------------------------------------------------- settleSameTrace

    function test_settleSameTrace_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NotRevealed.selector, lieId));
        settleSameTrace(matchId);
        reveal(lieId, lyingTrace());
        vm.expectPartialRevert(IMatches.Matches_OtherTrace.selector);
        settleSameTrace(matchId);
        reveal(truthId, honestTrace());
        vm.expectPartialRevert(IMatches.Matches_OtherTrace.selector);
        settleSameTrace(matchId);
    }

    function test_settleSameTrace_needlessChallenge() external {
        Trace memory truth = honestTrace();
        (uint256 copyId, uint256 needless) = challenge(stranger, truthId, truth);
        revealBoth(needless, truth, truth);
        Terms memory hidden = termsOf(copyId);
        hidden.target = lieId;
        vm.expectPartialRevert(IJobs.Jobs_OtherTerms.selector);
        matches.settleSameTrace(needless, hidden);
        vm.expectEmit(address(matches));
        emit IMatches.MatchEnded(needless, Ending.SameTrace, 0);
        vm.expectEmit(address(jobs));
        emit IJobs.ClaimClosed(jobId, copyId, BURN, BOND - BURN);
        settleSameTrace(needless);
        assertOver(needless, Ending.SameTrace, 0);
        assertStatus(copyId, ClaimStatus.Closed);
        assertStatus(truthId, ClaimStatus.Live);
        assertEq(jobs.creditOf(stranger), BOND - BURN);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, needless, Phase.Over));
        settleSameTrace(needless);
    }

    function test_settleSameTrace_twoChallengers() external {
        Trace memory truth = honestTrace();
        (uint256 third,) = challenge(worker, lieId, truth);
        uint256 idle = matches.openMatch(truthId, third);
        revealBoth(idle, truth, truth);
        settleSameTrace(idle);
        assertOver(idle, Ending.SameTrace, 0);
        assertStatus(truthId, ClaimStatus.Live);
        assertStatus(third, ClaimStatus.Live);
        assertEq(jobs.burnedWei(), 0);
    }
}
