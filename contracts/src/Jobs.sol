// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibString} from "solady/utils/LibString.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IConsumer} from "./interfaces/IConsumer.sol";
import {IInputs} from "./interfaces/IInputs.sol";
import {Claim, ClaimStatus, IJobs, Job, JobStatus, Parameters, Target} from "./interfaces/IJobs.sol";
import {IMatches} from "./interfaces/IMatches.sol";
import {IModelRegistry, Model} from "./interfaces/IModelRegistry.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Seal} from "./libraries/Seal.sol";

contract Jobs is IJobs {
    using SafeCastLib for uint256;

    /// @dev Outputs up to one word are stored as they are, larger ones as the code of a contract.
    uint256 private constant WORD_BYTES = 32;
    /// @dev More than the opcodes between the gas check and the callback cost; the consumer's account is warm by then.
    uint256 private constant CALL_OVERHEAD_GAS = 1_000;

    IModelRegistry public immutable registry;
    IMatches public immutable matches;
    IInputs public immutable inputs;
    /// @inheritdoc IJobs
    bytes32 public immutable sealDomain;

    uint256 private immutable _challengeWindowSeconds;
    uint256 private immutable _clockSeconds;
    uint256 private immutable _inputDemandSeconds;
    uint256 private immutable _callbackGas;
    uint256 private immutable _maxInputBytes;
    uint256 private immutable _maxOutputBytes;
    uint256 private immutable _bondWei;
    uint256 private immutable _burnBps;
    uint256 private immutable _inputDemandWei;

    uint128 private _jobCount;
    uint128 private _claimCount;
    mapping(uint256 jobId => Job) private _jobs;
    mapping(uint256 claimId => Claim) private _claims;
    /// @dev Of a Final job: the output, left-aligned, when it fits; otherwise the address of the contract that holds it.
    mapping(uint256 jobId => bytes32) private _outputs;

    /// @inheritdoc IJobs
    mapping(uint256 jobId => mapping(bytes32 traceRoot => uint256)) public agreeing;
    /// @inheritdoc IJobs
    mapping(address account => uint256) public creditOf;
    /// @inheritdoc IJobs
    uint256 public burnedWei;

    constructor(Parameters memory parameters_, IModelRegistry registry_, IMatches matches_, IInputs inputs_) {
        ParameterBounds.check(parameters_);
        registry = registry_;
        matches = matches_;
        inputs = inputs_;
        sealDomain = Seal.domain(block.chainid, address(this));
        _challengeWindowSeconds = parameters_.challengeWindowSeconds;
        _clockSeconds = parameters_.clockSeconds;
        _inputDemandSeconds = parameters_.inputDemandSeconds;
        _callbackGas = parameters_.callbackGas;
        _maxInputBytes = parameters_.maxInputBytes;
        _maxOutputBytes = parameters_.maxOutputBytes;
        _burnBps = parameters_.burnBps;
        _bondWei = parameters_.bondWei;
        _inputDemandWei = parameters_.inputDemandWei;
    }

    // ---------------------------------------------------------------- requests

    /// @inheritdoc IJobs
    function request(bytes32 modelId, bytes calldata input, uint32 claimSeconds, address consumer)
        external
        payable
        returns (uint256 jobId)
    {
        Model memory model = _model(modelId);
        uint256 inputBytes = uint256(model.inputElements) * model.inputWidth;
        require(inputBytes <= _maxInputBytes, Jobs_TooLarge("input", inputBytes, _maxInputBytes));
        _requireLength("input", input.length, inputBytes);
        bytes32 inputRoot = Merkle.rootOf(input, model.tensorDepth);
        Job storage job;
        (jobId, job) = _open(modelId, model, inputRoot, claimSeconds, consumer);
        emit JobRequested(jobId, modelId, msg.sender, inputRoot, msg.value, input);
    }

    /// @inheritdoc IJobs
    function requestByRoot(bytes32 modelId, bytes32 inputRoot, uint32 claimSeconds, address consumer)
        external
        payable
        returns (uint256 jobId)
    {
        Job storage job;
        (jobId, job) = _open(modelId, _model(modelId), inputRoot, claimSeconds, consumer);
        job.byRoot = true;
        emit JobRequested(jobId, modelId, msg.sender, inputRoot, msg.value, msg.data[:0]);
    }

    function _open(bytes32 modelId, Model memory model, bytes32 inputRoot, uint32 claimSeconds, address consumer)
        private
        returns (uint256 jobId, Job storage job)
    {
        require(claimSeconds != 0, Jobs_BadParameter("claimSeconds", 0));
        uint256 outputBytes = uint256(model.outputElements) * model.outputWidth;
        jobId = ++_jobCount;
        job = _jobs[jobId];
        job.modelId = modelId;
        job.inputRoot = inputRoot;
        job.requester = msg.sender;
        job.status = JobStatus.Open;
        job.claimBy = (block.timestamp + claimSeconds).toUint40();
        job.outputBytes = (outputBytes <= _maxOutputBytes ? outputBytes : 0).toUint16();
        job.slotDepth = model.slotDepth;
        job.tensorDepth = model.tensorDepth;
        job.feeWei = msg.value.toUint128();
        job.consumer = consumer;
    }

    // ---------------------------------------------------------------- claims

    /// @inheritdoc IJobs
    function submit(
        uint256 jobId,
        bytes32 modelId,
        bytes32 inputRoot,
        bytes32 seal,
        bytes32 outputRoot,
        bytes calldata output
    ) external payable returns (uint256 claimId) {
        Job storage job = _openJob(jobId);
        _requireSameJob(jobId, job, modelId, inputRoot);
        require(job.liveClaims == 0, Jobs_LiveClaimExists(jobId, job.liveClaims));
        require(block.timestamp <= job.claimBy, Jobs_ClaimDeadlinePassed(jobId, job.claimBy));
        job.windowEndsAt = (block.timestamp + _challengeWindowSeconds).toUint40();
        claimId = _postClaim(jobId, job, 0, seal, outputRoot, output);
    }

    /// @inheritdoc IJobs
    function challenge(Target calldata target, bytes32 seal, bytes32 outputRoot, bytes calldata output)
        external
        payable
        returns (uint256 claimId, uint256 matchId)
    {
        Claim storage targetClaim = _liveClaim(target.claimId);
        uint256 jobId = targetClaim.jobId;
        Job storage job = _openJob(jobId);
        _requireSameJob(jobId, job, target.modelId, target.inputRoot);
        require(
            targetClaim.seal == target.seal && targetClaim.outputRoot == target.outputRoot,
            Jobs_OtherClaim(target.claimId, targetClaim.seal)
        );
        require(block.timestamp <= job.windowEndsAt, Jobs_WindowClosed(jobId, job.windowEndsAt));
        claimId = _postClaim(jobId, job, target.claimId, seal, outputRoot, output);
        matchId = matches.openChallenge(jobId, target.claimId, claimId);
    }

    function _postClaim(
        uint256 jobId,
        Job storage job,
        uint256 target,
        bytes32 seal,
        bytes32 outputRoot,
        bytes calldata output
    ) private returns (uint256 claimId) {
        require(msg.value == _bondWei, Jobs_WrongBond(msg.value, _bondWei));
        _requireOutput(job, outputRoot, output);

        claimId = ++_claimCount;
        Claim storage claim = _claims[claimId];
        claim.claimant = msg.sender;
        claim.jobId = jobId.toUint64();
        claim.status = ClaimStatus.Live;
        if (target != 0) claim.target = target.toUint64();
        claim.seal = seal;
        claim.outputRoot = outputRoot;

        if (job.liveClaims == 0) job.firstClaim = claimId.toUint64(); // all before it are dead
        else _claims[job.lastClaim].next = claimId.toUint64();
        job.lastClaim = claimId.toUint64();
        ++job.liveClaims;
        emit Claimed(jobId, claimId, msg.sender, target, seal, outputRoot, job.windowEndsAt, output);
    }

    /// @inheritdoc IJobs
    function reveal(uint256 claimId, bytes32 traceRoot, bytes32[] calldata outputProof) external {
        Claim storage claim = _liveClaim(claimId);
        require(claim.revealedAt == 0, Jobs_AlreadyRevealed(claimId));
        uint256 jobId = claim.jobId;
        bytes32 computedSeal = Seal.compute(sealDomain, jobId, claim.claimant, traceRoot);
        require(computedSeal == claim.seal, Jobs_SealMismatch(claimId, computedSeal, claim.seal));

        Job storage job = _jobs[jobId];
        _requireLength("outputProof", outputProof.length, job.slotDepth);
        bytes32 computedRoot = Merkle.climb(claim.outputRoot, _model(job.modelId).stepCount, outputProof);
        require(computedRoot == traceRoot, Jobs_OutputNotInTrace(claimId, computedRoot, traceRoot));

        claim.revealedAt = block.timestamp.toUint40();
        claim.traceRoot = traceRoot;
        ++agreeing[jobId][traceRoot];
        emit Revealed(claimId, traceRoot);
    }

    // ---------------------------------------------------------------- ends

    /// @inheritdoc IJobs
    function finalize(uint256 jobId, bytes calldata output) external {
        Job storage job = _openJob(jobId);
        require(!job.byRoot || !inputs.isOutstanding(jobId), Jobs_InputDemanded(jobId));
        if (job.liveClaims == 0) {
            require(block.timestamp > job.claimBy, Jobs_WindowOpen(jobId, job.claimBy));
            _requireLength("output", output.length, 0);
            _void(jobId, job);
        } else {
            require(block.timestamp > job.windowEndsAt, Jobs_WindowOpen(jobId, job.windowEndsAt));
            _crown(jobId, job, _firstLiveClaim(job, type(uint256).max), output);
        }
    }

    function _crown(uint256 jobId, Job storage job, uint256 claimId, bytes calldata output) private {
        Claim storage claim = _claims[claimId];
        if (job.liveClaims > 1) {
            uint256 agree = claim.revealedAt == 0 ? 0 : agreeing[jobId][claim.traceRoot];
            require(agree == job.liveClaims, Jobs_Undecided(jobId, job.liveClaims, agree));
        }
        _requireOutput(job, claim.outputRoot, output);

        address claimant = claim.claimant;
        uint256 paidWei = _bondWei + job.feeWei + job.potWei;
        claim.status = ClaimStatus.Final;
        job.status = JobStatus.Final;
        job.firstClaim = claimId.toUint64();
        job.winner = claimId.toUint64();
        --job.liveClaims;
        _outputs[jobId] = _stored(output);
        creditOf[claimant] += paidWei;
        emit JobFinal(jobId, claimId, claimant, paidWei, output);

        if (job.consumer != address(0)) _callBack(jobId, job, output);
    }

    function _void(uint256 jobId, Job storage job) private {
        uint256 feeWei = job.feeWei;
        uint256 potWei = job.potWei;
        job.status = JobStatus.Void;
        creditOf[job.requester] += feeWei;
        burnedWei += potWei;
        emit JobVoid(jobId, feeWei, potWei);
    }

    /// @dev The last thing that {finalize} does. No return data is copied: its length is the consumer's choice.
    function _callBack(uint256 jobId, Job storage job, bytes calldata output) private {
        address consumer = job.consumer;
        bytes memory message = abi.encodeCall(IConsumer.onInference, (jobId, job.modelId, output));
        uint256 callbackGas = _callbackGas;
        uint256 codeBytes = consumer.code.length; // makes the account warm, whether there is code or not
        uint256 available = gasleft() - gasleft() / 64;
        require(
            available >= callbackGas + CALL_OVERHEAD_GAS, Jobs_CallbackGas(available, callbackGas + CALL_OVERHEAD_GAS)
        );
        bool success;
        assembly ("memory-safe") {
            success := call(callbackGas, consumer, 0, add(message, 0x20), mload(message), 0, 0)
        }
        emit CallbackDone(jobId, consumer, success && codeBytes != 0);
    }

    /// @inheritdoc IJobs
    function skipDeadClaims(uint256 jobId, uint256 maxSteps) external {
        Job storage job = _openJob(jobId);
        if (job.liveClaims != 0) job.firstClaim = _firstLiveClaim(job, maxSteps).toUint64();
    }

    /// @dev Follows the list of claims past at most `maxSteps` dead ones. The job has a live claim, so the list does not end.
    function _firstLiveClaim(Job storage job, uint256 maxSteps) private view returns (uint256 claimId) {
        claimId = job.firstClaim;
        for (uint256 i = 0; i < maxSteps && _claims[claimId].status != ClaimStatus.Live; ++i) {
            claimId = _claims[claimId].next;
        }
    }

    // ---------------------------------------------------------------- bonds

    /// @inheritdoc IJobs
    function reclaimBond(uint256 claimId) external {
        Claim storage claim = _liveClaim(claimId);
        uint256 jobId = claim.jobId;
        JobStatus status = _jobs[jobId].status;
        require(status != JobStatus.Open, Jobs_WrongStatus(jobId, status));
        bool needless = claim.target != 0 && claim.revealedAt != 0 && _claims[claim.target].traceRoot == claim.traceRoot;
        _close(claimId, needless);
    }

    /// @inheritdoc IJobs
    function loseClaim(uint256 claimId) external {
        require(msg.sender == address(matches), Jobs_OnlyMatches(msg.sender));
        (uint256 jobId, Job storage job) = _endClaim(claimId, ClaimStatus.Lost);
        require(job.status == JobStatus.Open, Jobs_WrongStatus(jobId, job.status));
        uint256 burned = _burnedShareWei();
        uint256 potWei = _bondWei - burned;
        burnedWei += burned;
        job.potWei += potWei.toUint128();
        emit ClaimLost(jobId, claimId, burned, potWei);
    }

    /// @inheritdoc IJobs
    function closeClaim(uint256 claimId) external {
        require(msg.sender == address(matches), Jobs_OnlyMatches(msg.sender));
        _close(claimId, true);
    }

    function _close(uint256 claimId, bool needless) private {
        (uint256 jobId,) = _endClaim(claimId, ClaimStatus.Closed);
        uint256 burned = needless ? _burnedShareWei() : 0;
        uint256 returnedWei = _bondWei - burned;
        if (needless) burnedWei += burned;
        creditOf[_claims[claimId].claimant] += returnedWei;
        emit ClaimClosed(jobId, claimId, burned, returnedWei);
    }

    /// @dev Takes a live claim out of the counts of its job.
    function _endClaim(uint256 claimId, ClaimStatus status) private returns (uint256 jobId, Job storage job) {
        Claim storage claim = _liveClaim(claimId);
        jobId = claim.jobId;
        job = _jobs[jobId];
        claim.status = status;
        --job.liveClaims;
        if (claim.revealedAt != 0) --agreeing[jobId][claim.traceRoot];
    }

    function _burnedShareWei() private view returns (uint256) {
        return _bondWei * _burnBps / ParameterBounds.BPS;
    }

    /// @inheritdoc IJobs
    function withdraw() external returns (uint256 amountWei) {
        amountWei = creditOf[msg.sender];
        require(amountWei != 0, Jobs_NothingToWithdraw(msg.sender));
        creditOf[msg.sender] = 0;
        emit Withdrawn(msg.sender, amountWei);
        (bool success,) = msg.sender.call{value: amountWei}("");
        require(success, Jobs_TransferFailed(msg.sender, amountWei));
    }

    // ---------------------------------------------------------------- demanded inputs

    /// @inheritdoc IJobs
    function demandableUntil(uint256 jobId) external view returns (uint256) {
        Job storage job = _openJob(jobId);
        if (!job.byRoot) return 0;
        return job.liveClaims == 0 ? job.claimBy : job.windowEndsAt;
    }

    /// @inheritdoc IJobs
    function inputPosted(uint256 jobId) external {
        require(msg.sender == address(inputs), Jobs_OnlyInputs(msg.sender));
        Job storage job = _openJob(jobId);
        if (job.windowEndsAt != 0) job.windowEndsAt = (block.timestamp + _challengeWindowSeconds).toUint40();
    }

    /// @inheritdoc IJobs
    function inputMissing(uint256 jobId) external {
        require(msg.sender == address(inputs), Jobs_OnlyInputs(msg.sender));
        _void(jobId, _openJob(jobId));
    }

    /// @inheritdoc IJobs
    function credit(address account) external payable {
        require(msg.sender == address(inputs), Jobs_OnlyInputs(msg.sender));
        creditOf[account] += msg.value;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IJobs
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            challengeWindowSeconds: uint32(_challengeWindowSeconds),
            clockSeconds: uint32(_clockSeconds),
            inputDemandSeconds: uint32(_inputDemandSeconds),
            callbackGas: uint32(_callbackGas),
            maxInputBytes: uint32(_maxInputBytes),
            maxOutputBytes: uint32(_maxOutputBytes),
            burnBps: uint16(_burnBps),
            bondWei: uint128(_bondWei),
            inputDemandWei: uint128(_inputDemandWei)
        });
    }

    /// @inheritdoc IJobs
    function jobCount() external view returns (uint256) {
        return _jobCount;
    }

    /// @inheritdoc IJobs
    function claimCount() external view returns (uint256) {
        return _claimCount;
    }

    /// @inheritdoc IJobs
    function getJob(uint256 jobId) external view returns (Job memory) {
        return _knownJob(jobId);
    }

    /// @inheritdoc IJobs
    function questionOf(uint256 jobId) external view returns (bytes32 modelId, bytes32 inputRoot, uint8 traceDepth) {
        Job storage job = _knownJob(jobId);
        return (job.modelId, job.inputRoot, job.slotDepth + job.tensorDepth);
    }

    /// @inheritdoc IJobs
    function getClaim(uint256 claimId) external view returns (Claim memory) {
        return _knownClaim(claimId);
    }

    /// @inheritdoc IJobs
    function areLive(uint256 claimIdA, uint256 claimIdB) external view returns (bool liveA, bool liveB) {
        return (_claims[claimIdA].status == ClaimStatus.Live, _claims[claimIdB].status == ClaimStatus.Live);
    }

    /// @inheritdoc IJobs
    function outputOf(uint256 jobId) external view returns (bytes memory) {
        Job storage job = _finalJob(jobId);
        bytes32 stored = _outputs[jobId];
        if (job.outputBytes > WORD_BYTES) return SSTORE2.read(address(uint160(uint256(stored))));
        bytes memory output = abi.encodePacked(stored);
        uint256 outputBytes = job.outputBytes;
        assembly ("memory-safe") {
            mstore(output, outputBytes) // at most the one word that is there
        }
        return output;
    }

    /// @inheritdoc IJobs
    function outputRootOf(uint256 jobId) external view returns (bytes32) {
        return _claims[_finalJob(jobId).winner].outputRoot;
    }

    // ---------------------------------------------------------------- checks

    function _model(bytes32 modelId) private view returns (Model memory) {
        return registry.get(modelId);
    }

    function _knownJob(uint256 jobId) private view returns (Job storage job) {
        job = _jobs[jobId];
        require(job.status != JobStatus.None, Jobs_UnknownJob(jobId));
    }

    function _openJob(uint256 jobId) private view returns (Job storage job) {
        job = _knownJob(jobId);
        require(job.status == JobStatus.Open, Jobs_WrongStatus(jobId, job.status));
    }

    function _finalJob(uint256 jobId) private view returns (Job storage job) {
        job = _knownJob(jobId);
        require(job.status == JobStatus.Final, Jobs_WrongStatus(jobId, job.status));
    }

    function _knownClaim(uint256 claimId) private view returns (Claim storage claim) {
        claim = _claims[claimId];
        require(claim.status != ClaimStatus.None, Jobs_UnknownClaim(claimId));
    }

    function _liveClaim(uint256 claimId) private view returns (Claim storage claim) {
        claim = _knownClaim(claimId);
        require(claim.status == ClaimStatus.Live, Jobs_ClaimNotLive(claimId, claim.status));
    }

    function _requireSameJob(uint256 jobId, Job storage job, bytes32 modelId, bytes32 inputRoot) private view {
        require(job.modelId == modelId && job.inputRoot == inputRoot, Jobs_OtherJob(jobId, job.modelId, job.inputRoot));
    }

    function _requireLength(bytes32 what, uint256 length, uint256 requiredLength) private pure {
        if (length != requiredLength) {
            revert Jobs_WrongLength(LibString.fromSmallString(what), length, requiredLength);
        }
    }

    function _requireOutput(Job storage job, bytes32 outputRoot, bytes calldata output) private view {
        uint256 outputBytes = job.outputBytes;
        _requireLength("output", output.length, outputBytes);
        if (outputBytes == 0) return;
        bytes32 computedRoot = Merkle.rootOf(output, job.tensorDepth);
        require(computedRoot == outputRoot, Jobs_OutputMismatch(computedRoot, outputRoot));
    }

    function _stored(bytes calldata output) private returns (bytes32) {
        if (output.length <= WORD_BYTES) return bytes32(output);
        return bytes32(uint256(uint160(SSTORE2.write(output))));
    }
}
