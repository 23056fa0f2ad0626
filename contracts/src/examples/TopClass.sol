// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IConsumer} from "../interfaces/IConsumer.sol";
import {IJobs, Job, JobStatus} from "../interfaces/IJobs.sol";

/// @title Example: asks a classifier and keeps the best class of each answer.
/// @notice What a consumer has to do: believe nobody but Jobs, stay within `callbackGas`, take an output that the callback did not
/// bring from anybody who has it, and give the fee of a Void job back.
contract TopClass is IConsumer {
    IJobs public immutable jobs;
    bytes32 public immutable modelId;
    /// @notice Bytes of one output element of the model: 1, 2 or 4.
    uint256 public immutable outputWidth;

    mapping(uint256 jobId => address) public askerOf;
    mapping(uint256 jobId => bool) public answered;
    mapping(uint256 jobId => uint256) public classOf;

    event Answered(uint256 indexed jobId, uint256 class);

    error TopClass_OnlyJobs(address caller);
    error TopClass_NotTheOutput(uint256 jobId);
    error TopClass_NothingToRefund(uint256 jobId);
    error TopClass_RefundFailed(address asker, uint256 amountWei);

    constructor(IJobs jobs_, bytes32 modelId_, uint256 outputWidth_) {
        jobs = jobs_;
        modelId = modelId_;
        outputWidth = outputWidth_;
    }

    /// @dev Only what {IJobs-withdraw} pays out.
    receive() external payable {
        require(msg.sender == address(jobs), TopClass_OnlyJobs(msg.sender));
    }

    function ask(bytes calldata input, uint32 claimSeconds) external payable returns (uint256 jobId) {
        jobId = jobs.request{value: msg.value}(modelId, input, claimSeconds, address(this));
        askerOf[jobId] = msg.sender;
    }

    /// @inheritdoc IConsumer
    function onInference(uint256 jobId, bytes32, bytes calldata output) external {
        require(msg.sender == address(jobs), TopClass_OnlyJobs(msg.sender));
        if (askerOf[jobId] != address(0) && output.length != 0) _answer(jobId, output);
    }

    /// @notice Takes the output of a Final job from anybody: one that goes by its root, or whose callback failed.
    function answer(uint256 jobId, bytes calldata output) external {
        bool isAsked = askerOf[jobId] != address(0) && !answered[jobId];
        require(isAsked && jobs.isOutput(jobId, output), TopClass_NotTheOutput(jobId));
        _answer(jobId, output);
    }

    function _answer(uint256 jobId, bytes calldata output) private {
        uint256 class = _argMax(output);
        classOf[jobId] = class;
        answered[jobId] = true;
        emit Answered(jobId, class);
    }

    /// @notice Pays the fee of a Void job back to whoever asked, once.
    function refund(uint256 jobId) external {
        address asker = askerOf[jobId];
        Job memory job = jobs.getJob(jobId);
        require(asker != address(0) && job.status == JobStatus.Void, TopClass_NothingToRefund(jobId));
        delete askerOf[jobId];
        if (jobs.creditOf(address(this)) != 0) jobs.withdraw();
        (bool success,) = asker.call{value: job.feeWei}("");
        require(success, TopClass_RefundFailed(asker, job.feeWei));
    }

    function _argMax(bytes calldata output) private view returns (uint256 class) {
        int256 best = type(int256).min;
        for (uint256 i = 0; i * outputWidth < output.length; ++i) {
            bytes32 word = bytes32(output[i * outputWidth:(i + 1) * outputWidth]);
            int256 value = int256(uint256(word)) >> (256 - 8 * outputWidth); // two's complement, big-endian
            if (value > best) (best, class) = (value, i);
        }
    }
}
