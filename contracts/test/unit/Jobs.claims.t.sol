// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Jobs} from "../../src/Jobs.sol";
import {IInputs} from "../../src/interfaces/IInputs.sol";
import {Claim, ClaimStatus, IJobs, Job, JobStatus, Parameters, Target, Terms} from "../../src/interfaces/IJobs.sol";
import {IMatches} from "../../src/interfaces/IMatches.sol";
import {IMatches, Match} from "../../src/interfaces/IMatches.sol";
import {IModelRegistry, Model, Provenance} from "../../src/interfaces/IModelRegistry.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @dev Cases in Jobs.claims.tree.
contract JobsClaimsTest is BaseTest {
    using SafeCastLib for uint256;
    using Traces for Trace;

    bytes32 private constant SEAL = keccak256("any seal");

    function _registerModel(uint256 inputBytes, uint256 outputBytes) private returns (bytes32) {
        Model memory model = TinyModel.model();
        model.tensorDepth = 10;
        (model.inputElements, model.inputWidth) = (inputBytes.toUint32(), 1);
        (model.outputElements, model.outputWidth) = (outputBytes.toUint32(), 1);
        return registry.register(model, Provenance(0, 0, ""));
    }

    /// @dev From outside, so that a revert can be expected of the whole of it.
    function newJobs(Parameters memory parameters) external returns (Jobs) {
        return new Jobs(parameters, registry, matches, inputs, refunds);
    }

    // ---------------------------------------------------------------- constructor

    function _expectBad(Parameters memory parameters, string memory field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_BadParameter.selector, field, value));
        this.newJobs(parameters);
    }

    function test_constructor_badParameters() external {
        Parameters memory p = testParameters();
        p.challengeWindowSeconds = 0;
        _expectBad(p, "challengeWindowSeconds", 0);
        p.challengeWindowSeconds = 365 days + 1;
        _expectBad(p, "challengeWindowSeconds", 365 days + 1);
        p = testParameters();
        p.clockSeconds = 0;
        _expectBad(p, "clockSeconds", 0);
        p.clockSeconds = 365 days + 1;
        _expectBad(p, "clockSeconds", 365 days + 1);
        p = testParameters();
        p.inputDemandSeconds = 0;
        _expectBad(p, "inputDemandSeconds", 0);
        p.inputDemandSeconds = 365 days + 1;
        _expectBad(p, "inputDemandSeconds", 365 days + 1);
        p = testParameters();
        p.callbackGas = 0;
        _expectBad(p, "callbackGas", 0);
        p.callbackGas = 10_000_001;
        _expectBad(p, "callbackGas", 10_000_001);
        p = testParameters();
        p.maxInputBytes = 0;
        _expectBad(p, "maxInputBytes", 0);
        p.maxInputBytes = 97_281;
        _expectBad(p, "maxInputBytes", 97_281);
    }

    function test_constructor_badMoney() external {
        Parameters memory p = testParameters();
        p.maxOutputBytes = 0;
        _expectBad(p, "maxOutputBytes", 0);
        p.maxOutputBytes = 24_576;
        _expectBad(p, "maxOutputBytes", 24_576);
        p = testParameters();
        p.burnBps = 0;
        _expectBad(p, "burnBps", 0);
        p.burnBps = 10_001;
        _expectBad(p, "burnBps", 10_001);
        p = testParameters();
        p.bondWei = 0;
        _expectBad(p, "bondWei", 0);
        p = testParameters();
        p.inputDemandWei = 0;
        _expectBad(p, "inputDemandWei", 0);
        p = testParameters();
        p.refundGasPriceWei = 0;
        _expectBad(p, "refundGasPriceWei", 0);
    }

    function test_constructor_parameters() external view {
        assertEq(abi.encode(jobs.parameters()), abi.encode(testParameters()));
        assertEq(jobs.sealDomain(), keccak256(abi.encode(keccak256("og.seal.v1"), block.chainid, address(jobs))));
    }

    // ---------------------------------------------------------------- request

    function test_request_unknownModel() external {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_UnknownModel.selector, SEAL));
        jobs.request(SEAL, "", 1, address(0));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_UnknownModel.selector, SEAL));
        jobs.requestByRoot(SEAL, 0, 1, address(0));
    }

    function test_request_tooLarge() external {
        bytes32 large = _registerModel(32 * 1024 + 1, 1);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_TooLarge.selector, "input", 32 * 1024 + 1, 32 * 1024));
        jobs.request(large, new bytes(32 * 1024 + 1), 1, address(0));
        bytes32 fits = _registerModel(32 * 1024, 1);
        jobs.request(fits, new bytes(32 * 1024), 1, address(0));
    }

    function testFuzz_request_wrongLength(uint256 length) external {
        length = bound(length, 0, 1000);
        vm.assume(length != 300);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongLength.selector, "input", length, 300));
        jobs.request(modelId, new bytes(length), 1, address(0));
    }

    function test_request_noClaimSeconds() external {
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_BadParameter.selector, "claimSeconds", 0));
        jobs.request(modelId, new bytes(300), 0, address(0));
    }

    function test_request() external {
        bytes memory input = TinyModel.input(INPUT_SEED);
        vm.expectEmit(address(jobs));
        emit IJobs.JobRequested(1, modelId, requester, inputRoot, 123, input);
        vm.prank(requester);
        uint256 jobId = jobs.request{value: 123}(modelId, input, 77, address(jobs));
        assertEq(jobId, 1);
        assertEq(jobs.jobCount(), 1);
        assertEq(address(jobs).balance, 123);
        Job memory expected;
        expected.modelId = modelId;
        expected.inputRoot = inputRoot;
        expected.requester = requester;
        expected.status = JobStatus.Open;
        expected.claimBy = uint40(block.timestamp + 77);
        expected.stepCount = uint24(TinyModel.STEP_COUNT);
        expected.outputBytes = 20;
        expected.slotDepth = 3;
        expected.tensorDepth = 2;
        expected.feeWei = 123;
        expected.consumer = address(jobs);
        assertEq(abi.encode(jobs.getJob(1)), abi.encode(expected));
    }

    function test_requestByRoot() external {
        vm.expectEmit(address(jobs));
        emit IJobs.JobRequested(1, modelId, requester, SEAL, 0, "");
        vm.prank(requester);
        uint256 jobId = jobs.requestByRoot(modelId, SEAL, 77, address(0));
        Job memory job = jobs.getJob(jobId);
        assertTrue(job.byRoot);
        assertEq(job.inputRoot, SEAL);
        assertEq(job.feeWei, 0);
        assertFalse(jobs.getJob(request()).byRoot);
    }

    function test_questionOf() external {
        uint256 jobId = request();
        (bytes32 model, bytes32 root) = jobs.questionOf(jobId);
        assertEq(model, modelId);
        assertEq(root, inputRoot);
        (uint32 lastSlot, uint8 slotDepth, uint8 tensorDepth) = jobs.traceShapeOf(jobId);
        assertEq(lastSlot, TinyModel.STEP_COUNT);
        assertEq(slotDepth, TinyModel.SLOT_DEPTH);
        assertEq(tensorDepth, TinyModel.TENSOR_DEPTH);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_UnknownJob.selector, 2));
        jobs.questionOf(2);
    }

    // ---------------------------------------------------------------- submit

    function test_submit_unknownOrOtherJob() external {
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_UnknownJob.selector, 1));
        jobs.submit(1, modelId, inputRoot, SEAL, 0, "");
        uint256 jobId = request();
        bytes memory otherJob = abi.encodeWithSelector(IJobs.Jobs_OtherJob.selector, jobId, modelId, inputRoot);
        vm.expectRevert(otherJob);
        jobs.submit(jobId, SEAL, inputRoot, SEAL, 0, "");
        vm.expectRevert(otherJob);
        jobs.submit(jobId, modelId, SEAL, SEAL, 0, "");
    }

    function test_submit_endedJob() external {
        uint256 jobId = request();
        vm.warp(block.timestamp + CLAIM_SECONDS + 1);
        finalize(jobId, "");
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongStatus.selector, jobId, JobStatus.Void));
        jobs.submit(jobId, modelId, inputRoot, SEAL, 0, "");
    }

    function test_submit_liveClaimExists() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        submit(liar, jobId, lyingTrace());
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_LiveClaimExists.selector, jobId, 1));
        submit(worker, jobId, truth);
        assertEq(worker.balance, 100 ether);
    }

    function test_submit_deadline() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 claimBy = block.timestamp + CLAIM_SECONDS;
        vm.warp(claimBy + 1);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_ClaimDeadlinePassed.selector, jobId, claimBy));
        submit(worker, jobId, truth);
        vm.warp(claimBy);
        submit(worker, jobId, truth);
    }

    function testFuzz_submit_wrongBond(uint96 sentWei) external {
        vm.assume(sentWei != BOND);
        uint256 jobId = request();
        vm.deal(worker, sentWei);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongBond.selector, sentWei, BOND));
        vm.prank(worker);
        jobs.submit{value: sentWei}(jobId, modelId, inputRoot, SEAL, 0, "");
    }

    function test_submit_output() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        bytes memory output = TinyModel.output(truth);
        bytes32 outputRoot = truth.slotRoot(4);
        vm.deal(address(this), 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongLength.selector, "output", 21, 20));
        jobs.submit{value: BOND}(jobId, modelId, inputRoot, SEAL, outputRoot, bytes.concat(output, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongLength.selector, "output", 0, 20));
        jobs.submit{value: BOND}(jobId, modelId, inputRoot, SEAL, outputRoot, "");
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_OutputMismatch.selector, outputRoot, SEAL));
        jobs.submit{value: BOND}(jobId, modelId, inputRoot, SEAL, SEAL, output);
        output[19] ^= 0x01;
        vm.expectPartialRevert(IJobs.Jobs_OutputMismatch.selector);
        jobs.submit{value: BOND}(jobId, modelId, inputRoot, SEAL, outputRoot, output);
    }

    function test_submit_outputByRoot() external {
        bytes32 large = _registerModel(1, 4097);
        uint256 jobId = jobs.request(large, hex"05", 100, address(0));
        assertEq(jobs.getJob(jobId).outputBytes, 0);
        bytes32 root = jobs.getJob(jobId).inputRoot;
        vm.deal(address(this), 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongLength.selector, "output", 4097, 0));
        jobs.submit{value: BOND}(jobId, large, root, SEAL, SEAL, new bytes(4097));
        uint256 claimId = jobs.submit{value: BOND}(jobId, large, root, SEAL, SEAL, "");
        assertEq(jobs.getClaim(claimId).commitment, keccak256(abi.encode(SEAL, SEAL, 0)));
    }

    function test_submit() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        bytes32 seal = sealOf(jobId, worker, truth.root());
        vm.expectEmit(address(jobs));
        emit IJobs.Claimed(
            jobId, 1, worker, 0, seal, truth.slotRoot(4), block.timestamp + WINDOW, TinyModel.output(truth)
        );
        uint256 claimId = submit(worker, jobId, truth);
        assertEq(claimId, 1);
        assertEq(jobs.claimCount(), 1);
        assertEq(address(jobs).balance, FEE + BOND);
        Claim memory expected;
        expected.claimant = worker;
        expected.jobId = jobId.toUint40();
        expected.status = ClaimStatus.Live;
        expected.commitment = keccak256(abi.encode(seal, truth.slotRoot(4), 0));
        assertEq(abi.encode(jobs.getClaim(1)), abi.encode(expected));
        Job memory job = jobs.getJob(jobId);
        assertEq(job.windowEndsAt, block.timestamp + WINDOW);
        assertEq(job.liveClaims, 1);
        assertEq(job.firstClaim, 1);
        assertEq(job.lastClaim, 1);
    }

    function test_submit_afterAllDied() external {
        uint256 jobId = request();
        uint256 first = submit(liar, jobId, lyingTrace());
        (uint256 second,) = challenge(liar, first, lyingTrace(0, 0));
        lose(first);
        lose(second);
        assertEq(jobs.getJob(jobId).liveClaims, 0);
        uint256 third = submit(worker, jobId, honestTrace());
        Job memory job = jobs.getJob(jobId);
        assertEq(job.windowEndsAt, block.timestamp + WINDOW);
        assertEq(job.firstClaim, third);
        assertEq(job.lastClaim, third);
        assertEq(job.lostClaims, 2);
        assertEq(jobs.getClaim(second).next, 0);
    }

    // ---------------------------------------------------------------- challenge

    function test_challenge_badTarget() external {
        uint256 jobId = request();
        Target memory target;
        target.claimId = 1;
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_UnknownClaim.selector, 1));
        jobs.challenge(target, SEAL, SEAL, "");
        uint256 claimId = submit(liar, jobId, lyingTrace());
        target = targetOf(claimId);
        lose(claimId);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_ClaimNotLive.selector, 1, ClaimStatus.Lost));
        jobs.challenge(target, SEAL, SEAL, "");
    }

    /// @dev What a reorg may do: another job, another claim at the same id.
    function test_challenge_otherTarget() external {
        uint256 jobId = request();
        uint256 claimId = submit(liar, jobId, lyingTrace());
        Target memory target = targetOf(claimId);
        target.modelId = SEAL;
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_OtherJob.selector, jobId, modelId, inputRoot));
        jobs.challenge(target, SEAL, SEAL, "");
        target = targetOf(claimId);
        target.inputRoot = SEAL;
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_OtherJob.selector, jobId, modelId, inputRoot));
        jobs.challenge(target, SEAL, SEAL, "");
        target = targetOf(claimId);
        target.terms.seal = SEAL;
        vm.expectPartialRevert(IJobs.Jobs_OtherTerms.selector);
        jobs.challenge(target, SEAL, SEAL, "");
        target = targetOf(claimId);
        target.terms.outputRoot = SEAL;
        vm.expectPartialRevert(IJobs.Jobs_OtherTerms.selector);
        jobs.challenge(target, SEAL, SEAL, "");
        target = targetOf(claimId);
        target.terms.target = 1;
        vm.expectPartialRevert(IJobs.Jobs_OtherTerms.selector);
        jobs.challenge(target, SEAL, SEAL, "");
    }

    function test_challenge_window() external {
        uint256 jobId = request();
        uint256 claimId = submit(liar, jobId, lyingTrace());
        Target memory target = targetOf(claimId);
        uint256 windowEndsAt = block.timestamp + WINDOW;
        vm.warp(windowEndsAt + 1);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WindowClosed.selector, jobId, windowEndsAt));
        jobs.challenge(target, SEAL, SEAL, "");
        vm.warp(windowEndsAt);
        challenge(watcher, claimId, honestTrace());
    }

    function test_challenge_bondAndOutput() external {
        uint256 claimId = submit(liar, request(), lyingTrace());
        Target memory target = targetOf(claimId);
        vm.deal(address(this), 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongBond.selector, BOND - 1, BOND));
        jobs.challenge{value: BOND - 1}(target, SEAL, SEAL, new bytes(20));
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongLength.selector, "output", 19, 20));
        jobs.challenge{value: BOND}(target, SEAL, SEAL, new bytes(19));
        vm.expectPartialRevert(IJobs.Jobs_OutputMismatch.selector);
        jobs.challenge{value: BOND}(target, SEAL, SEAL, new bytes(20));
    }

    function test_challenge() external {
        uint256 jobId = request();
        uint256 first = submit(liar, jobId, lyingTrace());
        uint256 windowEndsAt = jobs.getJob(jobId).windowEndsAt;
        vm.warp(block.timestamp + 100);
        (uint256 second, uint256 matchId) = challenge(watcher, first, honestTrace());
        (uint256 third, uint256 otherMatchId) = challenge(stranger, second, lyingTrace(1, 1));
        Job memory job = jobs.getJob(jobId);
        assertEq(job.windowEndsAt, windowEndsAt);
        assertEq(job.liveClaims, 3);
        assertEq(job.firstClaim, first);
        assertEq(job.lastClaim, third);
        assertEq(jobs.getClaim(first).next, second);
        assertEq(jobs.getClaim(second).next, third);
        Terms memory terms = termsOf(third);
        assertEq(terms.target, second);
        assertEq(jobs.getClaim(third).commitment, keccak256(abi.encode(terms)));
        assertEq(matches.matchOf(first, second), matchId);
        assertEq(matches.matchOf(second, third), otherMatchId);
        assertEq(matches.matchOf(first, third), 0);
    }

    // ---------------------------------------------------------------- reveal

    function test_reveal() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 claimId = submit(worker, jobId, truth);
        vm.warp(block.timestamp + 5);
        vm.expectEmit(address(matches));
        emit IMatches.Revealed(claimId, truth.root());
        vm.prank(stranger);
        reveal(claimId, truth);
        assertEq(matches.traceRootOf(claimId), truth.root());

        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_AlreadyRevealed.selector, claimId));
        reveal(claimId, truth);
    }

    function test_reveal_notLive() external {
        Trace memory truth = honestTrace();
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_UnknownClaim.selector, 1));
        reveal(1, truth);
        uint256 claimId = submit(worker, request(), truth);
        lose(claimId);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_ClaimNotLive.selector, 1));
        reveal(claimId, truth);
    }

    function test_reveal_otherTerms() external {
        Trace memory truth = honestTrace();
        uint256 claimId = submit(worker, request(), truth);
        (uint256 other,) = challenge(liar, claimId, lyingTrace());
        bytes32[] memory proof = truth.slotProof(4);
        Terms memory terms = termsOf(other);
        vm.expectPartialRevert(IMatches.Matches_OtherTerms.selector);
        matches.reveal(claimId, terms, truth.root(), proof);
    }

    function test_reveal_sealMismatch() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 claimId = submit(worker, jobId, truth);
        Trace memory lie = lyingTrace();
        vm.expectPartialRevert(IMatches.Matches_SealMismatch.selector);
        reveal(claimId, lie);
    }

    function test_reveal_copiedSeal() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        bytes32 seal = sealOf(jobId, worker, truth.root());
        uint256 claimId = submit(liar, jobId, truth, seal); // seen in the mempool
        bytes32 computed = sealOf(jobId, liar, truth.root());
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_SealMismatch.selector, claimId, computed, seal));
        reveal(claimId, truth);
        uint256 otherJob = request();
        claimId = submit(worker, otherJob, truth, seal); // the right claimant, another job
        vm.expectPartialRevert(IMatches.Matches_SealMismatch.selector);
        reveal(claimId, truth);
    }

    function testFuzz_reveal_badProof(uint256 bit) external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 claimId = submit(worker, jobId, truth);
        bytes32[] memory proof = truth.slotProof(4);
        bit = bound(bit, 0, 3 * 256 - 1);
        proof[bit / 256] ^= bytes32(1 << (bit % 256));
        vm.expectPartialRevert(IMatches.Matches_OutputNotInTrace.selector);
        matches.reveal(claimId, termsOf(claimId), truth.root(), proof);
    }

    function test_reveal_wrongProofLength() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 claimId = submit(worker, jobId, truth);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "outputProof", 2, 3));
        matches.reveal(claimId, termsOf(claimId), truth.root(), new bytes32[](2));
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "outputProof", 4, 3));
        matches.reveal(claimId, termsOf(claimId), truth.root(), new bytes32[](4));
    }

    /// @dev The right seal under a wrong output: it cannot be opened, so such a claim loses by time.
    function test_reveal_outputNotInTrace() external {
        uint256 jobId = request();
        Trace memory truth = honestTrace();
        uint256 claimId = submit(liar, jobId, lyingTrace(), sealOf(jobId, liar, truth.root()));
        vm.expectPartialRevert(IMatches.Matches_OutputNotInTrace.selector);
        reveal(claimId, truth);
    }
}
