// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IConsumer} from "../../src/interfaces/IConsumer.sol";
import {ClaimStatus, IJobs, Job, JobStatus, Terms} from "../../src/interfaces/IJobs.sol";
import {Model, Provenance} from "../../src/interfaces/IModelRegistry.sol";
import {TopClass} from "../../src/examples/TopClass.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {GasBurner, RecordingConsumer, ReentrantConsumer, ReturnBomb, Reverter} from "../helpers/Consumers.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @dev Takes no money, or asks for it twice.
contract Receiver {
    IJobs private immutable _jobs;
    bool private immutable _refuses;

    constructor(IJobs jobs, bool refuses) {
        (_jobs, _refuses) = (jobs, refuses);
    }

    function withdraw() external {
        _jobs.withdraw();
    }

    /// @notice Anything else that one may ask of Jobs, as this account.
    function ask(bytes calldata message) external payable {
        (bool success,) = address(_jobs).call{value: msg.value}(message);
        require(success, "reverted");
    }

    receive() external payable {
        require(!_refuses, "refused");
        try _jobs.withdraw() {} catch {}
        try _jobs.reclaimBond(1, Terms(0, 0, 0)) {} catch {}
    }
}

/// @dev Cases in Jobs.ends.tree.
contract JobsEndsTest is BaseTest {
    using Traces for Trace;

    bytes private output;

    function setUp() public override {
        super.setUp();
        output = TinyModel.output(honestTrace());
    }

    function _endWindow(uint256 jobId) private {
        vm.warp(jobs.getJob(jobId).windowEndsAt + 1);
    }

    /// @dev A job with one correct claim and its window over.
    function _claimedJob(address consumer) private returns (uint256 jobId) {
        jobId = request(consumer);
        submit(worker, jobId, honestTrace());
        _endWindow(jobId);
    }

    /// @dev Credits this account through the only door from outside.
    function _credit(address account, uint256 amountWei) private {
        vm.deal(address(inputs), amountWei);
        vm.prank(address(inputs));
        jobs.credit{value: amountWei}(account);
    }

    // ---------------------------------------------------------------- finalize: Void

    function test_finalize_unknownOrEnded() external {
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_UnknownJob.selector, 1));
        finalize(1, output);
        uint256 jobId = _claimedJob(address(0));
        finalize(jobId, output);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongStatus.selector, jobId, JobStatus.Final));
        finalize(jobId, output);
    }

    function test_finalize_void() external {
        RecordingConsumer consumer = new RecordingConsumer();
        uint256 jobId = request(address(consumer));
        uint256 claimBy = jobs.getJob(jobId).claimBy;
        vm.warp(claimBy);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WindowOpen.selector, jobId, claimBy));
        finalize(jobId, "");
        vm.warp(claimBy + 1);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongLength.selector, "output", 20, 0));
        finalize(jobId, output);
        vm.expectEmit(address(jobs));
        emit IJobs.JobVoid(jobId, FEE, 0);
        finalize(jobId, "");
        assertJobStatus(jobId, JobStatus.Void);
        assertEq(jobs.creditOf(requester), FEE);
        assertEq(consumer.calls(), 0);
    }

    function test_finalize_voidBurnsThePot() external {
        uint256 jobId = request();
        lose(submit(liar, jobId, lyingTrace()));
        assertEq(jobs.burnedWei(), BURN);
        assertEq(jobs.getJob(jobId).lostClaims, 1);
        vm.warp(block.timestamp + CLAIM_SECONDS + 1);
        finalize(jobId, "");
        assertEq(jobs.burnedWei(), BOND);
        assertEq(jobs.creditOf(requester), FEE);
    }

    // ---------------------------------------------------------------- finalize: Final

    function test_finalize_windowOpen() external {
        uint256 jobId = request();
        submit(worker, jobId, honestTrace());
        uint256 windowEndsAt = block.timestamp + WINDOW;
        vm.warp(windowEndsAt);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WindowOpen.selector, jobId, windowEndsAt));
        finalize(jobId, output);
        vm.warp(windowEndsAt + 1);
        finalize(jobId, output);
    }

    function test_finalize_single() external {
        uint256 jobId = _claimedJob(address(0));
        vm.expectEmit(address(jobs));
        emit IJobs.JobFinal(jobId, 1, worker, BOND + FEE, output);
        vm.prank(stranger);
        finalize(jobId, output);
        assertJobStatus(jobId, JobStatus.Final);
        assertStatus(1, ClaimStatus.Final);
        assertEq(jobs.getJob(jobId).firstClaim, 1);
        assertEq(jobs.getJob(jobId).liveClaims, 0);
        assertEq(jobs.creditOf(worker), BOND + FEE);
        assertTrue(jobs.isOutput(jobId, output));
        assertEq(jobs.outputRootOf(jobId), honestTrace().slotRoot(4));
    }

    function test_finalize_wrongOutput() external {
        uint256 jobId = _claimedJob(address(0));
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongLength.selector, "output", 0, 20));
        finalize(jobId, "");
        bytes memory wrong = output;
        wrong[7] ^= 0x80;
        vm.expectPartialRevert(IJobs.Jobs_OutputMismatch.selector);
        finalize(jobId, wrong);
    }

    function test_finalize_undecided() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        uint256 first = submit(worker, jobId, truth);
        (uint256 second,) = challenge(liar, first, lie);
        (uint256 third,) = challenge(watcher, second, truth);
        _endWindow(jobId);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_Undecided.selector, jobId, 3, 2));
        finalize(jobId, output);
        reveal(first, truth);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_Undecided.selector, jobId, 3, 2));
        finalize(jobId, output);
        reveal(second, lie);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_Undecided.selector, jobId, 3, 2));
        finalize(jobId, output);
        lose(second);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_Undecided.selector, jobId, 2, third));
        finalize(jobId, output);
        reveal(third, truth);
        finalize(jobId, output);
        assertEq(jobs.getJob(jobId).firstClaim, first);
        assertEq(jobs.creditOf(worker), BOND + FEE + BOND - BURN);
        assertEq(jobs.creditOf(watcher), 0);
    }

    function test_finalize_unrevealedEarliestOfTwo() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 first = submit(liar, jobId, lyingTrace());
        (uint256 second,) = challenge(watcher, first, truth);
        reveal(second, truth);
        _endWindow(jobId);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_Undecided.selector, jobId, 2, 2));
        finalize(jobId, output);
    }

    function test_finalize_inputDemanded() external {
        uint256 jobId = requestByRoot();
        submit(worker, jobId, honestTrace());
        vm.prank(watcher);
        inputs.demand{value: STAKE}(jobId, inputRoot);
        _endWindow(jobId);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_InputDemanded.selector, jobId));
        finalize(jobId, output);
        inputs.post(jobId, 0, TinyModel.input(INPUT_SEED), new bytes32[](0));
        uint256 windowEndsAt = block.timestamp + WINDOW;
        assertEq(jobs.getJob(jobId).windowEndsAt, windowEndsAt);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WindowOpen.selector, jobId, windowEndsAt));
        finalize(jobId, output);
        vm.warp(windowEndsAt + 1);
        finalize(jobId, output);
    }

    function test_finalize_skipsTheDead() external {
        uint256 jobId = request();
        uint256 first = submit(liar, jobId, lyingTrace());
        (uint256 second,) = challenge(stranger, first, lyingTrace(1, 1));
        (uint256 third,) = challenge(watcher, second, honestTrace());
        lose(first);
        lose(second);
        _endWindow(jobId);
        vm.expectPartialRevert(IJobs.Jobs_OtherTerms.selector);
        finalize(jobId, first, output);
        finalize(jobId, third, output);
        assertEq(jobs.getJob(jobId).firstClaim, third);
        assertEq(jobs.creditOf(watcher), BOND + FEE + 2 * (BOND - BURN));
    }

    // ---------------------------------------------------------------- the callback

    function test_callback() external {
        RecordingConsumer consumer = new RecordingConsumer();
        uint256 jobId = _claimedJob(address(consumer));
        vm.expectEmit(address(jobs));
        emit IJobs.CallbackDone(jobId, address(consumer), true);
        finalize(jobId, output);
        assertEq(consumer.calls(), 1);
        assertEq(consumer.jobId(), jobId);
        assertEq(consumer.modelId(), modelId);
        assertEq(consumer.output(), output);
        assertLe(consumer.gasAtEntry(), 200_000);
        assertGt(consumer.gasAtEntry(), 199_000); // less only by what it takes to come to gasleft()
    }

    /// @dev Whatever gas a finaliser sends: either it reverts or the consumer gets all that is promised.
    function testFuzz_callback_cannotBeStarved(uint256 gas) external {
        RecordingConsumer consumer = new RecordingConsumer();
        uint256 jobId = _claimedJob(address(consumer));
        gas = bound(gas, 30_000, 700_000);
        bytes memory call = abi.encodeCall(IJobs.finalize, (jobId, termsOf(1), output));
        (bool success,) = address(jobs).call{gas: gas}(call);
        if (success) {
            assertGt(consumer.gasAtEntry(), 199_000);
            assertEq(consumer.calls(), 1);
        } else {
            assertJobStatus(jobId, JobStatus.Open);
        }
    }

    function test_callback_tooLittleGas() external {
        uint256 jobId = _claimedJob(address(new RecordingConsumer()));
        vm.expectPartialRevert(IJobs.Jobs_CallbackGas.selector);
        jobs.finalize{gas: 230_000}(jobId, termsOf(1), output);
    }

    function _finalizeDespite(address consumer) private {
        uint256 jobId = _claimedJob(consumer);
        vm.expectEmit(address(jobs));
        emit IJobs.CallbackDone(jobId, consumer, false);
        uint256 gasBefore = gasleft();
        finalize(jobId, output);
        assertLt(gasBefore - gasleft(), 400_000);
        assertJobStatus(jobId, JobStatus.Final);
    }

    function test_callback_reverts() external {
        _finalizeDespite(address(new Reverter()));
    }

    function test_callback_burnsGas() external {
        _finalizeDespite(address(new GasBurner()));
    }

    function test_callback_revertBomb() external {
        _finalizeDespite(address(new ReturnBomb(true)));
    }

    function test_callback_returnBomb() external {
        uint256 jobId = _claimedJob(address(new ReturnBomb(false)));
        uint256 gasBefore = gasleft();
        finalize(jobId, output);
        assertLt(gasBefore - gasleft(), 400_000);
        assertJobStatus(jobId, JobStatus.Final);
    }

    function test_callback_noCode() external {
        _finalizeDespite(makeAddr("nobody"));
    }

    function test_callback_reenters() external {
        ReentrantConsumer consumer = new ReentrantConsumer();
        vm.deal(address(consumer), 1 ether);
        uint256 jobId = consumer.ask{value: FEE}(jobs, modelId, TinyModel.input(INPUT_SEED), CLAIM_SECONDS);
        submit(worker, jobId, honestTrace());
        _endWindow(jobId);
        finalize(jobId, output);
        assertEq(consumer.reentries(), 1);
        assertEq(consumer.succeeded(), 0);
        assertEq(jobs.creditOf(worker), BOND + FEE);
        assertEq(address(jobs).balance, BOND + FEE);
    }

    function test_callback_example() external {
        TopClass consumer = new TopClass(jobs, modelId, 4);
        vm.prank(requester);
        uint256 jobId = consumer.ask{value: FEE}(TinyModel.input(INPUT_SEED), CLAIM_SECONDS);
        vm.expectRevert(abi.encodeWithSelector(TopClass.TopClass_OnlyJobs.selector, address(this)));
        consumer.onInference(jobId, modelId, output);
        submit(worker, jobId, honestTrace());
        _endWindow(jobId);
        finalize(jobId, output);
        assertTrue(consumer.answered(jobId));
        uint256 best = 0;
        int32[5] memory values;
        for (uint256 i = 0; i < 5; ++i) {
            bytes4 value = bytes4(bytes.concat(output[4 * i], output[4 * i + 1], output[4 * i + 2], output[4 * i + 3]));
            values[i] = int32(uint32(value));
            if (values[i] > values[best]) best = i;
        }
        assertEq(consumer.classOf(jobId), best);
        vm.expectRevert(abi.encodeWithSelector(TopClass.TopClass_NothingToRefund.selector, jobId));
        consumer.refund(jobId);
    }

    /// @dev An output that goes by its root, or one whose callback failed, is brought by anybody.
    function test_isOutput_example() external {
        TopClass consumer = new TopClass(jobs, modelId, 4);
        vm.prank(requester);
        uint256 jobId = consumer.ask{value: FEE}(TinyModel.input(INPUT_SEED), CLAIM_SECONDS);
        submit(worker, jobId, honestTrace());
        _endWindow(jobId);
        vm.prank(address(jobs));
        consumer.onInference(jobId, modelId, ""); // as for an output by its root
        assertFalse(consumer.answered(jobId));
        vm.expectPartialRevert(IJobs.Jobs_WrongStatus.selector);
        consumer.answer(jobId, output);
        vm.mockCallRevert(address(consumer), abi.encodeWithSelector(TopClass.onInference.selector), "out of gas");
        finalize(jobId, output);
        assertFalse(consumer.answered(jobId));

        bytes memory other = bytes.concat(output);
        other[0] ^= 0x01;
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(TopClass.TopClass_NotTheOutput.selector, jobId));
        consumer.answer(jobId, other);
        consumer.answer(jobId, output);
        assertTrue(consumer.answered(jobId));
        vm.expectRevert(abi.encodeWithSelector(TopClass.TopClass_NotTheOutput.selector, jobId));
        consumer.answer(jobId, output);
    }

    /// @dev Anybody may name a consumer in a request of their own.
    function test_callback_exampleWasNotAsked() external {
        TopClass consumer = new TopClass(jobs, modelId, 4);
        uint256 jobId = _claimedJob(address(consumer));
        finalize(jobId, output);
        assertFalse(consumer.answered(jobId));
        vm.expectRevert(abi.encodeWithSelector(TopClass.TopClass_NotTheOutput.selector, jobId));
        consumer.answer(jobId, output);
    }

    function test_callback_exampleRefund() external {
        TopClass consumer = new TopClass(jobs, modelId, 4);
        vm.prank(requester);
        uint256 jobId = consumer.ask{value: FEE}(TinyModel.input(INPUT_SEED), CLAIM_SECONDS);
        vm.warp(block.timestamp + CLAIM_SECONDS + 1);
        finalize(jobId, "");
        consumer.refund(jobId);
        assertEq(requester.balance, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(TopClass.TopClass_NothingToRefund.selector, jobId));
        consumer.refund(jobId);
    }

    // ---------------------------------------------------------------- outputs

    function test_isOutput_notFinal() external {
        uint256 jobId = request();
        bytes memory open = abi.encodeWithSelector(IJobs.Jobs_WrongStatus.selector, jobId, JobStatus.Open);
        vm.expectRevert(open);
        jobs.isOutput(jobId, output);
        vm.expectRevert(open);
        jobs.outputRootOf(jobId);
    }

    /// @dev 4,097 goes by its root.
    function testFuzz_isOutput_everyLength(uint256 length, bytes32 seed) external {
        length = length % 3 == 0 ? bound(length, 1, 40) : bound(length, 1, 4097);
        Model memory model = TinyModel.model();
        model.tensorDepth = 5;
        (model.outputElements, model.outputWidth) = (SafeCastLib.toUint32(length), 1);
        bytes32 id = registry.register(model, Provenance(0, 0, ""));
        uint256 jobId = jobs.request(id, TinyModel.input(INPUT_SEED), 10, address(0));

        Trace memory tree = Traces.empty(0, 5);
        bytes memory data = new bytes(length);
        for (uint256 i = 0; i < data.length; ++i) {
            data[i] = keccak256(abi.encode(seed, i / 32))[i % 32];
        }
        tree.setSlot(0, data);
        bytes32 outputRoot = tree.rehash().root();
        bytes32 root = jobs.getJob(jobId).inputRoot;
        bytes memory posted = length > 4096 ? bytes("") : data;
        vm.prank(worker);
        jobs.submit{value: BOND}(jobId, id, root, 0, outputRoot, posted);
        _endWindow(jobId);
        jobs.finalize(jobId, Terms(0, outputRoot, 0), posted);
        assertEq(jobs.outputRootOf(jobId), outputRoot);
        assertTrue(jobs.isOutput(jobId, data));
        assertFalse(jobs.isOutput(jobId, bytes.concat(data, hex"00"))); // the same leaves
        data[length - 1] ^= 0x01;
        assertFalse(jobs.isOutput(jobId, data));
    }

    // ---------------------------------------------------------------- walkClaims

    function test_walkClaims() external {
        uint256 jobId = request();
        uint256 claimId = submit(liar, jobId, lyingTrace());
        for (uint256 i = 0; i < 9; ++i) {
            (claimId,) = challenge(liar, claimId, lyingTrace());
        }
        for (uint256 i = 1; i < 9; ++i) {
            lose(i);
        }
        jobs.walkClaims(jobId, 3);
        assertEq(jobs.getJob(jobId).firstClaim, 4);
        jobs.walkClaims(jobId, 0);
        assertEq(jobs.getJob(jobId).firstClaim, 4);
        jobs.walkClaims(jobId, 100);
        assertEq(jobs.getJob(jobId).firstClaim, 9);
        lose(9);
        lose(10);
        jobs.walkClaims(jobId, 100); // no live claim: nothing to find
        assertEq(jobs.getJob(jobId).firstClaim, 9);
        submit(worker, jobId, honestTrace());
        assertEq(jobs.getJob(jobId).firstClaim, 11);
    }

    /// @dev Six live claims of one trace: two steps at a time, past a claim that died, and on when the first one dies.
    function test_walkClaims_agreeing() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 lie = submit(liar, jobId, lyingTrace());
        for (uint256 i = 2; i <= 7; ++i) {
            challenge(watcher, lie, truth);
            if (i < 7) reveal(i, truth);
        }
        jobs.walkClaims(jobId, 100);
        assertEq(jobs.getJob(jobId).agreedUpTo, lie); // which is live, and has not revealed
        lose(lie);
        lose(4);
        jobs.walkClaims(jobId, 2);
        assertEq(jobs.getJob(jobId).firstClaim, 2);
        assertEq(jobs.getJob(jobId).agreedUpTo, 3);
        lose(2);
        jobs.walkClaims(jobId, 2);
        assertEq(jobs.getJob(jobId).firstClaim, 3);
        assertEq(jobs.getJob(jobId).agreedUpTo, 4);
        jobs.walkClaims(jobId, 100);
        assertEq(jobs.getJob(jobId).agreedUpTo, 6);
        _endWindow(jobId);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_Undecided.selector, jobId, 4, 7));
        finalize(jobId, 3, output);
        reveal(7, truth);
        finalize(jobId, 3, output);
        assertEq(jobs.getJob(jobId).firstClaim, 3);
        for (uint256 i = 5; i <= 7; ++i) {
            reclaimBond(i);
        }
        assertEq(jobs.getJob(jobId).liveClaims, 0);
    }

    /// @dev What was found before the first claim died still counts for the one after it, and only for that one's trace.
    function test_walkClaims_disagreeing() external {
        uint256 jobId = request();
        Trace memory lie = lyingTrace();
        uint256 first = submit(liar, jobId, lie);
        (uint256 second,) = challenge(stranger, first, lie);
        (uint256 third,) = challenge(watcher, first, honestTrace());
        (uint256 fourth,) = challenge(worker, first, lie);
        reveal(first, lie);
        reveal(second, lie);
        reveal(third, honestTrace());
        reveal(fourth, lie);
        jobs.walkClaims(jobId, 100);
        assertEq(jobs.getJob(jobId).agreedUpTo, second);
        lose(first);
        lose(second);
        _endWindow(jobId);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_Undecided.selector, jobId, 2, fourth));
        finalize(jobId, third, output);
        lose(fourth);
        finalize(jobId, third, output);
    }

    // ---------------------------------------------------------------- reclaimBond

    function test_reclaimBond() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 lie = submit(liar, jobId, lyingTrace());
        (uint256 first,) = challenge(watcher, lie, truth);
        (uint256 second,) = challenge(worker, lie, truth);
        (uint256 needless,) = challenge(stranger, first, truth);
        reveal(first, truth);
        reveal(second, truth);
        reveal(needless, truth);
        lose(lie);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongStatus.selector, jobId, JobStatus.Open));
        reclaimBond(second);
        _endWindow(jobId);
        finalize(jobId, first, output);

        vm.expectPartialRevert(IJobs.Jobs_OtherTerms.selector);
        jobs.reclaimBond(needless, termsOf(second)); // would hide that it was needless
        vm.expectEmit(address(jobs));
        emit IJobs.ClaimClosed(jobId, second, 0, BOND);
        reclaimBond(second);
        assertEq(jobs.creditOf(worker), BOND);
        vm.expectEmit(address(jobs));
        emit IJobs.ClaimClosed(jobId, needless, BURN, BOND - BURN);
        reclaimBond(needless);
        assertEq(jobs.creditOf(stranger), BOND - BURN);
        assertEq(jobs.burnedWei(), 2 * BURN);

        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_ClaimNotLive.selector, second, ClaimStatus.Closed));
        reclaimBond(second);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_ClaimNotLive.selector, first, ClaimStatus.Final));
        reclaimBond(first);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_ClaimNotLive.selector, lie, ClaimStatus.Lost));
        reclaimBond(lie);
    }

    // ---------------------------------------------------------------- only our own contracts

    function test_onlyMatchesOrInputs() external {
        uint256 claimId = submit(worker, request(), honestTrace());
        bytes memory onlyMatches = abi.encodeWithSelector(IJobs.Jobs_OnlyMatches.selector, address(this));
        bytes memory onlyInputs = abi.encodeWithSelector(IJobs.Jobs_OnlyInputs.selector, address(this));
        vm.expectRevert(onlyMatches);
        jobs.endMatch(claimId, claimId, 1);
        vm.expectRevert(onlyMatches);
        jobs.settle(claimId, claimId, termsOf(claimId));
        vm.expectRevert(onlyInputs);
        jobs.inputPosted(1);
        vm.expectRevert(onlyInputs);
        jobs.inputMissing(1);
        vm.expectRevert(onlyInputs);
        jobs.credit(address(this));
    }

    function test_endMatch_guards() external {
        uint256 jobId = request();
        uint256 claimId = submit(worker, jobId, honestTrace());
        vm.expectEmit(address(jobs));
        emit IJobs.ClaimLost(jobId, claimId, BURN, BOND - BURN);
        lose(claimId);
        vm.prank(address(matches));
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_ClaimNotLive.selector, claimId, ClaimStatus.Lost));
        jobs.endMatch(claimId, claimId, 1);

        claimId = submit(worker, jobId, honestTrace());
        vm.prank(address(inputs));
        jobs.inputMissing(jobId);
        vm.prank(address(matches));
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongStatus.selector, jobId, JobStatus.Void));
        jobs.endMatch(claimId, claimId, 1);
        reclaimBond(claimId);
        assertEq(jobs.creditOf(worker), BOND);
        assertEq(jobs.creditOf(requester), FEE);
    }

    // ---------------------------------------------------------------- being paid at once

    function test_finalize_paysItsWinnerAtOnce() external {
        uint256 jobId = _claimedJob(address(0));
        vm.expectEmit(address(jobs));
        emit IJobs.Withdrawn(worker, BOND + FEE);
        vm.prank(worker);
        finalize(jobId, output);
        assertEq(worker.balance, 100 ether + FEE);
        assertEq(jobs.creditOf(worker), 0);
        assertEq(address(jobs).balance, 0);
    }

    function test_finalize_paysItsRequesterAtOnce() external {
        uint256 jobId = request();
        vm.warp(block.timestamp + CLAIM_SECONDS + 1);
        vm.prank(requester);
        finalize(jobId, "");
        assertEq(requester.balance, 100 ether);
        jobId = jobs.requestByRoot(modelId, inputRoot, CLAIM_SECONDS, address(0)); // without a fee there is nothing to pay
        vm.warp(block.timestamp + CLAIM_SECONDS + 1);
        vm.recordLogs();
        finalize(jobId, "");
        assertEq(vm.getRecordedLogs().length, 1);
    }

    function test_reclaimBond_paysItsClaimantAtOnce() external {
        uint256 jobId = request();
        uint256 claimId = submit(worker, jobId, honestTrace());
        vm.prank(address(inputs));
        jobs.inputMissing(jobId);
        vm.prank(worker);
        reclaimBond(claimId);
        assertEq(worker.balance, 100 ether);
        assertEq(jobs.creditOf(worker), 0);
    }

    /// @dev A winner that cannot take money, or takes the chance to call back, ends its job like any other.
    function testFuzz_finalize_byAContract(bool refuses) external {
        Receiver receiver = new Receiver(jobs, refuses);
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        bytes32 seal = sealOf(jobId, address(receiver), truth.root());
        bytes32 outputRoot = truth.slotRoot(TinyModel.STEP_COUNT);
        receiver.ask{value: BOND}(abi.encodeCall(IJobs.submit, (jobId, modelId, inputRoot, seal, outputRoot, output)));
        _endWindow(jobId);
        _credit(worker, 5);
        receiver.ask(abi.encodeCall(IJobs.finalize, (jobId, Terms(seal, outputRoot, 0), output)));
        assertJobStatus(jobId, JobStatus.Final);
        assertEq(address(receiver).balance, refuses ? 0 : BOND + FEE);
        assertEq(jobs.creditOf(address(receiver)), refuses ? BOND + FEE : 0);
        assertEq(address(jobs).balance, refuses ? BOND + FEE + 5 : 5);
    }

    // ---------------------------------------------------------------- withdraw

    function test_withdraw() external {
        finalize(_claimedJob(address(0)), output);
        vm.expectEmit(address(jobs));
        emit IJobs.Withdrawn(worker, BOND + FEE);
        vm.prank(worker);
        assertEq(jobs.withdraw(), BOND + FEE);
        assertEq(worker.balance, 100 ether + FEE);
        assertEq(address(jobs).balance, 0);
        vm.prank(worker);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_NothingToWithdraw.selector, worker));
        jobs.withdraw();
    }

    function test_withdraw_refused() external {
        Receiver receiver = new Receiver(jobs, true);
        _credit(address(receiver), 5);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_TransferFailed.selector, address(receiver), 5));
        receiver.withdraw();
        assertEq(jobs.creditOf(address(receiver)), 5);
    }

    function test_withdraw_reenters() external {
        Receiver receiver = new Receiver(jobs, false);
        _credit(address(receiver), 5);
        _credit(worker, 5);
        receiver.withdraw();
        assertEq(address(receiver).balance, 5);
        assertEq(address(jobs).balance, 5);
    }
}
