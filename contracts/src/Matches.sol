// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibString} from "solady/utils/LibString.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Claim, ClaimStatus, IJobs} from "./interfaces/IJobs.sol";
import {Ending, IMatches, Match, Phase} from "./interfaces/IMatches.sol";
import {IModelRegistry, Model} from "./interfaces/IModelRegistry.sol";
import {IStepVerifier, Opening, Tree} from "./interfaces/IStepVerifier.sol";
import {Clock} from "./libraries/Clock.sol";
import {Leaves} from "./libraries/Leaves.sol";
import {MatchState, State} from "./libraries/MatchState.sol";
import {Merkle} from "./libraries/Merkle.sol";

contract Matches is IMatches {
    using SafeCastLib for uint256;

    uint256 private constant LEVELS_PER_ROUND = 4;
    uint256 private constant BOTH = 3;

    /// @dev Where an encoded step says what shape its output has (docs/protocol.md, "Step encoding").
    uint256 private constant STEP_WIDTH_AT = 5;
    uint256 private constant STEP_OUT_RANK_AT = 6;
    uint256 private constant STEP_DIMS_AT = 37;

    struct Game {
        uint64[2] claims;
        uint256 state; // packed
        bytes32[2] nodes;
    }

    /// @dev What a proof is about: a leaf of a slot, and in it the first element in which the sides differ.
    /// @param leaf Index of the leaf in its slot.
    /// @param element Flat position in the slot; value0 and value1 are what the sides say it is.
    struct Dispute {
        uint256 matchId;
        bytes32 inputRoot;
        Model model;
        uint256 slot;
        uint256 leaf;
        uint256 element;
        int256 value0;
        int256 value1;
    }

    IModelRegistry public immutable registry;
    IStepVerifier public immutable verifier;
    IJobs public immutable jobs;
    uint32 private immutable _clockSeconds;

    /// @inheritdoc IMatches
    uint256 public matchCount;
    mapping(uint256 matchId => Game) private _games;
    mapping(uint256 lowerClaimId => mapping(uint256 higherClaimId => uint256)) private _matchOf;

    constructor(IModelRegistry registry_, IStepVerifier verifier_, IJobs jobs_, uint32 clockSeconds) {
        registry = registry_;
        verifier = verifier_;
        jobs = jobs_;
        _clockSeconds = clockSeconds;
    }

    // ---------------------------------------------------------------- opening

    /// @inheritdoc IMatches
    function openMatch(uint256 claimIdA, uint256 claimIdB) external returns (uint256 matchId) {
        require(claimIdA != claimIdB, Matches_SameClaim(claimIdA));
        (uint256 claimId0, uint256 claimId1) = _ordered(claimIdA, claimIdB);
        Claim memory claim0 = _claim(claimId0);
        Claim memory claim1 = _claim(claimId1);
        require(claim0.jobId == claim1.jobId, Matches_OtherJob(claim0.jobId, claim1.jobId));
        require(claim0.status == ClaimStatus.Live, Matches_ClaimNotLive(claimId0));
        require(claim1.status == ClaimStatus.Live, Matches_ClaimNotLive(claimId1));
        require(claim0.revealedAt == 0 || claim0.traceRoot != claim1.traceRoot, Matches_SameTrace(claimId0, claimId1));
        return _open(claim0.jobId, claimId0, claimId1);
    }

    /// @inheritdoc IMatches
    function openChallenge(uint256 jobId, uint256 targetClaimId, uint256 claimId) external returns (uint256 matchId) {
        require(msg.sender == address(jobs), Matches_OnlyJobs(msg.sender));
        return _open(jobId, targetClaimId, claimId);
    }

    function _open(uint256 jobId, uint256 claimId0, uint256 claimId1) private returns (uint256 matchId) {
        matchId = _matchOf[claimId0][claimId1];
        require(matchId == 0, Matches_AlreadyMatched(matchId));
        (,, uint8 traceDepth) = jobs.questionOf(jobId);
        matchId = ++matchCount;
        _matchOf[claimId0][claimId1] = matchId;
        Game storage game = _games[matchId];
        game.claims = [claimId0.toUint64(), claimId1.toUint64()];
        State memory state;
        state.phase = Phase.Reveal;
        state.height = traceDepth;
        state.openedAt = block.timestamp.toUint40();
        state.clockStartedAt = state.openedAt;
        state.remainingSeconds = [_clockSeconds, _clockSeconds];
        _save(game, state);
        emit MatchOpened(matchId, jobId, claimId0, claimId1);
    }

    // ---------------------------------------------------------------- moves

    /// @inheritdoc IMatches
    function descend(
        uint256 matchId,
        uint8 height,
        uint64 position,
        bytes32[] calldata children,
        bytes32[] calldata otherChildren
    ) external {
        Game storage game = _games[matchId];
        State memory state = _begun(matchId, game);
        _requirePhase(matchId, state, Phase.Descend);
        require(height == state.height && position == state.position, Matches_OtherState(state.height, state.position));
        uint8 side = state.turn;
        _stopClock(state, side);
        uint256 levels = _levels(height);
        _requireLength("children", children.length, 1 << levels);
        _requireNode(game, side, Merkle.rootOfHashes(children));
        _requireLength("otherChildren", otherChildren.length, side == 0 ? 0 : children.length);
        emit NodeOpened(matchId, side, height, position, children);

        if (side == 0) {
            state.turn = 1;
        } else {
            // what hashes to side 0's node is what it has opened: nothing of it needs to be stored
            bytes32 computed = Merkle.rootOfHashes(otherChildren);
            require(computed == game.nodes[0], Matches_OpeningMismatch(computed, game.nodes[0]));
            uint256 i = 0; // ends: the nodes above differ, and they are the roots of these
            while (children[i] == otherChildren[i]) ++i;
            (bytes32 node0, bytes32 node1) = (otherChildren[i], children[i]);
            state.turn = 0;
            state.height = height - uint8(levels);
            state.position = ((uint256(position) << levels) + i).toUint64();
            if (state.height == 0) state.phase = Phase.Leaf;
            (game.nodes[0], game.nodes[1]) = (node0, node1);
            emit Descended(matchId, state.height, state.position, node0, node1);
        }
        state.clockStartedAt = block.timestamp.toUint40();
        _save(game, state);
    }

    /// @inheritdoc IMatches
    function postLeaf(uint256 matchId, uint8 side, uint64 position, bytes calldata leaf) external {
        Game storage game = _games[matchId];
        State memory state = _running(matchId, game);
        _requirePhase(matchId, state, Phase.Leaf);
        require(position == state.position, Matches_OtherState(state.height, state.position));
        require(side < 2, Matches_NoSuchSide(side));
        require(state.leafPosted >> side & 1 == 0, Matches_LeafAlreadyPosted(side));
        _stopClock(state, side);
        _requireLeaf(game, side, leaf);
        state.leafPosted |= uint8(1 << side);
        if (state.leafPosted == BOTH) {
            state.phase = Phase.Proof;
            state.clockStartedAt = block.timestamp.toUint40();
        }
        _save(game, state);
        emit LeafPosted(matchId, side, leaf);
    }

    // ---------------------------------------------------------------- proofs

    /// @inheritdoc IMatches
    function proveInput(
        uint256 matchId,
        uint64 position,
        bytes[2] calldata leaves,
        bytes calldata inputLeaf,
        bytes32[] calldata inputProof
    ) external {
        Dispute memory dispute = _dispute(matchId, position, leaves);
        Model memory model = dispute.model;
        require(dispute.slot == 0, Matches_WrongSlot(dispute.slot, model.stepCount));
        _requireInput(dispute, inputLeaf, inputProof);
        _locate(dispute, leaves, model.inputWidth);
        int256 computed;
        if (dispute.element < model.inputElements) {
            uint256 index = dispute.element % (Merkle.LEAF_BYTES / model.inputWidth);
            computed = Leaves.elementAt(inputLeaf, index, model.inputWidth);
        }
        _decide(dispute, computed);
    }

    /// @inheritdoc IMatches
    function proveStep(
        uint256 matchId,
        uint64 position,
        bytes[2] calldata leaves,
        bytes calldata step,
        bytes32[] calldata stepProof,
        uint8 side,
        Opening calldata traceOpening,
        Opening calldata constantsOpening
    ) external {
        Dispute memory dispute = _dispute(matchId, position, leaves);
        _requireStep(dispute, step, stepProof);
        int256 computed;
        if (_locateInStep(dispute, leaves, step)) {
            computed = verifier.computeElement(
                step,
                dispute.slot,
                dispute.element,
                _traceTree(dispute, side),
                traceOpening,
                _constantsTree(dispute.model),
                constantsOpening
            );
        }
        _decide(dispute, computed);
    }

    /// @inheritdoc IMatches
    function provePadding(uint256 matchId, uint64 position, bytes[2] calldata leaves) external {
        Dispute memory dispute = _dispute(matchId, position, leaves);
        uint256 stepCount = dispute.model.stepCount;
        require(dispute.slot > stepCount, Matches_WrongSlot(dispute.slot, stepCount));
        _locate(dispute, leaves, 1);
        _decide(dispute, 0);
    }

    /// @dev Checks that a proof may be given for this leaf now. Clocks do not matter: a proof is in time until time is called.
    function _dispute(uint256 matchId, uint64 position, bytes[2] calldata leaves)
        private
        view
        returns (Dispute memory dispute)
    {
        Game storage game = _games[matchId];
        State memory state = _running(matchId, game);
        _requirePhase(matchId, state, Phase.Proof);
        require(position == state.position, Matches_OtherState(state.height, state.position));
        _requireLeaf(game, 0, leaves[0]);
        _requireLeaf(game, 1, leaves[1]);
        bytes32 modelId;
        (modelId, dispute.inputRoot,) = jobs.questionOf(_claim(game.claims[0]).jobId);
        Model memory model = registry.get(modelId);
        dispute.matchId = matchId;
        dispute.model = model;
        dispute.slot = position >> model.tensorDepth;
        dispute.leaf = position & ((1 << model.tensorDepth) - 1);
    }

    function _requireInput(Dispute memory dispute, bytes calldata inputLeaf, bytes32[] calldata inputProof)
        private
        pure
    {
        _requireLength("inputLeaf", inputLeaf.length, Merkle.LEAF_BYTES);
        _requireLength("inputProof", inputProof.length, dispute.model.tensorDepth);
        bytes32 computedRoot = Merkle.climb(keccak256(inputLeaf), dispute.leaf, inputProof);
        require(computedRoot == dispute.inputRoot, Matches_InputMismatch(computedRoot, dispute.inputRoot));
    }

    function _requireStep(Dispute memory dispute, bytes calldata step, bytes32[] calldata stepProof) private pure {
        Model memory model = dispute.model;
        require(dispute.slot != 0 && dispute.slot <= model.stepCount, Matches_WrongSlot(dispute.slot, model.stepCount));
        _requireLength("stepProof", stepProof.length, model.slotDepth);
        bytes32 computedRoot = Merkle.climb(keccak256(step), dispute.slot, stepProof);
        require(computedRoot == model.programRoot, Matches_StepMismatch(computedRoot, model.programRoot));
    }

    function _traceTree(Dispute memory dispute, uint8 side) private view returns (Tree memory) {
        require(side < 2, Matches_NoSuchSide(side));
        bytes32 root = _claim(_games[dispute.matchId].claims[side]).traceRoot;
        return Tree(root, dispute.model.slotDepth + dispute.model.tensorDepth, dispute.model.tensorDepth);
    }

    function _constantsTree(Model memory model) private pure returns (Tree memory) {
        return Tree(model.constantsRoot, model.constantSlotDepth + model.constantTensorDepth, model.constantTensorDepth);
    }

    /// @dev Finds the first element, in units of `width` bytes, in which the leaves differ.
    function _locate(Dispute memory dispute, bytes[2] calldata leaves, uint256 width) private pure {
        uint256 index;
        (index, dispute.value0, dispute.value1) = Leaves.firstDifference(leaves[0], leaves[1], width);
        dispute.element = dispute.leaf * (Merkle.LEAF_BYTES / width) + index;
    }

    /// @dev The same for the output of a step; says whether the element exists or is beyond the tensor's end.
    function _locateInStep(Dispute memory dispute, bytes[2] calldata leaves, bytes calldata step)
        private
        pure
        returns (bool exists)
    {
        _locate(dispute, leaves, uint8(step[STEP_WIDTH_AT]));
        uint256 elements = 1;
        uint256 end = STEP_DIMS_AT + 4 * uint256(uint8(step[STEP_OUT_RANK_AT]));
        for (uint256 at = STEP_DIMS_AT; at < end; at += 4) {
            elements *= uint32(bytes4(step[at:at + 4]));
        }
        return dispute.element < elements;
    }

    /// @dev Ends the match against every side whose element is not the true one; they differ, so one or both are not.
    function _decide(Dispute memory dispute, int256 computed) private {
        (uint256 matchId, int256 value0, int256 value1) = (dispute.matchId, dispute.value0, dispute.value1);
        emit ElementComputed(matchId, dispute.slot, dispute.element, value0, value1, computed);
        Game storage game = _games[matchId];
        _end(matchId, game, _load(game), Ending.Proof, (value0 != computed ? 1 : 0) | (value1 != computed ? 2 : 0));
    }

    // ---------------------------------------------------------------- endings

    /// @inheritdoc IMatches
    function callTime(uint256 matchId) external {
        Game storage game = _games[matchId];
        State memory state = _running(matchId, game);
        uint256 toMove;
        (state,, toMove) = _current(game, state);
        uint8 losers;
        for (uint256 side = 0; side < 2; ++side) {
            bool isOver = Clock.isOver(state.remainingSeconds[side], state.clockStartedAt);
            if (isOver) losers |= uint8(toMove & (1 << side));
        }
        require(losers != 0, Matches_NoClockExpired(matchId));
        _end(matchId, game, state, Ending.Time, losers);
    }

    /// @inheritdoc IMatches
    function settleSameTrace(uint256 matchId) external {
        Game storage game = _games[matchId];
        State memory state = _running(matchId, game);
        _requirePhase(matchId, state, Phase.Reveal);
        (uint256 claimId0, uint256 claimId1) = (game.claims[0], game.claims[1]);
        Claim memory claim0 = _claim(claimId0);
        Claim memory claim1 = _claim(claimId1);
        require(claim0.revealedAt != 0, Matches_NotRevealed(claimId0));
        require(claim1.revealedAt != 0, Matches_NotRevealed(claimId1));
        require(claim0.traceRoot == claim1.traceRoot, Matches_OtherTrace(claim0.traceRoot, claim1.traceRoot));
        _end(matchId, game, state, Ending.SameTrace, 0);
        if (claim1.target == claimId0) jobs.closeClaim(claimId1);
    }

    function _end(uint256 matchId, Game storage game, State memory state, Ending ending, uint8 losers) private {
        state.phase = Phase.Over;
        state.ending = ending;
        state.losers = losers;
        _save(game, state);
        emit MatchEnded(matchId, ending, losers);
        for (uint256 side = 0; side < 2; ++side) {
            if (losers >> side & 1 != 0) jobs.loseClaim(game.claims[side]);
        }
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IMatches
    function getMatch(uint256 matchId) external view returns (Match memory) {
        Game storage game = _games[matchId];
        State memory state = _load(game);
        require(state.phase != Phase.None, Matches_UnknownMatch(matchId));
        bytes32[2] memory nodes;
        (state, nodes,) = _current(game, state);
        return Match({
            claims: game.claims,
            phase: state.phase,
            ending: state.ending,
            height: state.height,
            turn: state.turn,
            leafPosted: state.leafPosted,
            losers: state.losers,
            openedAt: state.openedAt,
            clockStartedAt: state.clockStartedAt,
            remainingSeconds: state.remainingSeconds,
            position: state.position,
            nodes: nodes
        });
    }

    /// @inheritdoc IMatches
    function matchOf(uint256 claimIdA, uint256 claimIdB) external view returns (uint256 matchId) {
        (uint256 claimId0, uint256 claimId1) = _ordered(claimIdA, claimIdB);
        return _matchOf[claimId0][claimId1];
    }

    // ---------------------------------------------------------------- state

    function _load(Game storage game) private view returns (State memory) {
        return MatchState.unpack(game.state);
    }

    function _save(Game storage game, State memory state) private {
        game.state = MatchState.pack(state);
    }

    function _claim(uint256 claimId) private view returns (Claim memory) {
        return jobs.getClaim(claimId);
    }

    /// @dev The stored state of a match that is not over and not moot.
    function _running(uint256 matchId, Game storage game) private view returns (State memory state) {
        state = _load(game);
        require(state.phase != Phase.None, Matches_UnknownMatch(matchId));
        require(state.phase != Phase.Over, Matches_WrongPhase(matchId, Phase.Over));
        (uint256 claimId0, uint256 claimId1) = (game.claims[0], game.claims[1]);
        (bool live0, bool live1) = jobs.areLive(claimId0, claimId1);
        require(live0, Matches_ClaimNotLive(claimId0));
        require(live1, Matches_ClaimNotLive(claimId1));
    }

    /// @dev The same, with the descent begun when both sides have revealed: the first move finds and stores the roots.
    function _begun(uint256 matchId, Game storage game) private returns (State memory state) {
        state = _running(matchId, game);
        if (state.phase != Phase.Reveal) return state;
        bytes32[2] memory nodes;
        uint256 toMove;
        (state, nodes, toMove) = _current(game, state);
        if (state.phase == Phase.Reveal) {
            require(toMove == 0, Matches_NotRevealed(game.claims[toMove & 1 != 0 ? 0 : 1]));
            revert Matches_SameTrace(game.claims[0], game.claims[1]);
        }
        game.nodes = nodes;
    }

    /// @dev The state as it stands now, and the sides that are to move. A reveal touches no match (its claim may be in many), so
    /// in Reveal the clocks and the beginning of the descent follow from when the claims were revealed.
    function _current(Game storage game, State memory state)
        private
        view
        returns (State memory, bytes32[2] memory nodes, uint256 toMove)
    {
        if (state.phase == Phase.Descend) toMove = 1 << state.turn;
        else if (state.phase == Phase.Leaf) toMove = BOTH & ~uint256(state.leafPosted);
        else if (state.phase == Phase.Proof) toMove = BOTH;
        if (state.phase != Phase.Reveal) return (state, game.nodes, toMove);

        Claim memory claim0 = _claim(game.claims[0]);
        Claim memory claim1 = _claim(game.claims[1]);
        uint40 revealedAt0 = claim0.revealedAt > state.openedAt ? claim0.revealedAt : state.openedAt;
        uint40 revealedAt1 = claim1.revealedAt > state.openedAt ? claim1.revealedAt : state.openedAt;
        state.remainingSeconds[0] = Clock.left(_clockSeconds, state.openedAt, revealedAt0).toUint32();
        state.remainingSeconds[1] = Clock.left(_clockSeconds, state.openedAt, revealedAt1).toUint32();
        if (claim0.revealedAt == 0) toMove |= 1;
        if (claim1.revealedAt == 0) toMove |= 2;
        if (toMove == 0 && claim0.traceRoot != claim1.traceRoot) {
            state.phase = Phase.Descend;
            state.clockStartedAt = revealedAt0 > revealedAt1 ? revealedAt0 : revealedAt1;
            nodes = [claim0.traceRoot, claim1.traceRoot];
            toMove = 1;
        }
        return (state, nodes, toMove);
    }

    /// @dev Takes what a side has used off its clock; reverts when that is more than there was.
    function _stopClock(State memory state, uint8 side) private view {
        uint32 remaining = state.remainingSeconds[side];
        require(!Clock.isOver(remaining, state.clockStartedAt), Matches_ClockExpired(side));
        state.remainingSeconds[side] = Clock.left(remaining, state.clockStartedAt, block.timestamp).toUint32();
    }

    // ---------------------------------------------------------------- checks and parts

    function _requirePhase(uint256 matchId, State memory state, Phase phase) private pure {
        require(state.phase == phase, Matches_WrongPhase(matchId, state.phase));
    }

    function _requireLength(bytes32 what, uint256 length, uint256 requiredLength) private pure {
        if (length != requiredLength) {
            revert Matches_WrongLength(LibString.fromSmallString(what), length, requiredLength);
        }
    }

    function _requireNode(Game storage game, uint8 side, bytes32 computed) private view {
        bytes32 node = game.nodes[side];
        require(computed == node, Matches_NodeMismatch(side, computed, node));
    }

    function _requireLeaf(Game storage game, uint8 side, bytes calldata leaf) private view {
        _requireLength("leaf", leaf.length, Merkle.LEAF_BYTES);
        _requireNode(game, side, keccak256(leaf));
    }

    /// @dev The first round takes the remainder, every later one four levels.
    function _levels(uint256 height) private pure returns (uint256) {
        uint256 remainder = height % LEVELS_PER_ROUND;
        return remainder == 0 ? LEVELS_PER_ROUND : remainder;
    }

    function _ordered(uint256 a, uint256 b) private pure returns (uint256, uint256) {
        return a < b ? (a, b) : (b, a);
    }
}
