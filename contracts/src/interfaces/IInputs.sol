// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @param demandedAt When the input was demanded; 0 when it was not.
/// @param demander Who staked.
/// @param chunkCount Chunks in all; @param postedChunks how many are posted.
/// @param complete Every chunk is posted.
struct Demand {
    uint40 demandedAt;
    address demander;
    uint16 chunkCount;
    uint16 postedChunks;
    bool complete;
}

/// @title Inputs that went by their root, demanded on-chain.
/// @notice A watchtower that cannot get an input demands it. Until it is posted the job cannot become final; if it is not
/// posted in time the job is Void. The demander's stake pays whoever posts it, chunk by chunk.
interface IInputs {
    event InputDemanded(uint256 indexed jobId, address indexed demander, uint256 deadline);
    event InputChunkPosted(uint256 indexed jobId, uint256 indexed chunk, address indexed poster, bytes data);
    event InputComplete(uint256 indexed jobId);
    event InputMissing(uint256 indexed jobId);

    error Inputs_NotByRoot(uint256 jobId);
    error Inputs_AlreadyDemanded(uint256 jobId);
    error Inputs_NotDemanded(uint256 jobId);
    error Inputs_WrongStake(uint256 sentWei, uint256 requiredWei);
    error Inputs_TooLate(uint256 jobId, uint256 deadline);
    error Inputs_TooEarly(uint256 jobId, uint256 deadline);
    error Inputs_NoSuchChunk(uint256 chunk, uint256 chunkCount);
    error Inputs_ChunkPosted(uint256 jobId, uint256 chunk);
    error Inputs_WrongLength(string what, uint256 length, uint256 requiredLength);
    error Inputs_RootMismatch(bytes32 computed, bytes32 inputRoot);
    /// @notice What follows the input's last chunk is not zero, so the root is not that of any input.
    error Inputs_NotPadded(bytes32 sibling, bytes32 zero);

    /// @notice Demands a job's input, with the stake. Once per job, while the job is open, up to `windowEndsAt` while a claim is
    /// live and up to `claimBy` otherwise.
    /// @param inputRoot The input that is missed; another job at this id reverts.
    function demand(uint256 jobId, bytes32 inputRoot) external payable;

    /// @notice Posts chunk `chunk` (128 leaves; the last one may be shorter) with its proof up to the job's input root; its
    /// share of the stake is credited in {IJobs}. A job whose root has anything but zeros beyond the input's end cannot get its last chunk.
    function post(uint256 jobId, uint256 chunk, bytes calldata data, bytes32[] calldata proof) external;

    /// @notice Voids a job whose demanded input did not come in time; what is left of the stake is credited to the demander.
    function giveUp(uint256 jobId) external;

    /// @notice True while a demanded input is not complete: the job must not become final.
    function isOutstanding(uint256 jobId) external view returns (bool);
    function demandOf(uint256 jobId) external view returns (Demand memory);
}
