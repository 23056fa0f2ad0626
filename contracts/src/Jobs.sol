// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibString} from "solady/utils/LibString.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IConsumer} from "./interfaces/IConsumer.sol";
import {IInputs} from "./interfaces/IInputs.sol";
import {Claim, ClaimStatus, IJobs, Job, JobStatus, Parameters, Target, Terms} from "./interfaces/IJobs.sol";
import {IMatches} from "./interfaces/IMatches.sol";
import {IModelRegistry, Model} from "./interfaces/IModelRegistry.sol";
import {IRefunds} from "./interfaces/IRefunds.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Seal} from "./libraries/Seal.sol";

contract Jobs is IJobs {
    using SafeCastLib for uint256;

    /// @dev More than the opcodes between the gas check and the callback cost; the consumer's account is warm by then.
    uint256 private constant CALL_OVERHEAD_GAS = 1_000;

    IModelRegistry public immutable registry;
    IMatches public immutable matches;
    IInputs public immutable inputs;
    IRefunds public immutable refunds;
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
    uint256 private immutable _burnedShareWei;
    uint256 private immutable _inputDemandWei;
    uint256 private immutable _refundGasPriceWei;

    /// @dev One slot, which a claim's loss writes as well as its posting.
    uint40 private _jobCount;
    uint40 private _claimCount;
    uint128 private _burnedWei;
    mapping(uint256 jobId => Job) private _jobs;
    mapping(uint256 claimId => Claim) private _claims;
    /// @inheritdoc IJobs
    mapping(address account => uint256) public creditOf;

    constructor(
        Parameters memory parameters_,
        IModelRegistry registry_,
        IMatches matches_,
        IInputs inputs_,
        IRefunds refunds_
    ) {
        ParameterBounds.check(parameters_);
        registry = registry_;
        matches = matches_;
        inputs = inputs_;
        refunds = refunds_;
        sealDomain = Seal.domain(block.chainid, address(this));
        _challengeWindowSeconds = parameters_.challengeWindowSeconds;
        _clockSeconds = parameters_.clockSeconds;
        _inputDemandSeconds = parameters_.inputDemandSeconds;
        _callbackGas = parameters_.callbackGas;
        _maxInputBytes = parameters_.maxInputBytes;
        _maxOutputBytes = parameters_.maxOutputBytes;
        _burnBps = parameters_.burnBps;
        _burnedShareWei = ParameterBounds.burnedShareWei(parameters_);
        _bondWei = parameters_.bondWei;
        _inputDemandWei = parameters_.inputDemandWei;
        _refundGasPriceWei = parameters_.refundGasPriceWei;
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
        job.claimBy = (block.timestamp + claimSeconds).toUint40();
        job.status = JobStatus.Open;
        job.stepCount = uint256(model.stepCount).toUint24();
        job.outputBytes = (outputBytes <= _maxOutputBytes ? outputBytes : 0).toUint16();
        job.slotDepth = model.slotDepth;
        job.tensorDepth = model.tensorDepth;
        job.feeWei = msg.value.toUint96();
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
        claimId = _postClaim(jobId, job, Terms(seal, outputRoot, 0), output);
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
        _requireTerms(target.claimId, targetClaim, target.terms);
        require(block.timestamp <= job.windowEndsAt, Jobs_WindowClosed(jobId, job.windowEndsAt));
        claimId = _postClaim(jobId, job, Terms(seal, outputRoot, target.claimId), output);
        matchId = matches.openChallenge(jobId, target.claimId, claimId, job.slotDepth + job.tensorDepth);
    }

    function _postClaim(uint256 jobId, Job storage job, Terms memory terms, bytes calldata output)
        private
        returns (uint256 claimId)
    {
        require(msg.value == _bondWei, Jobs_WrongBond(msg.value, _bondWei));
        _requireOutput(job, terms.outputRoot, output);

        claimId = ++_claimCount;
        Claim storage claim = _claims[claimId];
        claim.claimant = msg.sender;
        claim.status = ClaimStatus.Live;
        claim.jobId = jobId.toUint40();
        claim.commitment = keccak256(abi.encode(terms));

        if (job.liveClaims == 0) job.firstClaim = claimId.toUint40(); // all before it are dead
        else _claims[job.lastClaim].next = claimId.toUint40();
        job.lastClaim = claimId.toUint40();
        ++job.liveClaims;
        emit Claimed(jobId, claimId, msg.sender, terms.target, terms.seal, terms.outputRoot, job.windowEndsAt, output);
    }

    // ---------------------------------------------------------------- ends

    /// @inheritdoc IJobs
    function finalize(uint256 jobId, Terms calldata terms, bytes calldata output) external {
        Job storage job = _openJob(jobId);
        require(!job.byRoot || !inputs.isOutstanding(jobId), Jobs_InputDemanded(jobId));
        if (job.liveClaims == 0) {
            require(block.timestamp > job.claimBy, Jobs_WindowOpen(jobId, job.claimBy));
            _requireLength("output", output.length, 0);
            _void(jobId, job);
        } else {
            require(block.timestamp > job.windowEndsAt, Jobs_WindowOpen(jobId, job.windowEndsAt));
            _crown(jobId, job, terms, output);
        }
    }

    // A count of 32 bits stays one when it falls.
    // forge-lint: disable-next-item(unsafe-typecast)
    function _crown(uint256 jobId, Job storage job, Terms calldata terms, bytes calldata output) private {
        (uint256 claimId, uint256 agreedUpTo) = _walk(job, type(uint256).max);
        uint256 liveClaims = job.liveClaims;
        require(
            liveClaims == 1 || agreedUpTo == job.lastClaim, Jobs_Undecided(jobId, liveClaims, _claims[agreedUpTo].next)
        );
        Claim storage claim = _claims[claimId];
        _requireTerms(claimId, claim, terms);
        _requireOutput(job, terms.outputRoot, output);

        address claimant = claim.claimant;
        uint256 paidWei = _bondWei + job.feeWei + _potWei(job);
        claim.status = ClaimStatus.Final;
        claim.commitment = terms.outputRoot;
        job.status = JobStatus.Final;
        job.firstClaim = claimId.toUint40();
        job.liveClaims = uint32(liveClaims - 1);
        emit JobFinal(jobId, claimId, claimant, paidWei, output);
        _pay(claimant, paidWei);

        if (job.consumer != address(0)) _callBack(jobId, job, output);
    }

    function _void(uint256 jobId, Job storage job) private {
        uint256 feeWei = job.feeWei;
        uint256 potWei = _potWei(job);
        job.status = JobStatus.Void;
        _burnedWei += potWei.toUint128();
        emit JobVoid(jobId, feeWei, potWei);
        _pay(job.requester, feeWei);
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
    function walkClaims(uint256 jobId, uint256 maxSteps) external {
        Job storage job = _openJob(jobId);
        if (job.liveClaims == 0) return;
        (uint256 firstClaim, uint256 agreedUpTo) = _walk(job, maxSteps);
        job.firstClaim = firstClaim.toUint40();
        if (agreedUpTo > job.agreedUpTo) job.agreedUpTo = agreedUpTo.toUint40();
    }

    /// @dev The first live claim, and how far the list holds no live claim that disagrees with it, after at most `steps` claims
    /// (docs/protocol.md, "Claims"). The job has a live claim. What was found once stays true: claims die and are appended, and
    /// those that agreed with a first claim that has died agree with the one after it.
    function _walk(Job storage job, uint256 steps) private view returns (uint256 firstClaim, uint256 agreedUpTo) {
        firstClaim = job.firstClaim;
        for (; !_isLive(firstClaim); --steps) {
            if (steps == 0) return (firstClaim, 0);
            firstClaim = _claims[firstClaim].next;
        }
        if (job.liveClaims == 1) return (firstClaim, firstClaim);
        agreedUpTo = FixedPointMathLib.max(job.agreedUpTo, firstClaim);
        bytes32 traceRoot = matches.traceRootOf(firstClaim);
        for (uint256 last = job.lastClaim; steps != 0 && agreedUpTo != last; --steps) {
            uint256 next = _claims[agreedUpTo].next;
            if (_isLive(next) && (traceRoot == 0 || matches.traceRootOf(next) != traceRoot)) break;
            agreedUpTo = next;
        }
    }

    function _isLive(uint256 claimId) private view returns (bool) {
        return _claims[claimId].status == ClaimStatus.Live;
    }

    // ---------------------------------------------------------------- bonds

    /// @inheritdoc IJobs
    function reclaimBond(uint256 claimId, Terms calldata terms) external {
        Claim storage claim = _liveClaim(claimId);
        _requireTerms(claimId, claim, terms);
        JobStatus status = _jobs[claim.jobId].status;
        require(status != JobStatus.Open, Jobs_WrongStatus(claim.jobId, status));
        bytes32 traceRoot = matches.traceRootOf(claimId);
        bool needless = terms.target != 0 && traceRoot != 0 && matches.traceRootOf(terms.target) == traceRoot;
        _close(claimId, claim, needless ? _burnedShareWei : 0);
    }

    /// @inheritdoc IJobs
    function endMatch(uint256 claimId0, uint256 claimId1, uint256 losers) external {
        require(msg.sender == address(matches), Jobs_OnlyMatches(msg.sender));
        (Claim storage claim0, Claim storage claim1) = (_liveClaim(claimId0), _liveClaim(claimId1));
        uint256 jobId = claim0.jobId;
        Job storage job = _openJob(jobId);
        if (losers & 1 != 0) _lose(jobId, job, claimId0, claim0);
        if (losers & 2 != 0) _lose(jobId, job, claimId1, claim1);
    }

    function _lose(uint256 jobId, Job storage job, uint256 claimId, Claim storage claim) private {
        uint256 burned = _burnedShareWei;
        uint256 potWei = _bondWei - burned;
        claim.status = ClaimStatus.Lost;
        --job.liveClaims;
        ++job.lostClaims;
        _burnedWei += burned.toUint128();
        emit ClaimLost(jobId, claimId, burned, potWei);
    }

    /// @inheritdoc IJobs
    function settle(uint256 claimId0, uint256 claimId1, Terms calldata terms1) external {
        require(msg.sender == address(matches), Jobs_OnlyMatches(msg.sender));
        _liveClaim(claimId0);
        Claim storage claim1 = _liveClaim(claimId1);
        _requireTerms(claimId1, claim1, terms1);
        if (terms1.target == claimId0) _close(claimId1, claim1, _burnedShareWei);
    }

    function _close(uint256 claimId, Claim storage claim, uint256 burned) private {
        uint256 jobId = claim.jobId;
        uint256 returnedWei = _bondWei - burned;
        claim.status = ClaimStatus.Closed;
        --_jobs[jobId].liveClaims;
        if (burned != 0) _burnedWei += burned.toUint128();
        emit ClaimClosed(jobId, claimId, burned, returnedWei);
        _pay(claim.claimant, returnedWei);
    }

    /// @dev What losing claims have left to the winner.
    function _potWei(Job storage job) private view returns (uint256) {
        return job.lostClaims * (_bondWei - _burnedShareWei);
    }

    /// @inheritdoc IJobs
    function refund(uint256 winner, uint256 loser, address account, uint256 amountWei) external {
        require(msg.sender == address(refunds), Jobs_OnlyRefunds(msg.sender));
        (Claim storage won, Claim storage lost) = (_knownClaim(winner), _knownClaim(loser));
        bool hasWon = won.status == ClaimStatus.Final && lost.status == ClaimStatus.Lost && won.jobId == lost.jobId;
        require(hasWon, Jobs_NotWonAgainst(winner, loser));
        _burnedWei -= amountWei.toUint128();
        _pay(account, amountWei);
    }

    /// @inheritdoc IJobs
    function withdraw() external returns (uint256 amountWei) {
        amountWei = creditOf[msg.sender];
        require(amountWei != 0, Jobs_NothingToWithdraw(msg.sender));
        creditOf[msg.sender] = 0;
        require(_send(msg.sender, amountWei), Jobs_TransferFailed(msg.sender, amountWei));
    }

    /// @dev The caller is paid at once, anybody else is credited: nobody's end of a job waits for somebody else's code. Comes after
    /// all that the function writes, since whoever is paid may call back.
    function _pay(address account, uint256 amountWei) private {
        if (account != msg.sender || !_send(account, amountWei)) creditOf[account] += amountWei;
    }

    function _send(address account, uint256 amountWei) private returns (bool success) {
        if (amountWei == 0) return true;
        (success,) = account.call{value: amountWei}("");
        if (success) emit Withdrawn(account, amountWei);
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
    // Each came from a field of this type.
    // forge-lint: disable-next-item(unsafe-typecast)
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
            inputDemandWei: uint128(_inputDemandWei),
            refundGasPriceWei: uint64(_refundGasPriceWei)
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
    function burnedWei() external view returns (uint256) {
        return _burnedWei;
    }

    /// @inheritdoc IJobs
    function getJob(uint256 jobId) external view returns (Job memory) {
        return _knownJob(jobId);
    }

    /// @inheritdoc IJobs
    function questionOf(uint256 jobId) external view returns (bytes32 modelId, bytes32 inputRoot) {
        Job storage job = _knownJob(jobId);
        return (job.modelId, job.inputRoot);
    }

    /// @inheritdoc IJobs
    function traceShapeOf(uint256 jobId) external view returns (uint32 lastSlot, uint8 slotDepth, uint8 tensorDepth) {
        Job storage job = _knownJob(jobId);
        return (job.stepCount, job.slotDepth, job.tensorDepth);
    }

    /// @inheritdoc IJobs
    function getClaim(uint256 claimId) external view returns (Claim memory) {
        return _knownClaim(claimId);
    }

    /// @inheritdoc IJobs
    function outputRootOf(uint256 jobId) public view returns (bytes32) {
        Job storage job = _knownJob(jobId);
        require(job.status == JobStatus.Final, Jobs_WrongStatus(jobId, job.status));
        return _claims[job.firstClaim].commitment;
    }

    /// @inheritdoc IJobs
    function isOutput(uint256 jobId, bytes calldata output) external view returns (bool) {
        bytes32 outputRoot = outputRootOf(jobId);
        Job storage job = _jobs[jobId];
        Model memory model = _model(job.modelId);
        bool isWhole = output.length == uint256(model.outputElements) * model.outputWidth;
        return isWhole && Merkle.rootOf(output, job.tensorDepth) == outputRoot;
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

    function _requireTerms(uint256 claimId, Claim storage claim, Terms calldata terms) private view {
        bytes32 computed = keccak256(abi.encode(terms));
        require(computed == claim.commitment, Jobs_OtherTerms(claimId, computed, claim.commitment));
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
}
