// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What a deployment is fixed to. There is no owner and no way to change any of it.
/// @param challengeWindowSeconds How long after a job's first claim counter-claims may be posted.
/// @param clockSeconds Each side's chess clock in a match.
/// @param inputDemandSeconds How long an input that was demanded may take to be posted.
/// @param callbackGas Gas that a consumer's callback gets, no more and no less.
/// @param maxInputBytes Largest input that a request posts; a larger one goes by its root.
/// @param maxOutputBytes Largest output that a claim posts; a larger one goes by its root.
/// @param burnBps Part of a forfeited bond that is burned, in 1/10,000.
/// @param bondWei The bond of every claim.
/// @param inputDemandWei The stake of an input demand, paid to whoever posts the input.
/// @param refundGasPriceWei Highest base fee that is paid back to whoever moves for somebody else's claim ({IRefunds}).
struct Parameters {
    uint32 challengeWindowSeconds;
    uint32 clockSeconds;
    uint32 inputDemandSeconds;
    uint32 callbackGas;
    uint32 maxInputBytes;
    uint32 maxOutputBytes;
    uint16 burnBps;
    uint128 bondWei;
    uint128 inputDemandWei;
    uint64 refundGasPriceWei;
}

enum JobStatus {
    None,
    Open,
    Final,
    Void
}

enum ClaimStatus {
    None,
    Live,
    Lost,
    Closed,
    Final
}

/// @param byRoot The input was not posted in the request; it may be demanded ({IInputs}).
/// @param claimBy Last second in which a first claim may be posted.
/// @param agreedUpTo No live claim up to this one disagrees with the first live claim ({IJobs-walkClaims}).
/// @param windowEndsAt Last second in which a counter-claim may be posted; 0 before the first claim.
/// @param liveClaims Claims whose bonds are held: after the end, those that have not reclaimed theirs yet.
/// @param firstClaim Lowest claim id that may still be live; 0 without claims; the winner of a Final job. Follow {Claim-next}
/// from here to `lastClaim`.
/// @param lostClaims Claims that have lost: each leaves its bond without the burned share to the winner, which is the pot.
/// @param stepCount @param slotDepth @param tensorDepth The model's, kept here so that a claim needs no look-up.
/// @param outputBytes Bytes of the output that a claim posts; 0 when it goes by its root.
struct Job {
    bytes32 modelId;
    bytes32 inputRoot;
    address requester;
    uint40 claimBy;
    uint40 agreedUpTo;
    uint40 windowEndsAt;
    JobStatus status;
    bool byRoot;
    uint32 liveClaims;
    uint40 firstClaim;
    uint40 lastClaim;
    uint32 lostClaims;
    uint24 stepCount;
    uint8 slotDepth;
    uint8 tensorDepth;
    uint16 outputBytes;
    uint96 feeWei;
    address consumer;
}

/// @notice What a claim says. It stands in its event; the contract keeps its hash, and what depends on it has it shown again.
/// @param seal keccak256(abi.encode(sealDomain, jobId, claimant, traceRoot)).
/// @param outputRoot Merkle root of the last slot.
/// @param target The claim it was posted against; 0 for a first claim.
struct Terms {
    bytes32 seal;
    bytes32 outputRoot;
    uint256 target;
}

/// @param next The job's next claim; 0 for the last.
/// @param commitment keccak256(abi.encode(Terms)); of a job's winner, once it is Final: its output root.
struct Claim {
    address claimant;
    ClaimStatus status;
    uint40 jobId;
    uint40 next;
    bytes32 commitment;
}

/// @notice The claim that a challenger judged, and the job that it ran: a challenge reverts when anything else stands at this
/// id, as it may after a reorg.
struct Target {
    uint256 claimId;
    bytes32 modelId;
    bytes32 inputRoot;
    Terms terms;
}

/// @title Requests, claims and money.
/// @notice A worker may rely on this: a correct claim whose side moves before its clocks end gets its bond back, and the
/// fee and the pot if it is the earliest. A requester may rely on this: a job ends Final or Void, and Void returns the fee.
/// Payments are credited and pulled with {withdraw}; nothing is pushed.
interface IJobs {
    /// @param input The posted input bytes; empty when the input goes by its root.
    event JobRequested(
        uint256 indexed jobId,
        bytes32 indexed modelId,
        address indexed requester,
        bytes32 inputRoot,
        uint256 feeWei,
        bytes input
    );
    /// @param target The claim it was posted against; 0 for a first claim.
    /// @param output The posted output bytes; empty when the output goes by its root.
    event Claimed(
        uint256 indexed jobId,
        uint256 indexed claimId,
        address indexed claimant,
        uint256 target,
        bytes32 seal,
        bytes32 outputRoot,
        uint256 windowEndsAt,
        bytes output
    );
    /// @param burnedWei @param potWei How this claim's bond was split.
    event ClaimLost(uint256 indexed jobId, uint256 indexed claimId, uint256 burnedWei, uint256 potWei);
    /// @notice A bond went back: whole when an ended job did not need the claim, without the burned share when it was a
    /// challenge against a claim that had committed to the same trace.
    event ClaimClosed(uint256 indexed jobId, uint256 indexed claimId, uint256 burnedWei, uint256 returnedWei);
    event JobFinal(
        uint256 indexed jobId, uint256 indexed claimId, address indexed claimant, uint256 paidWei, bytes output
    );
    event JobVoid(uint256 indexed jobId, uint256 feeReturnedWei, uint256 burnedWei);
    event CallbackDone(uint256 indexed jobId, address indexed consumer, bool success);
    event Withdrawn(address indexed account, uint256 amountWei);

    error Jobs_UnknownJob(uint256 jobId);
    error Jobs_UnknownClaim(uint256 claimId);
    error Jobs_WrongStatus(uint256 jobId, JobStatus status);
    /// @notice The job at this id is not the one the caller meant (a reorg may have put another one there).
    error Jobs_OtherJob(uint256 jobId, bytes32 modelId, bytes32 inputRoot);
    /// @notice The terms are not those of the claim.
    error Jobs_OtherTerms(uint256 claimId, bytes32 computed, bytes32 commitment);
    error Jobs_WrongBond(uint256 sentWei, uint256 requiredWei);
    error Jobs_LiveClaimExists(uint256 jobId, uint256 liveClaims);
    error Jobs_ClaimDeadlinePassed(uint256 jobId, uint256 claimBy);
    error Jobs_WindowClosed(uint256 jobId, uint256 windowEndsAt);
    error Jobs_WindowOpen(uint256 jobId, uint256 windowEndsAt);
    error Jobs_ClaimNotLive(uint256 claimId, ClaimStatus status);
    error Jobs_WrongLength(string what, uint256 length, uint256 requiredLength);
    error Jobs_TooLarge(string what, uint256 bytes_, uint256 limit);
    error Jobs_OutputMismatch(bytes32 computedRoot, bytes32 outputRoot);
    /// @notice Several claims are live, and `claimId` is the first that has not revealed the trace of the first one.
    error Jobs_Undecided(uint256 jobId, uint256 liveClaims, uint256 claimId);
    error Jobs_InputDemanded(uint256 jobId);
    error Jobs_NothingToWithdraw(address account);
    error Jobs_TransferFailed(address account, uint256 amountWei);
    error Jobs_OnlyMatches(address caller);
    error Jobs_OnlyInputs(address caller);
    error Jobs_OnlyRefunds(address caller);
    /// @notice `winner` is not the final claim of the job in which `loser` has lost.
    error Jobs_NotWonAgainst(uint256 winner, uint256 loser);
    error Jobs_CallbackGas(uint256 available, uint256 required);
    error Jobs_BadParameter(string field, uint256 value);

    /// @notice Asks for an inference; `msg.value` is the fee. The input's bytes are in this transaction.
    /// @param input Slot 0: elements of the model's input width, big-endian, exactly as many as the model takes.
    /// @param claimSeconds How long a first claim may take.
    /// @param consumer Contract to call back once the job is final; 0 for none.
    function request(bytes32 modelId, bytes calldata input, uint32 claimSeconds, address consumer)
        external
        payable
        returns (uint256 jobId);

    /// @notice The same for an input that is too large to post: by its root. Anyone may demand it on-chain ({IInputs}).
    function requestByRoot(bytes32 modelId, bytes32 inputRoot, uint32 claimSeconds, address consumer)
        external
        payable
        returns (uint256 jobId);

    /// @notice Posts a job's first claim, with the bond. Reverts while a live claim is there, so losing a race costs gas only.
    /// @param modelId @param inputRoot The job that the claimant ran; another one at this id reverts.
    /// @param seal keccak256(abi.encode(sealDomain, jobId, claimant, traceRoot)).
    /// @param outputRoot Merkle root of the last slot.
    /// @param output The last slot's bytes; empty exactly when the model's output is larger than `maxOutputBytes`.
    function submit(
        uint256 jobId,
        bytes32 modelId,
        bytes32 inputRoot,
        bytes32 seal,
        bytes32 outputRoot,
        bytes calldata output
    ) external payable returns (uint256 claimId);

    /// @notice Posts a counter-claim, with the bond, and opens the match. A party may rely on this: if the target does not
    /// open the correct trace, a correct counter-claim wins, by proof or by time.
    /// @param target The claim that the challenger judged wrong.
    /// @param seal @param outputRoot @param output As in {submit}.
    function challenge(Target calldata target, bytes32 seal, bytes32 outputRoot, bytes calldata output)
        external
        payable
        returns (uint256 claimId, uint256 matchId);

    /// @notice Ends a job whose outcome is decided: Final when every live claim agrees and the window is over; Void when no
    /// claim is live and no first claim can come any more.
    /// @param terms The winner's; of a Void job all zero.
    /// @param output The winner's output bytes; empty for a Void job or an output that goes by its root.
    function finalize(uint256 jobId, Terms calldata terms, bytes calldata output) external;

    /// @notice Goes through at most `maxSteps` claims for {finalize}, so that it stays cheap however many there are: `firstClaim`
    /// moves past dead claims, then `agreedUpTo` past dead ones and those that have revealed the first live claim's trace.
    function walkClaims(uint256 jobId, uint256 maxSteps) external;

    /// @notice Credits the bond of a live claim of an ended job that was not its winner. A needless challenge forfeits the
    /// burned share here too.
    function reclaimBond(uint256 claimId, Terms calldata terms) external;

    /// @notice Pays out everything credited to the caller.
    function withdraw() external returns (uint256 amountWei);

    /// @notice Only {IMatches}: a match between two live claims ended. A claim that lost has its bond split between burn and pot.
    /// @param losers Bit 0 for the first claim, bit 1 for the second.
    function endMatch(uint256 claimId0, uint256 claimId1, uint256 losers) external;

    /// @notice Only {IMatches}: the two live claims have revealed the same trace. When the second was posted against the first
    /// it was needless: it loses the burned share and gets the rest back.
    function settle(uint256 claimId0, uint256 claimId1, Terms calldata terms1) external;

    /// @notice Only {IRefunds}: credits `account` out of what the bond of `loser`, which has lost, has burned. Reverts unless `winner`
    /// is the final claim of the same job.
    function refund(uint256 winner, uint256 loser, address account, uint256 amountWei) external;

    /// @notice Only {IInputs}: a demanded input is complete; the challenge window starts again.
    function inputPosted(uint256 jobId) external;

    /// @notice Only {IInputs}: a demanded input never came; the job is Void and live claims may reclaim their bonds.
    function inputMissing(uint256 jobId) external;

    /// @notice Only {IInputs}: credits `msg.value` of a stake.
    function credit(address account) external payable;

    function parameters() external view returns (Parameters memory);
    function sealDomain() external view returns (bytes32);
    function jobCount() external view returns (uint256);
    function claimCount() external view returns (uint256);
    function getJob(uint256 jobId) external view returns (Job memory);
    function getClaim(uint256 claimId) external view returns (Claim memory);
    /// @notice What a job asks: the part of it that no claim changes. Cheaper than {getJob}.
    function questionOf(uint256 jobId) external view returns (bytes32 modelId, bytes32 inputRoot);
    /// @notice The shape of a job's traces: the slot of the output, and the depths of the tree.
    function traceShapeOf(uint256 jobId) external view returns (uint32 lastSlot, uint8 slotDepth, uint8 tensorDepth);
    /// @notice Last second in which the input of an open job may be demanded; 0 when it was posted in the request.
    function demandableUntil(uint256 jobId) external view returns (uint256);
    /// @notice The Merkle root of a Final job's output; reverts otherwise.
    function outputRootOf(uint256 jobId) external view returns (bytes32);
    /// @notice Whether these bytes are the output of a Final job. What a consumer asks that gets an output from anybody.
    function isOutput(uint256 jobId, bytes calldata output) external view returns (bool);
    function creditOf(address account) external view returns (uint256);
    /// @notice What is burned: it stays in the contract and belongs to nobody. Refunds are taken out of it.
    function burnedWei() external view returns (uint256);
}
