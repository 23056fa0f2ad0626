// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Opening} from "./IStepVerifier.sol";

/// @notice Where a match stands.
/// Reveal: a side whose claim is not revealed is to move. Descend: `turn` is to move. Leaf: every side that has not posted
/// its leaf is to move. Proof: both are. Over: nobody.
enum Phase {
    None,
    Reveal,
    Descend,
    Leaf,
    Proof,
    Over
}

enum Ending {
    None,
    Proof,
    Time,
    SameTrace
}

/// @param claims The earlier claim (side 0) and the later one (side 1).
/// @param height Levels below the current node; 0 at a leaf.
/// @param position Index of the current node among the nodes of its level.
/// @param turn The side to move while descending.
/// @param leafPosted Bit i is set when side i has posted its leaf.
/// @param losers Bit i is set when side i lost; only when over.
/// @param clockStartedAt Since when the running clocks run.
/// @param remainingSeconds Each side's clock when it last stopped.
/// @param nodes The hashes of the current node in each side's trace.
struct Match {
    uint64[2] claims;
    Phase phase;
    Ending ending;
    uint8 height;
    uint8 turn;
    uint8 leafPosted;
    uint8 losers;
    uint40 openedAt;
    uint40 clockStartedAt;
    uint32[2] remainingSeconds;
    uint64 position;
    bytes32[2] nodes;
}

/// @title The game between two claims of one job.
/// @notice There is no choice in it: each side opens its own commitment, so no move can be wrong and anyone who holds the
/// same trace can move for a side. What a player may rely on: its clock runs only while its side is to move, it has
/// `clockSeconds` in all, and when a clock has run out anyone may call time. A match between live claims ends within two clocks.
/// Every move names the state it was made for and reverts in any other.
interface IMatches {
    event MatchOpened(uint256 indexed matchId, uint256 indexed jobId, uint256 claim0, uint256 claim1);
    /// @notice A side opened `children` (the level `levels` below) under its node at (height, position).
    event NodeOpened(uint256 indexed matchId, uint8 side, uint8 height, uint64 position, bytes32[] children);
    /// @notice Both sides opened; the first difference is the node at (height, position).
    event Descended(uint256 indexed matchId, uint8 height, uint64 position, bytes32 node0, bytes32 node1);
    event LeafPosted(uint256 indexed matchId, uint8 side, bytes leaf);
    /// @notice The contract computed the first element in which the two leaves differ.
    event ElementComputed(
        uint256 indexed matchId, uint256 slot, uint256 element, int256 value0, int256 value1, int256 computed
    );
    event MatchEnded(uint256 indexed matchId, Ending ending, uint8 losers);

    error Matches_UnknownMatch(uint256 matchId);
    error Matches_SameClaim(uint256 claimId);
    error Matches_OtherJob(uint256 job0, uint256 job1);
    error Matches_AlreadyMatched(uint256 matchId);
    error Matches_SameTrace(uint256 claim0, uint256 claim1);
    error Matches_OtherTrace(bytes32 traceRoot0, bytes32 traceRoot1);
    error Matches_ClaimNotLive(uint256 claimId);
    error Matches_WrongPhase(uint256 matchId, Phase phase);
    error Matches_NotRevealed(uint256 claimId);
    /// @notice The match has moved on from the state that this move was made for.
    error Matches_OtherState(uint8 height, uint64 position);
    error Matches_NoSuchSide(uint8 side);
    /// @notice This kind of proof is not for this slot: slot 0 is the input, slots up to the step count are made by steps.
    error Matches_WrongSlot(uint256 slot, uint256 stepCount);
    error Matches_WrongLength(string what, uint256 length, uint256 requiredLength);
    error Matches_NodeMismatch(uint8 side, bytes32 computed, bytes32 node);
    /// @notice What side 1 repeats is not what side 0 opened: it does not hash to side 0's node.
    error Matches_OpeningMismatch(bytes32 computed, bytes32 node);
    error Matches_LeafAlreadyPosted(uint8 side);
    error Matches_ClockExpired(uint8 side);
    error Matches_NoClockExpired(uint256 matchId);
    error Matches_StepMismatch(bytes32 computedRoot, bytes32 programRoot);
    error Matches_InputMismatch(bytes32 computedRoot, bytes32 inputRoot);
    error Matches_OnlyJobs(address caller);

    /// @notice Opens the match of two live claims of a job. Anyone may, at any time, once for each pair, unless both have
    /// revealed the same trace.
    function openMatch(uint256 claimIdA, uint256 claimIdB) external returns (uint256 matchId);

    /// @notice Opens the current node of the side whose turn it is. Side 0 opens first; side 1 answers, and the match goes on
    /// at the first child in which they differ.
    /// @param height @param position The state this move was made for.
    /// @param children The descendants min(4, ...) levels below, left to right: 2^levels hashes.
    /// @param otherChildren What side 0 has opened; empty when side 0 moves.
    function descend(
        uint256 matchId,
        uint8 height,
        uint64 position,
        bytes32[] calldata children,
        bytes32[] calldata otherChildren
    ) external;

    /// @notice Posts a side's leaf: the 256 bytes that hash to its current node.
    function postLeaf(uint256 matchId, uint8 side, uint64 position, bytes calldata leaf) external;

    /// @notice Decides a difference in slot 0 by the job's input root.
    /// @param leaves Both sides' leaves.
    /// @param inputLeaf The true leaf, and its proof: `tensorDepth` siblings.
    function proveInput(
        uint256 matchId,
        uint64 position,
        bytes[2] calldata leaves,
        bytes calldata inputLeaf,
        bytes32[] calldata inputProof
    ) external;

    /// @notice Decides a difference in the output of a step by computing the first element in which the leaves differ.
    /// @param step The encoded step and its proof: `slotDepth` siblings under the program root.
    /// @param side The side whose trace root the trace opening is against; what a step reads is common to both.
    function proveStep(
        uint256 matchId,
        uint64 position,
        bytes[2] calldata leaves,
        bytes calldata step,
        bytes32[] calldata stepProof,
        uint8 side,
        Opening calldata traceOpening,
        Opening calldata constantsOpening
    ) external;

    /// @notice Decides a difference in a slot that no step makes: there every byte is zero.
    function provePadding(uint256 matchId, uint64 position, bytes[2] calldata leaves) external;

    /// @notice Ends the match against every side whose clock has run out.
    function callTime(uint256 matchId) external;

    /// @notice Ends a match whose sides have revealed the same trace. A challenge against that very claim was needless and
    /// forfeits the burned share.
    function settleSameTrace(uint256 matchId) external;

    /// @notice Only {IJobs}: opens the match of a challenge with its target.
    function openChallenge(uint256 jobId, uint256 targetClaimId, uint256 claimId) external returns (uint256 matchId);

    function matchCount() external view returns (uint256);
    /// @notice A match as it stands now: once both sides have revealed different traces it is in Descend, at the roots, with the
    /// clocks as they then ran, though nobody has moved yet.
    function getMatch(uint256 matchId) external view returns (Match memory);
    /// @notice The match of two claims; 0 when there is none.
    function matchOf(uint256 claimIdA, uint256 claimIdB) external view returns (uint256 matchId);
}
