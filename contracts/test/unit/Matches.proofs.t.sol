// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ClaimStatus} from "../../src/interfaces/IJobs.sol";
import {Ending, IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {IStepVerifier, Opening} from "../../src/interfaces/IStepVerifier.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @dev Cases in Matches.proofs.tree. A leaf index is slot * 4 + leaf of the slot.
contract MatchesProofsTest is BaseTest {
    using Traces for Trace;

    uint256 private constant BEYOND_TWO_BYTE_TENSOR = 300 - 256; // in leaf 1 of slots 0, 1 and 3
    uint256 private jobId;

    function setUp() public override {
        super.setUp();
        jobId = request();
    }

    /// @dev Two claims, the one with `trace0` first, played to the proof.
    function _toProof(Trace memory trace0, Trace memory trace1) private returns (uint256 matchId) {
        uint256 first = submit(worker, jobId, trace0);
        (, matchId) = challenge(watcher, first, trace1);
        playToProof(matchId, trace0, trace1);
    }

    function _lie(uint256 leaf, uint256 at, bytes1 bits) private pure returns (Trace memory trace) {
        trace = TinyModel.unhashedTrace(INPUT_SEED);
        trace.patch(leaf, at, bits);
        trace.rehash();
    }

    /// @dev One liar at (leaf, at) as either side, then two liars with different lies there.
    function _decides(uint256 leaf, uint256 at) private {
        Trace memory truth = honestTrace();
        Trace memory lie = _lie(leaf, at, 0x01);
        Trace memory other = _lie(leaf, at, 0x03);
        uint256 snapshot = vm.snapshotState();
        uint256 matchId = _toProof(lie, truth);
        assertEq(matches.getMatch(matchId).position, leaf);
        prove(matchId, lie, truth, truth);
        assertOver(matchId, Ending.Proof, 1);
        assertStatus(1, ClaimStatus.Lost);
        assertStatus(2, ClaimStatus.Live);
        vm.revertToState(snapshot);
        matchId = _toProof(truth, lie);
        prove(matchId, truth, lie, truth);
        assertOver(matchId, Ending.Proof, 2);
        assertStatus(1, ClaimStatus.Live);
        assertStatus(2, ClaimStatus.Lost);
        vm.revertToState(snapshot);
        matchId = _toProof(lie, other);
        prove(matchId, lie, other, truth);
        assertOver(matchId, Ending.Proof, 3);
        assertStatus(1, ClaimStatus.Lost);
        assertStatus(2, ClaimStatus.Lost);
        assertEq(jobs.getJob(jobId).liveClaims, 0);
    }

    // ---------------------------------------------------------------- every proof

    function test_proofs_wrongPhase() external {
        uint256 first = submit(worker, jobId, honestTrace());
        (, uint256 matchId) = challenge(watcher, first, lyingTrace());
        bytes[2] memory leaves;
        bytes memory reveal_ = abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Open);
        vm.expectRevert(reveal_);
        matches.proveInput(matchId, 0, leaves, "", new bytes32[](0));
        vm.expectRevert(reveal_);
        matches.provePadding(matchId, 0, leaves);
        StepProof memory proof;
        proof.matchId = matchId;
        vm.expectRevert(reveal_);
        proveStep(proof);
        revealBoth(matchId, honestTrace(), lyingTrace());
        descend(matchId, honestTrace(), lyingTrace());
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongPhase.selector, matchId, Phase.Descend));
        matches.provePadding(matchId, 0, leaves);
    }

    /// @dev Who knows both leaves need not post the second one first, whoever it is and whatever the clocks say.
    function test_proofs_beforeTheSecondLeaf() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        uint256 first = submit(worker, jobId, truth);
        (, uint256 matchId) = challenge(watcher, first, lie);
        revealBoth(matchId, truth, lie);
        descendToLeaf(matchId, truth, lie);
        assertPhase(matchId, Phase.Leaf);
        vm.warp(block.timestamp + CLOCK + 1);
        vm.prank(stranger);
        prove(matchId, truth, lie, truth);
        assertOver(matchId, Ending.Proof, 2);
    }

    function test_proofs_stateAndLeaves() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        uint256 matchId = _toProof(lie, truth);
        StepProof memory proof = proofOf(matchId, lie, truth);
        proof.position += 1;
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_OtherState.selector, 0, 16));
        proveStep(proof);
        proof = proofOf(matchId, lie, truth);
        proof.leaves[1] = new bytes(257);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "leaf", 257, 256));
        proveStep(proof);
        proof = proofOf(matchId, lie, truth);
        proof.leaves[0][200] ^= 0x10;
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        proveStep(proof);
        proof = proofOf(matchId, lie, truth);
        proof.leaves = [proof.leaves[1], proof.leaves[0]];
        vm.expectPartialRevert(IMatches.Matches_NodeMismatch.selector);
        proveStep(proof);
    }

    function test_proofs_wrongKind() external {
        Trace memory truth = honestTrace();
        uint256 snapshot = vm.snapshotState();

        Trace memory lie = lyingTrace(0, 1);
        StepProof memory proof = proofOf(_toProof(lie, truth), lie, truth);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongSlot.selector, 0, 4));
        proveStep(proof);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongSlot.selector, 0, 4));
        matches.provePadding(proof.matchId, proof.position, proof.leaves);
        vm.revertToState(snapshot);

        lie = lyingTrace();
        proof = proofOf(_toProof(lie, truth), lie, truth);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongSlot.selector, 4, 4));
        matches.proveInput(proof.matchId, proof.position, proof.leaves, "", new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongSlot.selector, 4, 4));
        matches.provePadding(proof.matchId, proof.position, proof.leaves);
        vm.revertToState(snapshot);

        lie = lyingTrace(5 << 2, 9);
        proof = proofOf(_toProof(lie, truth), lie, truth);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongSlot.selector, 5, 4));
        matches.proveInput(proof.matchId, proof.position, proof.leaves, "", new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongSlot.selector, 5, 4));
        proveStep(proof);
    }

    function test_proofs_afterTheClocks() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace();
        uint256 matchId = _toProof(lie, truth);
        vm.warp(block.timestamp + 10 * uint256(CLOCK));
        vm.prank(stranger);
        prove(matchId, lie, truth, truth);
        assertOver(matchId, Ending.Proof, 1);
    }

    // ---------------------------------------------------------------- proveInput

    function test_proveInput_decides() external {
        _decides(0, 17);
    }

    function test_proveInput_beyondTheEnd() external {
        _decides(1, BEYOND_TWO_BYTE_TENSOR + 5);
    }

    function test_proveInput_beyondTheEndInALaterLeaf() external {
        _decides(3, 0);
    }

    /// @dev A root by which something follows the input: the trace with zeros there is the true one all the same.
    function test_proveInput_beyondTheEndOfAMalformedRoot() external {
        Trace memory truth = honestTrace();
        Trace memory malformed = lyingTrace(1, BEYOND_TWO_BYTE_TENSOR);
        inputRoot = malformed.slotRoot(0);
        jobId = requestByRoot();
        uint256 matchId = _toProof(malformed, truth);
        prove(matchId, malformed, truth, malformed);
        assertOver(matchId, Ending.Proof, 1);
    }

    function test_proveInput_event() external {
        Trace memory truth = honestTrace();
        Trace memory lie = _lie(1, 3, 0x01); // the low byte of element 129
        uint256 matchId = _toProof(lie, truth);
        int256 value = TinyModel.inputAt(INPUT_SEED, 129);
        int256 lied = value ^ 1;
        vm.expectEmit(address(matches));
        emit IMatches.ElementComputed(matchId, 0, 129, lied, value, value);
        vm.expectEmit(address(matches));
        emit IMatches.MatchEnded(matchId, Ending.Proof, 1);
        prove(matchId, lie, truth, truth);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_proveInput_flippedBit(uint256 bit) external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(1, 7);
        StepProof memory proof = proofOf(_toProof(lie, truth), lie, truth);
        bytes memory leaf = bytes.concat(truth.leaves[1]); // a copy: the proof's leaves are the trace's own
        bytes32[] memory siblings = truth.leafProof(1);
        bit = bound(bit, 0, (256 + 64) * 8 - 1);
        if (bit < 2048) leaf[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        else siblings[(bit - 2048) / 256] ^= bytes32(1 << (bit % 256));
        vm.expectPartialRevert(IMatches.Matches_InputMismatch.selector);
        matches.proveInput(proof.matchId, 1, proof.leaves, leaf, siblings);
    }

    function test_proveInput_lengths() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(1, 7);
        StepProof memory proof = proofOf(_toProof(lie, truth), lie, truth);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "inputLeaf", 64, 256));
        matches.proveInput(proof.matchId, 1, proof.leaves, new bytes(64), new bytes32[](2));
        bytes memory leaf = truth.leaves[1];
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "inputProof", 1, 2));
        matches.proveInput(proof.matchId, 1, proof.leaves, leaf, new bytes32[](1));
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "inputProof", 3, 2));
        matches.proveInput(proof.matchId, 1, proof.leaves, leaf, new bytes32[](3));
    }

    // ---------------------------------------------------------------- proveStep

    function test_proveStep_twoBytes() external {
        _decides(4 + 1, 3);
    }

    function test_proveStep_oneByte() external {
        _decides(8, 149);
    }

    function test_proveStep_constant() external {
        _decides(12, 0);
    }

    function test_proveStep_fourBytes() external {
        _decides(16, 19);
    }

    function test_proveStep_beyondTheEnd() external {
        _decides(4 + 1, BEYOND_TWO_BYTE_TENSOR);
    }

    function test_proveStep_beyondTheEndOfBytes() external {
        _decides(8, 150);
    }

    function test_proveStep_beyondTheEndInALaterLeaf() external {
        _decides(12 + 2, 255);
    }

    function test_proveStep_eitherRoot() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(12, 5);
        StepProof memory proof = proofOf(_toProof(lie, truth), lie, truth);
        proof.side = 1; // but the opening is against side 0's root
        vm.expectPartialRevert(IStepVerifier.StepVerifier_RootMismatch.selector);
        proveStep(proof);
        proof.side = 2;
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_NoSuchSide.selector, 2));
        proveStep(proof);
        proof.side = 1;
        proof.traceOpening = truth.opening(8);
        proveStep(proof);
        assertOver(proof.matchId, Ending.Proof, 1);
    }

    function test_proveStep_openings() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(12, 5);
        StepProof memory proof = proofOf(_toProof(lie, truth), lie, truth);
        Opening memory right = proof.traceOpening;
        proof.traceOpening = lie.opening(9); // not the leaf that the step reads
        vm.expectPartialRevert(IStepVerifier.StepVerifier_MissingLeaf.selector);
        proveStep(proof);
        proof.traceOpening = right;
        proof.traceOpening.leaves[3] ^= 0x01;
        vm.expectPartialRevert(IStepVerifier.StepVerifier_RootMismatch.selector);
        proveStep(proof);
        proof = proofOf(proof.matchId, lie, truth);
        proof.constantsOpening.leaves[1] ^= 0x01;
        vm.expectPartialRevert(IStepVerifier.StepVerifier_RootMismatch.selector);
        proveStep(proof);
        proof = proofOf(proof.matchId, lie, truth);
        proof.traceOpening.siblings[4] ^= bytes32(uint256(1));
        vm.expectPartialRevert(IStepVerifier.StepVerifier_RootMismatch.selector);
        proveStep(proof);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_proveStep_flippedBit(uint256 bit) external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(8, 5);
        StepProof memory proof = proofOf(_toProof(lie, truth), lie, truth);
        uint256 stepBits = 8 * proof.step.length;
        bit = bound(bit, 0, stepBits + 3 * 256 - 1);
        if (bit < stepBits) proof.step[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        else proof.stepProof[(bit - stepBits) / 256] ^= bytes32(1 << ((bit - stepBits) % 256));
        vm.expectPartialRevert(IMatches.Matches_StepMismatch.selector);
        proveStep(proof);
    }

    function test_proveStep_otherStep() external {
        Trace memory truth = honestTrace();
        Trace memory lie = lyingTrace(8, 5);
        StepProof memory proof = proofOf(_toProof(lie, truth), lie, truth);
        (proof.step, proof.stepProof) = (TinyModel.step(3), TinyModel.stepProof(3));
        vm.expectPartialRevert(IMatches.Matches_StepMismatch.selector);
        proveStep(proof);
        proof.stepProof = new bytes32[](2);
        vm.expectRevert(abi.encodeWithSelector(IMatches.Matches_WrongLength.selector, "stepProof", 2, 3));
        proveStep(proof);
    }

    // ---------------------------------------------------------------- provePadding

    function test_provePadding_decides() external {
        _decides(20, 0);
    }

    function test_provePadding_lastByte() external {
        _decides(31, 255);
    }
}
