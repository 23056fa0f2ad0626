// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IJobs} from "../../src/interfaces/IJobs.sol";
import {IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {IRefunds} from "../../src/interfaces/IRefunds.sol";
import {Refunds} from "../../src/Refunds.sol";
import {Vm} from "forge-std/Vm.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {HelpingStranger} from "../helpers/HelpingStranger.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @dev Cases in Refunds.tree. Side 0 is right and gone, side 1 lies.
contract RefundsTest is BaseTest {
    using Traces for Trace;

    uint256 private constant PRICE = 10 gwei;

    HelpingStranger private _helper;
    uint256 private _jobId;
    uint256 private _truthId;
    uint256 private _lieId;
    uint256 private _matchId;
    bytes[] private _calls;

    function setUp() public override {
        super.setUp();
        vm.fee(PRICE);
        _helper = new HelpingStranger(matches, refunds);
        _jobId = request();
        _truthId = submit(worker, _jobId, honestTrace());
        (_lieId, _matchId) = challenge(liar, _truthId, lyingTrace());
    }

    /// @dev The next move, by the liar itself or by the helper for the honest side.
    function _move() private {
        bool helps = matches.getMatch(_matchId).turn == 0;
        IMatches real = matches;
        if (helps) matches = IMatches(address(_helper));
        descend(_matchId, honestTrace(), lyingTrace());
        matches = real;
    }

    function _toLeaf() private {
        revealBoth(_matchId, honestTrace(), lyingTrace());
        while (matches.getMatch(_matchId).phase < Phase.Leaf) _move();
    }

    function _proveByHelper() private {
        IMatches real = matches;
        matches = IMatches(address(_helper));
        prove(_matchId, honestTrace(), lyingTrace(), honestTrace());
        matches = real;
    }

    function _end() private {
        vm.warp(jobs.getJob(_jobId).windowEndsAt + 1);
        finalize(_jobId, TinyModel.output(honestTrace()));
    }

    function _callTime() private view returns (bytes[] memory calls) {
        calls = new bytes[](1);
        calls[0] = abi.encodeCall(IMatches.callTime, (_matchId));
    }

    function _owed() private view returns (uint256) {
        return refunds.owedWei(_matchId, 0, address(_helper));
    }

    // ---------------------------------------------------------------- assist

    function test_assist_refused() external {
        bytes[] memory calls = new bytes[](1);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_UnknownMatch.selector, 7));
        refunds.assist(7, calls);
        calls = _callTime();
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoClockExpired.selector, _matchId));
        refunds.assist(_matchId, calls);
        vm.expectRevert(abi.encodeWithSelector(IRefunds.Refunds_NoMove.selector, _matchId));
        refunds.assist(_matchId, new bytes[](0));
        vm.warp(block.timestamp + CLOCK + 1);
        refunds.assist(_matchId, calls);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, _matchId, Phase.Over));
        refunds.assist(_matchId, calls);
        vm.expectRevert(abi.encodeWithSelector(IRefunds.Refunds_NoMove.selector, _matchId));
        refunds.assist(_matchId, new bytes[](0));
    }

    function test_assist_aMoveForEachSide() external {
        Trace memory lie = lyingTrace();
        revealBoth(_matchId, honestTrace(), lie);
        _calls.push(abi.encodeCall(IMatches.open, (_matchId, lie.children(5, 0, 1))));
        refunds.assist(_matchId, _calls);
        assertGt(refunds.promisedWei(_matchId, 1), 0);
        // both sides' next moves in one call: as much for one as for the other
        Trace memory truth = honestTrace();
        delete _calls;
        _calls.push(
            abi.encodeCall(IMatches.descend, (_matchId, 5, 0, truth.answer(lie, 0, 5, 0, 1), truth.children(4, 1, 4)))
        );
        uint64 position = uint64(TinyModel.STEP_COUNT << TinyModel.TENSOR_DEPTH);
        _calls.push(
            abi.encodeCall(
                IMatches.descendToLeaf, (_matchId, 4, 1, truth.answer(lie, 1, 4, 1, 4), lie.leaves[position])
            )
        );
        vm.expectRevert(abi.encodeWithSelector(IRefunds.Refunds_NoMove.selector, _matchId));
        refunds.assist(_matchId, _calls);
    }

    function test_assist_bothLose() external {
        _toLeaf();
        postLeaf(_matchId, honestTrace(), lyingTrace());
        vm.warp(block.timestamp + CLOCK + 1);
        bytes[] memory calls = _callTime();
        vm.expectRevert(abi.encodeWithSelector(IRefunds.Refunds_NoMove.selector, _matchId));
        refunds.assist(_matchId, calls);
    }

    function test_assist_atTheBaseFee() external {
        revealBoth(_matchId, honestTrace(), lyingTrace());
        _move();
        vm.recordLogs();
        _move();
        uint256 gasUsed = _assistedGas();
        assertEq(_owed(), gasUsed * PRICE);
        assertEq(refunds.promisedWei(_matchId, 0), gasUsed * PRICE);
        _move();
        vm.fee(25 gwei); // 20 are paid back
        _proveByHelper();
        assertEq(_owed(), gasUsed * PRICE + _assistedGas() * 20 gwei);
        assertEq(refunds.promisedWei(_matchId, 0), _owed());
    }

    function _assistedGas() private returns (uint256 gasUsed) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IRefunds.Assisted.selector) {
                (gasUsed,) = abi.decode(logs[i].data, (uint256, uint256));
            }
        }
    }

    function test_assist_aWastefulMove() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        revealBoth(_matchId, truth, lie);
        _move();
        for (uint256 i = 0; i < 300; ++i) {
            _calls.push(abi.encodeCall(IMatches.getMatch, (_matchId)));
        }
        _calls.push(
            abi.encodeCall(IMatches.descend, (_matchId, 5, 0, truth.answer(lie, 0, 5, 0, 1), truth.children(4, 1, 4)))
        );
        refunds.assist(_matchId, _calls);
        assertEq(refunds.owedWei(_matchId, 0, address(this)), 250_000 * PRICE);
        assertEq(Refunds(address(refunds)).MOVE_GAS(), 250_000);
    }

    function test_assist_upToTheBurnedShare() external {
        revealBoth(_matchId, honestTrace(), lyingTrace());
        vm.fee(20 gwei);
        _move();
        _move();
        _move();
        uint256 owed = _owed();
        for (uint256 i = 0; i < 1_000; ++i) {
            _calls.push(abi.encodeCall(IMatches.getMatch, (_matchId)));
        }
        _pushProof();
        refunds.assist(_matchId, _calls);
        assertEq(refunds.promisedWei(_matchId, 0), BURN);
        assertEq(refunds.owedWei(_matchId, 0, address(this)), BURN - owed);
    }

    function _pushProof() private {
        StepProof memory proof = proofOf(_matchId, honestTrace(), lyingTrace());
        _calls.push(
            abi.encodeCall(
                IMatches.proveStep,
                (
                    proof.matchId,
                    proof.position,
                    proof.leaves,
                    proof.step,
                    proof.stepProof,
                    proof.side,
                    proof.traceOpening,
                    proof.constantsOpening
                )
            )
        );
    }

    function test_assist_withoutABaseFee() external {
        vm.fee(0);
        revealBoth(_matchId, honestTrace(), lyingTrace());
        _move();
        _move();
        assertEq(_owed(), 0);
        vm.expectRevert(abi.encodeWithSelector(IRefunds.Refunds_NothingOwed.selector, _matchId, 0, address(_helper)));
        refunds.collect(_matchId, 0, address(_helper));
    }

    // ---------------------------------------------------------------- collect

    function test_collect() external {
        _toLeaf();
        _proveByHelper();
        uint256 owed = _owed();
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_NotWonAgainst.selector, _truthId, _lieId));
        refunds.collect(_matchId, 0, address(_helper));
        _end();
        assertEq(jobs.burnedWei(), BURN);
        vm.expectEmit(address(refunds));
        emit IRefunds.Collected(_matchId, 0, address(_helper), owed);
        refunds.collect(_matchId, 0, address(_helper));
        assertEq(jobs.creditOf(address(_helper)), owed);
        assertEq(jobs.burnedWei(), BURN - owed);
        vm.expectRevert(abi.encodeWithSelector(IRefunds.Refunds_NothingOwed.selector, _matchId, 0, address(_helper)));
        refunds.collect(_matchId, 0, address(_helper));
        vm.prank(address(_helper));
        jobs.withdraw();
        assertEq(address(_helper).balance, owed);
    }

    /// @dev Whoever helped the liar gets nothing, even where the liar itself does not win.
    function test_collect_ofTheLosingSide() external {
        revealBoth(_matchId, honestTrace(), lyingTrace());
        _calls.push(abi.encodeCall(IMatches.open, (_matchId, lyingTrace().children(5, 0, 1))));
        refunds.assist(_matchId, _calls);
        _toLeaf();
        _proveByHelper();
        _end();
        assertGt(refunds.owedWei(_matchId, 1, address(this)), 0);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_NotWonAgainst.selector, _lieId, _truthId));
        refunds.collect(_matchId, 1, address(this));
    }

    /// @dev The liar has an accomplice beat it, so that this match never ends.
    function test_collect_whenTheLoserLostToSomebodyElse() external {
        revealBoth(_matchId, honestTrace(), lyingTrace());
        _move();
        _move();
        lose(_lieId);
        assertPhase(_matchId, Phase.Descend);
        _end();
        uint256 owed = _owed();
        refunds.collect(_matchId, 0, address(_helper));
        assertEq(jobs.creditOf(address(_helper)), owed);
    }

    function test_refund_onlyRefunds() external {
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_OnlyRefunds.selector, address(this)));
        jobs.refund(_truthId, _lieId, address(this), 1);
    }
}
