// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title A contract that wants to be told when a job is final.
interface IConsumer {
    /// @notice Called by Jobs, once, when the job has become Final, with a fixed amount of gas; what it does or fails to do
    /// cannot hold up the job. Check `msg.sender`.
    /// @param output The output's bytes (docs/protocol.md, "Tensors"); empty when the output goes by its root: then, and when the
    /// callback has failed, anybody can bring the bytes, and {IJobs-isOutput} says whether they are the job's.
    function onInference(uint256 jobId, bytes32 modelId, bytes calldata output) external;
}
