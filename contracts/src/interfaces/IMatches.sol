// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Terms} from "./IJobs.sol";
import {Opening} from "./IStepVerifier.sol";

/// @notice Where a match stands.
/// Open: side 1 is to open its root. Descend: `turn` is to answer the other side's opening. Leaf: the other side has posted its
/// leaf, `turn` has not. Proof: both leaves are there, and both sides are to move. Over: nobody is.
enum Phase {
    None,
    Open,
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

/// @param claims The earlier claim (side 0) and the later one (side 1); the match id is `claims[0] << 64 | claims[1]`.
/// @param height Levels below the current node; 0 at a leaf.
/// @param position Index of the current node among the nodes of its level.
/// @param turn The side to move in Open, Descend and Leaf.
/// @param losers Bit i is set when side i lost; only when over.
/// @param clockStartedAt Since when the running clocks run.
/// @param remainingSeconds Each side's clock when it last stopped.
/// @param nodesHash keccak256 of both sides' current nodes, side 0 first; 0 at the root, where they are the trace roots.
struct Match {
    uint64[2] claims;
    Phase phase;
    Ending ending;
    uint8 height;
    uint8 turn;
    uint8 losers;
    uint40 openedAt;
    uint40 clockStartedAt;
    uint32[2] remainingSeconds;
    uint64 position;
    bytes32 nodesHash;
}

/// @notice Where a side's own opening first differs from what the other side has opened, among the nodes of that level.
/// @param index The first difference.
/// @param otherNode The other side's node there; one's own follows from what is opened below it.
/// @param siblings Of both nodes, from the bottom up: where bit i of the index is set the left sibling, which is common to both
/// (so nothing before the index differs); where it is not, the right sibling of side 0 and that of side 1.
struct Answer {
    uint256 index;
    bytes32 otherNode;
    bytes32[] siblings;
}

/// @title The game between two claims of one job.
/// @notice There is no choice in it: each side opens its own commitment, so no move can be wrong and anyone who holds the
/// same trace can move for a side. What a player may rely on: its clock runs only while its side is to move, it has
/// `clockSeconds` in all, and when a clock has run out anyone may call time. A match between live claims ends within two clocks.
/// Every move names the state it was made for and reverts in any other. Several calls go in one transaction by `multicall`.
interface IMatches {
    event Revealed(uint256 indexed claimId, bytes32 traceRoot);
    event MatchOpened(uint256 indexed matchId, uint256 indexed jobId, uint256 claim0, uint256 claim1);
    /// @notice The match stands at (height, position), and `side` has opened `children`, the level below its node there. The
    /// other side's node there is among the children that it has opened the move before.
    event NodeOpened(uint256 indexed matchId, uint8 side, uint8 height, uint64 position, bytes32[] children);
    /// @notice The match stands at leaf `position`, and `side` has posted its leaf.
    event LeafPosted(uint256 indexed matchId, uint8 side, uint64 position, bytes leaf);
    /// @notice The contract computed the first element in which the two leaves differ.
    event ElementComputed(
        uint256 indexed matchId, uint256 slot, uint256 element, int256 value0, int256 value1, int256 computed
    );
    event MatchEnded(uint256 indexed matchId, Ending ending, uint8 losers);

    error Matches_UnknownMatch(uint256 matchId);
    error Matches_AlreadyRevealed(uint256 claimId);
    error Matches_SealMismatch(uint256 claimId, bytes32 computed, bytes32 seal);
    /// @notice The terms are not those of the claim.
    error Matches_OtherTerms(uint256 claimId, bytes32 computed, bytes32 commitment);
    error Matches_OutputNotInTrace(uint256 claimId, bytes32 computedRoot, bytes32 traceRoot);
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
    /// @notice At this height the other kind of descent is due: {IMatches-descendToLeaf} in the last round, {IMatches-descend} before.
    error Matches_WrongRound(uint8 height);
    error Matches_NoSuchSide(uint8 side);
    /// @notice This kind of proof is not for this slot: slot 0 is the input, slots up to the step count are made by steps.
    error Matches_WrongSlot(uint256 slot, uint256 stepCount);
    error Matches_WrongLength(string what, uint256 length, uint256 requiredLength);
    /// @notice What is opened does not hash to the nodes that the match stands at.
    error Matches_NodeMismatch(bytes32 computed, bytes32 expected);
    /// @notice The nodes at an answer's index are the same, so the first difference is not there.
    error Matches_NoDifference(uint256 index);
    error Matches_ClockExpired(uint8 side);
    error Matches_NoClockExpired(uint256 matchId);
    error Matches_StepMismatch(bytes32 computedRoot, bytes32 programRoot);
    error Matches_InputMismatch(bytes32 computedRoot, bytes32 inputRoot);
    error Matches_OnlyJobs(address caller);

    /// @notice Opens a claim's seal. Anyone who knows the trace may, once, at any time while the claim is live; it holds for all
    /// matches of the claim.
    /// @param terms The claim's.
    /// @param outputProof `slotDepth` siblings, from the last slot's root up to the trace root.
    function reveal(uint256 claimId, Terms calldata terms, bytes32 traceRoot, bytes32[] calldata outputProof) external;

    /// @notice Opens the match of two live claims of a job. Anyone may, at any time, once for each pair, unless both have
    /// revealed the same trace.
    function openMatch(uint256 claimIdA, uint256 claimIdB) external returns (uint256 matchId);

    /// @notice The first move: side 1, which has revealed, opens its root.
    /// @param children The nodes of the first round, left to right: `height mod 4` levels below, or 4.
    function open(uint256 matchId, bytes32[] calldata children) external;

    /// @notice Answers the other side's opening with the first difference, and opens one's own node there.
    /// @param height @param position The state this move was made for.
    /// @param children The nodes four levels below one's own node at the difference, left to right.
    function descend(
        uint256 matchId,
        uint8 height,
        uint64 position,
        Answer calldata answer,
        bytes32[] calldata children
    ) external;

    /// @notice The last answer: the difference is between two leaves, and one's own has these 256 bytes.
    function descendToLeaf(uint256 matchId, uint8 height, uint64 position, Answer calldata answer, bytes calldata leaf)
        external;

    /// @notice Posts the leaf of the side whose turn it is.
    /// @param otherNode The other side's leaf hash.
    function postLeaf(uint256 matchId, uint64 position, bytes32 otherNode, bytes calldata leaf) external;

    /// @notice Decides a difference in slot 0 by the job's input root. Who knows both leaves need not post the second one first.
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
    /// @param terms1 Those of the later claim.
    function settleSameTrace(uint256 matchId, Terms calldata terms1) external;

    /// @notice Only {IJobs}: opens the match of a challenge with its target.
    /// @param height Depth of the model's trace tree.
    function openChallenge(uint256 jobId, uint256 targetClaimId, uint256 claimId, uint8 height)
        external
        returns (uint256 matchId);

    function getMatch(uint256 matchId) external view returns (Match memory);
    /// @notice The match of two claims; 0 when there is none.
    function matchOf(uint256 claimIdA, uint256 claimIdB) external view returns (uint256 matchId);
    /// @notice The trace root that a claim has revealed; 0 before.
    function traceRootOf(uint256 claimId) external view returns (bytes32);
}
