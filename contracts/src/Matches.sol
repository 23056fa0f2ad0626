// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibString} from "solady/utils/LibString.sol";
import {Multicallable} from "solady/utils/Multicallable.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Claim, ClaimStatus, IJobs, Terms} from "./interfaces/IJobs.sol";
import {Answer, Ending, IMatches, Match, Phase} from "./interfaces/IMatches.sol";
import {IModelRegistry, Model} from "./interfaces/IModelRegistry.sol";
import {IStepVerifier, Opening, Tree} from "./interfaces/IStepVerifier.sol";
import {Clock} from "./libraries/Clock.sol";
import {Leaves} from "./libraries/Leaves.sol";
import {MatchState, State} from "./libraries/MatchState.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {Seal} from "./libraries/Seal.sol";

contract Matches is IMatches, Multicallable {
    using SafeCastLib for uint256;

    uint8 private constant LEVELS_PER_ROUND = 4;

    /// @dev Where an encoded step says what shape its output has (docs/protocol.md, "Step encoding").
    uint256 private constant STEP_WIDTH_AT = 5;
    uint256 private constant STEP_OUT_RANK_AT = 6;
    uint256 private constant STEP_DIMS_AT = 37;

    /// @param nodesHash As in {Match}.
    struct Game {
        State state;
        bytes32 nodesHash;
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
    bytes32 private immutable _sealDomain;

    mapping(uint256 matchId => Game) private _games;
    /// @inheritdoc IMatches
    mapping(uint256 claimId => bytes32) public traceRootOf;

    constructor(IModelRegistry registry_, IStepVerifier verifier_, IJobs jobs_, uint32 clockSeconds) {
        registry = registry_;
        verifier = verifier_;
        jobs = jobs_;
        _clockSeconds = clockSeconds;
        _sealDomain = Seal.domain(block.chainid, address(jobs_));
    }

    // ---------------------------------------------------------------- revealing

    /// @inheritdoc IMatches
    function reveal(uint256 claimId, Terms calldata terms, bytes32 traceRoot, bytes32[] calldata outputProof) external {
        require(traceRootOf[claimId] == 0, Matches_AlreadyRevealed(claimId));
        Claim memory claim = _liveClaim(claimId);
        bytes32 commitment = keccak256(abi.encode(terms));
        require(commitment == claim.commitment, Matches_OtherTerms(claimId, commitment, claim.commitment));
        bytes32 seal = Seal.compute(_sealDomain, claim.jobId, claim.claimant, traceRoot);
        require(seal == terms.seal, Matches_SealMismatch(claimId, seal, terms.seal));
        (uint256 lastSlot, uint8 slotDepth,) = jobs.traceShapeOf(claim.jobId);
        _requireLength("outputProof", outputProof.length, slotDepth);
        bytes32 computedRoot = Merkle.climb(terms.outputRoot, lastSlot, outputProof);
        require(computedRoot == traceRoot, Matches_OutputNotInTrace(claimId, computedRoot, traceRoot));
        traceRootOf[claimId] = traceRoot;
        emit Revealed(claimId, traceRoot);
    }

    // ---------------------------------------------------------------- opening

    /// @inheritdoc IMatches
    function openMatch(uint256 claimIdA, uint256 claimIdB) external returns (uint256 matchId) {
        require(claimIdA != claimIdB, Matches_SameClaim(claimIdA));
        (uint256 claimId0, uint256 claimId1) = _ordered(claimIdA, claimIdB);
        Claim memory claim0 = _liveClaim(claimId0);
        Claim memory claim1 = _liveClaim(claimId1);
        require(claim0.jobId == claim1.jobId, Matches_OtherJob(claim0.jobId, claim1.jobId));
        _requireOtherTrace(claimId0, claimId1);
        (, uint8 slotDepth, uint8 tensorDepth) = jobs.traceShapeOf(claim0.jobId);
        return _open(claim0.jobId, claimId0, claimId1, slotDepth + tensorDepth);
    }

    /// @inheritdoc IMatches
    function openChallenge(uint256 jobId, uint256 targetClaimId, uint256 claimId, uint8 height)
        external
        returns (uint256 matchId)
    {
        require(msg.sender == address(jobs), Matches_OnlyJobs(msg.sender));
        return _open(jobId, targetClaimId, claimId, height);
    }

    function _open(uint256 jobId, uint256 claimId0, uint256 claimId1, uint8 height) private returns (uint256 matchId) {
        matchId = _idOf(claimId0, claimId1);
        Game storage game = _games[matchId];
        require(game.state.phase() == Phase.None, Matches_AlreadyMatched(matchId));
        game.state = MatchState.begin(height, _clockSeconds, block.timestamp.toUint40());
        emit MatchOpened(matchId, jobId, claimId0, claimId1);
    }

    // ---------------------------------------------------------------- moves

    /// @inheritdoc IMatches
    function open(uint256 matchId, bytes32[] calldata children) external {
        (Game storage game, State state) = _inPhase(matchId, Phase.Open);
        (, uint256 claimId1) = _claimsOf(matchId);
        bytes32 root = traceRootOf[claimId1];
        require(root != 0, Matches_NotRevealed(claimId1));
        uint8 height = state.height();
        bytes32 computed = _parentOf(children, height);
        require(computed == root, Matches_NodeMismatch(computed, root));
        _passTurn(game, state, Phase.Descend, height, 0);
        emit NodeOpened(matchId, 1, height, 0, children);
    }

    /// @inheritdoc IMatches
    function descend(
        uint256 matchId,
        uint8 height,
        uint64 position,
        Answer calldata answer,
        bytes32[] calldata children
    ) external {
        uint8 levels = _levels(height);
        require(height > levels, Matches_WrongRound(height));
        height -= levels;
        bytes32 node = _parentOf(children, height);
        (uint8 side, uint64 below) = _answer(matchId, height, levels, position, answer, node);
        emit NodeOpened(matchId, side, height, below, children);
    }

    /// @inheritdoc IMatches
    function descendToLeaf(uint256 matchId, uint8 height, uint64 position, Answer calldata answer, bytes calldata leaf)
        external
    {
        require(height == _levels(height), Matches_WrongRound(height));
        bytes32 node = _hashLeaf(leaf);
        (uint8 side, uint64 below) = _answer(matchId, 0, height, position, answer, node);
        emit LeafPosted(matchId, side, below, leaf);
    }

    /// @inheritdoc IMatches
    function postLeaf(uint256 matchId, uint64 position, bytes32 otherNode, bytes calldata leaf) external {
        (Game storage game, State state) = _inPhase(matchId, Phase.Leaf);
        _requireState(state, 0, position);
        uint8 side = state.turn();
        (bytes32 node0, bytes32 node1) = _bySide(side, _hashLeaf(leaf), otherNode);
        _requireNodes(game.nodesHash, node0, node1);
        _passTurn(game, state, Phase.Proof, 0, position);
        emit LeafPosted(matchId, side, position, leaf);
    }

    /// @dev Goes `levels` down from `position` to the first difference, at `height`. The answer hashes up to both sides' nodes,
    /// so it is what both have committed to.
    /// @param node Of the side to move, at the difference.
    function _answer(uint256 matchId, uint8 height, uint8 levels, uint64 position, Answer calldata answer, bytes32 node)
        private
        returns (uint8 side, uint64 below)
    {
        (Game storage game, State state) = _inPhase(matchId, Phase.Descend);
        _requireState(state, height + levels, position);
        side = state.turn();
        require(node != answer.otherNode, Matches_NoDifference(answer.index));
        (bytes32 node0, bytes32 node1) = _bySide(side, node, answer.otherNode);
        _requireAbove(matchId, game, node0, node1, levels, answer);
        below = ((uint256(position) << levels) + answer.index).toUint64();
        game.nodesHash = Merkle.hashPair(node0, node1);
        _passTurn(game, state, height == 0 ? Phase.Leaf : Phase.Descend, height, below);
    }

    /// @dev That the nodes stand below those that the match stands at, with nothing different before them.
    function _requireAbove(
        uint256 matchId,
        Game storage game,
        bytes32 node0,
        bytes32 node1,
        uint8 levels,
        Answer calldata answer
    ) private view {
        (node0, node1) = Merkle.climbBoth(node0, node1, answer.index, levels, answer.siblings);
        bytes32 nodesHash = game.nodesHash;
        if (nodesHash == 0) _requireRoots(matchId, node0, node1);
        else _requireNodes(nodesHash, node0, node1);
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
        (Game storage game, State state) = _load(matchId);
        Phase phase = state.phase();
        require(phase == Phase.Leaf || phase == Phase.Proof, Matches_WrongPhase(matchId, phase));
        _requireState(state, 0, position);
        _requireNodes(game.nodesHash, _hashLeaf(leaves[0]), _hashLeaf(leaves[1]));
        (uint256 claimId0,) = _claimsOf(matchId);
        bytes32 modelId;
        (modelId, dispute.inputRoot) = jobs.questionOf(jobs.getClaim(claimId0).jobId);
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
        (uint256 claimId0, uint256 claimId1) = _claimsOf(dispute.matchId);
        bytes32 root = traceRootOf[side == 0 ? claimId0 : claimId1];
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
        (Game storage game, State state) = _load(matchId);
        _end(matchId, game, state, Ending.Proof, (value0 != computed ? 1 : 0) | (value1 != computed ? 2 : 0));
    }

    // ---------------------------------------------------------------- endings

    /// @inheritdoc IMatches
    function callTime(uint256 matchId) external {
        (Game storage game, State state) = _load(matchId);
        (uint256 claimId0, uint256 claimId1) = _claimsOf(matchId);
        require(state.phase() != Phase.Over, Matches_WrongPhase(matchId, Phase.Over));
        // Who has revealed the other side's trace has nothing to answer. (Below the root the traces differ.)
        _requireOtherTrace(claimId0, claimId1);
        uint8 losers;
        for (uint8 side = 0; side < 2; ++side) {
            bool toMove = state.phase() == Phase.Proof || state.turn() == side;
            bool isOver = Clock.isOver(state.remainingSeconds(side), state.clockStartedAt());
            if (toMove && isOver) losers |= uint8(1 << side);
        }
        require(losers != 0, Matches_NoClockExpired(matchId));
        _end(matchId, game, state, Ending.Time, losers);
    }

    /// @inheritdoc IMatches
    function settleSameTrace(uint256 matchId, Terms calldata terms1) external {
        (Game storage game, State state) = _load(matchId);
        require(state.phase() != Phase.Over, Matches_WrongPhase(matchId, Phase.Over));
        (uint256 claimId0, uint256 claimId1) = _claimsOf(matchId);
        (bytes32 root0, bytes32 root1) = (traceRootOf[claimId0], traceRootOf[claimId1]);
        require(root0 != 0, Matches_NotRevealed(claimId0));
        require(root0 == root1, Matches_OtherTrace(root0, root1));
        _saveEnd(matchId, game, state, Ending.SameTrace, 0);
        jobs.settle(claimId0, claimId1, terms1);
    }

    /// @dev Reverts when a claim is not live: such a match is moot.
    function _end(uint256 matchId, Game storage game, State state, Ending ending, uint8 losers) private {
        _saveEnd(matchId, game, state, ending, losers);
        (uint256 claimId0, uint256 claimId1) = _claimsOf(matchId);
        jobs.endMatch(claimId0, claimId1, losers);
    }

    function _saveEnd(uint256 matchId, Game storage game, State state, Ending ending, uint8 losers) private {
        game.state = state.ended(ending, losers);
        delete game.nodesHash;
        emit MatchEnded(matchId, ending, losers);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IMatches
    // Each claim id is half of a match id.
    // forge-lint: disable-next-item(unsafe-typecast)
    function getMatch(uint256 matchId) external view returns (Match memory) {
        (Game storage game, State state) = _load(matchId);
        (uint256 claimId0, uint256 claimId1) = _claimsOf(matchId);
        return Match({
            claims: [uint64(claimId0), uint64(claimId1)],
            phase: state.phase(),
            ending: state.ending(),
            height: state.height(),
            turn: state.turn(),
            losers: state.losers(),
            openedAt: state.openedAt(),
            clockStartedAt: state.clockStartedAt(),
            remainingSeconds: [state.remainingSeconds(0), state.remainingSeconds(1)],
            position: state.position(),
            nodesHash: game.nodesHash
        });
    }

    /// @inheritdoc IMatches
    function matchOf(uint256 claimIdA, uint256 claimIdB) external view returns (uint256 matchId) {
        (uint256 claimId0, uint256 claimId1) = _ordered(claimIdA, claimIdB);
        matchId = _idOf(claimId0, claimId1);
        if (_games[matchId].state.phase() == Phase.None) return 0;
    }

    // ---------------------------------------------------------------- state

    function _load(uint256 matchId) private view returns (Game storage game, State state) {
        game = _games[matchId];
        state = game.state;
        require(state.phase() != Phase.None, Matches_UnknownMatch(matchId));
    }

    function _inPhase(uint256 matchId, Phase phase) private view returns (Game storage game, State state) {
        (game, state) = _load(matchId);
        require(state.phase() == phase, Matches_WrongPhase(matchId, state.phase()));
    }

    /// @dev Takes what the side to move has used off its clock; reverts when that is more than there was.
    function _passTurn(Game storage game, State state, Phase phase, uint8 height, uint64 position) private {
        uint8 side = state.turn();
        uint40 startedAt = state.clockStartedAt();
        uint32 remaining = state.remainingSeconds(side);
        require(!Clock.isOver(remaining, startedAt), Matches_ClockExpired(side));
        // No more than `remaining`, as was just checked.
        // forge-lint: disable-next-line(unsafe-typecast)
        remaining -= uint32(block.timestamp - startedAt);
        game.state = state.moved(phase, height, position, remaining, block.timestamp.toUint40());
    }

    function _liveClaim(uint256 claimId) private view returns (Claim memory claim) {
        claim = jobs.getClaim(claimId);
        require(claim.status == ClaimStatus.Live, Matches_ClaimNotLive(claimId));
    }

    // ---------------------------------------------------------------- checks and parts

    function _requireState(State state, uint8 height, uint64 position) private pure {
        require(
            height == state.height() && position == state.position(),
            Matches_OtherState(state.height(), state.position())
        );
    }

    function _requireLength(bytes32 what, uint256 length, uint256 requiredLength) private pure {
        if (length != requiredLength) {
            revert Matches_WrongLength(LibString.fromSmallString(what), length, requiredLength);
        }
    }

    function _requireOtherTrace(uint256 claimId0, uint256 claimId1) private view {
        bytes32 root0 = traceRootOf[claimId0];
        require(root0 == 0 || root0 != traceRootOf[claimId1], Matches_SameTrace(claimId0, claimId1));
    }

    function _requireNodes(bytes32 nodesHash, bytes32 node0, bytes32 node1) private pure {
        bytes32 computed = Merkle.hashPair(node0, node1);
        require(computed == nodesHash, Matches_NodeMismatch(computed, nodesHash));
    }

    /// @dev Both sides have revealed when both match: no node is 0.
    function _requireRoots(uint256 matchId, bytes32 node0, bytes32 node1) private view {
        (uint256 claimId0, uint256 claimId1) = _claimsOf(matchId);
        (bytes32 root0, bytes32 root1) = (traceRootOf[claimId0], traceRootOf[claimId1]);
        require(root0 != 0, Matches_NotRevealed(claimId0));
        require(node0 == root0, Matches_NodeMismatch(node0, root0));
        require(node1 == root1, Matches_NodeMismatch(node1, root1));
    }

    /// @dev The node at `height` that these nodes of the round below it hash to.
    function _parentOf(bytes32[] calldata children, uint8 height) private pure returns (bytes32) {
        _requireLength("children", children.length, 1 << _levels(height));
        return Merkle.rootOfHashes(children);
    }

    function _hashLeaf(bytes calldata leaf) private pure returns (bytes32) {
        _requireLength("leaf", leaf.length, Merkle.LEAF_BYTES);
        return keccak256(leaf);
    }

    /// @dev The first round takes the remainder, every later one four levels.
    function _levels(uint8 height) private pure returns (uint8) {
        uint8 remainder = height % LEVELS_PER_ROUND;
        return remainder == 0 ? LEVELS_PER_ROUND : remainder;
    }

    function _bySide(uint8 side, bytes32 own, bytes32 other) private pure returns (bytes32, bytes32) {
        return side == 0 ? (own, other) : (other, own);
    }

    function _idOf(uint256 claimId0, uint256 claimId1) private pure returns (uint256) {
        return (claimId0 << 64) | claimId1;
    }

    function _claimsOf(uint256 matchId) private pure returns (uint256 claimId0, uint256 claimId1) {
        return (matchId >> 64, matchId & type(uint64).max);
    }

    function _ordered(uint256 a, uint256 b) private pure returns (uint256, uint256) {
        return a < b ? (a, b) : (b, a);
    }
}
