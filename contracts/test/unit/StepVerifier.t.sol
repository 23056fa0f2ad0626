// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {StepVerifier} from "../../src/StepVerifier.sol";
import {IStepVerifier, Opening, Tree} from "../../src/interfaces/IStepVerifier.sol";
import {StepVector, StepVectors} from "../helpers/StepVectors.sol";
import {VectorFile} from "../helpers/VectorFile.sol";

/// @notice What is refused, and that nothing else is. The cases in words: StepVerifier.tree. What is computed:
/// differential/StepVerifier.vectors.t.sol.
contract StepVerifierTest is Test {
    string private constant FILE = "fixtures/vectors/steps.json";
    // Where fields are in an encoding (docs/protocol.md, "Step encoding").
    uint256 private constant COMBINE = 1;
    uint256 private constant REDUCE = 2;
    uint256 private constant POST = 3;
    uint256 private constant WIDTH = 5;
    uint256 private constant OUT_RANK = 6;
    uint256 private constant RED_RANK = 7;
    uint256 private constant LO = 8;
    uint256 private constant HI = 12;
    uint256 private constant LOOKUP_LENGTH = 20;
    uint256 private constant LOOKUP_WIDTH = 28;
    uint256 private constant DIMS = 37;

    StepVerifier private verifier = new StepVerifier();

    // ---- given an encoding

    function test_refusesAnEncodingCutOffAnywhere() external {
        StepVector memory v = StepVectors.find(FILE, "convolution");
        bytes memory whole = v.step;
        for (uint256 length = 0; length < whole.length; ++length) {
            v.step = _prefix(whole, length);
            vm.expectPartialRevert(IStepVerifier.StepVerifier_BadEncoding.selector);
            _compute(v);
        }
    }

    function test_refusesBytesAfterAnEncoding() external {
        StepVector memory v = StepVectors.find(FILE, "convolution");
        _expectBadEncoding(v.step.length);
        v.step = bytes.concat(v.step, hex"00");
        _compute(v);
    }

    function test_refusesFieldsOutOfRange() external {
        StepVector memory v = StepVectors.find(FILE, "convolution");
        _expectBadByte(v, 0, 0);
        _expectBadByte(v, 0, 2);
        _expectBadByte(v, COMBINE, 10);
        _expectBadByte(v, REDUCE, 6);
        _expectBadByte(v, POST, 3);
        _expectBadByte(v, WIDTH, 0);
        _expectBadByte(v, WIDTH, 3);
        _expectBadByte(v, WIDTH, 8);
        _expectBadByte(v, OUT_RANK, 17);
        _expectBadByte(v, RED_RANK, 15); // 2 + 15 loops
        _expectBadByte(v, LOOKUP_WIDTH, 1); // without a lookup
        _expectBadByte(v, DIMS + 4 * 5, 3); // kind of operand a
        _expectBadByte(v, DIMS + 4 * 5 + 9, 5); // width of its source
        _expectBadByte(v, DIMS + 4 * 5 + 26, 9); // its axes
    }

    function test_refusesADimOfZero() external {
        StepVector memory v = StepVectors.find(FILE, "convolution");
        v.step[DIMS + 7] = 0; // the second dim is 5
        _expectBadEncoding(DIMS + 8);
        _compute(v);
    }

    function test_refusesReductionDimsWithoutAReduce() external {
        StepVector memory v = StepVectors.find(FILE, "convolution");
        v.step[REDUCE] = 0;
        _expectBadEncoding(RED_RANK + 1);
        _compute(v);
    }

    function test_refusesALookupWithoutAWidth() external {
        StepVector memory v = StepVectors.find(FILE, "convolution");
        v.step[LOOKUP_LENGTH] = 0x01;
        _expectBadEncoding(LOOKUP_WIDTH + 1);
        _compute(v);
    }

    // ---- given an element

    function test_refusesAnElementThatTheOutputDoesNotHave() external {
        StepVector memory v = StepVectors.find(FILE, "transpose"); // 3 x 4
        v.elements[0] = 12;
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_NoSuchElement.selector, 12));
        _compute(v);
        v.elements[0] = type(uint256).max;
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_NoSuchElement.selector, type(uint256).max));
        _compute(v);
    }

    // ---- given a slot

    function test_refusesToReadItsOwnOrALaterSlot() external {
        StepVector memory v = StepVectors.find(FILE, "transpose"); // reads slot 0
        v.slot = 0;
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_ReadsOwnOrLaterSlot.selector, 0, 0));
        _compute(v);
        v.slot = 5;
        assertEq(_compute(v), v.expected[0]);
    }

    function test_refusesALaterSlotInAnyOperand() external {
        StepVector memory v = StepVectors.find(FILE, "select in a window");
        uint256 operandBytes = 1 + 8 + 1 + 4 + 4 + 8 + 1 + 4 * 5 + 2 * (12 + 4 * 5);
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory step = bytes.concat(v.step);
            v.step[DIMS + 4 * 5 + i * operandBytes + 13] = 0x07;
            vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_ReadsOwnOrLaterSlot.selector, 7, 1));
            _compute(v);
            v.step = step;
        }
        assertEq(_compute(v), v.expected[0]);
    }

    // ---- given openings

    function test_refusesToGoWithoutALeaf() external {
        StepVector memory v = StepVectors.find(FILE, "dot product, width 2");
        Opening memory nothing;
        Opening memory trace = v.traceOpening;
        v.traceOpening = nothing;
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 0));
        _compute(v);
        v.traceOpening = trace;
        v.constantsOpening = nothing;
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 0));
        _compute(v);
    }

    /// @dev The vector opens what elements 0 and 1 need: five leaves; without the run's last or first leaf one is missing.
    function test_refusesToReadBesideTheOpenedLeaves() external {
        StepVector memory v = StepVectors.find(FILE, "dot product, width 2");
        bytes memory leaves = v.traceOpening.leaves;
        assertEq(v.traceOpening.runs, hex"00000000000005");
        v.traceOpening.runs = hex"00000000000004";
        v.traceOpening.leaves = _prefix(leaves, 4 * 256);
        _acceptRoots(v);
        v.elements[0] = 1; // bytes 600 to 1199
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 4));
        _compute(v);
        v.traceOpening.runs = hex"00000000030002"; // leaves 3 and 4
        v.traceOpening.leaves = _prefix(leaves, 2 * 256);
        _acceptRoots(v);
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 2));
        _compute(v);
    }

    /// @dev The element reads one number of each of two neighbouring leaves, downwards and upwards. Leaf 1 is not open, but the
    /// leaf after leaf 0 in the calldata is.
    function test_refusesToReadTheNextRunForAMissingLeaf() external {
        StepVector memory v = StepVectors.find(FILE, "one element a leaf, width 4");
        _compute(v);
        Opening memory trace = v.traceOpening;
        v.traceOpening = Opening(hex"0000000000000100000000020001", _noise(512, 1), new bytes32[](0));
        _acceptRoots(v);
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 1));
        _compute(v);
        v.traceOpening = trace;
        v.constantsOpening = Opening(hex"00000000010001", _noise(256, 1), new bytes32[](0));
        _acceptRoots(v);
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 0));
        _compute(v);
    }

    /// @dev The element reads leaves 0, 2, 4, 6 and 8; the run after the one with leaf 0 ends right before leaf 2.
    function test_refusesALeafRightAfterTheNextRun() external {
        StepVector memory v = StepVectors.find(FILE, "dot product of columns, width 4");
        _compute(v);
        v.traceOpening = Opening(hex"0000000000000100000000010001", _noise(512, 1), new bytes32[](0));
        _acceptRoots(v);
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 2));
        _compute(v);
    }

    /// @dev The row of 300 int16 begins inside of slot 0, which has room for 512 of them, and ends in slot 1.
    function test_doesNotReadARowOverATensorsEnd() external {
        StepVector memory v = StepVectors.find(FILE, "max of a long row");
        assertEq(v.trace.tensorDepth, 2);
        v.traceOpening = Opening(hex"00000000000008", _noise(2048, 5), new bytes32[](0));
        _acceptRoots(v);
        uint256 offset = DIMS + 4 + 18;
        v.step[offset + 7] = bytes1(uint8(212));
        _compute(v);
        v.step[offset + 7] = bytes1(uint8(213));
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 4));
        _compute(v);
    }

    /// @dev A tree of two slots of one leaf each, opened as one run. A view that reads beyond slot 0 must not read slot 1.
    function test_doesNotReadOverATensorsEnd() external {
        StepVector memory v = StepVectors.find(FILE, "reverse");
        assertEq(v.trace.depth, 1);
        assertEq(v.trace.tensorDepth, 0);
        v.traceOpening = Opening(hex"00000000000002", _noise(512, 3), new bytes32[](0));
        _acceptRoots(v);
        _compute(v);
        uint256 offset = DIMS + 4 + 18; // of operand a, which has one output dim before it
        v.step[offset + 7] = bytes1(uint8(64)); // int32 number 64 is the first of the next leaf
        v.elements[0] = 1;
        _compute(v);
        v.elements[0] = 0;
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_MissingLeaf.selector, 1));
        _compute(v);
        // Nor, with a negative position, before it.
        v.step[offset + 7] = bytes1(uint8(0));
        v.elements[0] = 1;
        vm.expectPartialRevert(IStepVerifier.StepVerifier_MissingLeaf.selector);
        _compute(v);
    }

    function test_refusesLeavesOfAnotherRoot() external {
        StepVector memory v = StepVectors.find(FILE, "dot product, width 2");
        v.traceOpening.leaves[1100] ^= 0x01;
        vm.expectPartialRevert(IStepVerifier.StepVerifier_RootMismatch.selector);
        _compute(v);
        v.traceOpening.leaves[1100] ^= 0x01;
        v.constantsOpening.leaves[7] ^= 0x80;
        vm.expectPartialRevert(IStepVerifier.StepVerifier_RootMismatch.selector);
        _compute(v);
        v.constantsOpening.leaves[7] ^= 0x80;
        assertEq(_compute(v), v.expected[0]);
    }

    // ---- given any leaves at all

    /// @dev Numbers that no honest trace holds: bounds were proven for clamped values, but what an opening holds is what two
    /// parties agreed on, true or not.
    function test_isTotal() external {
        vm.pauseGasMetering(); // there are many of them
        VectorFile.open(FILE);
        uint256 computed;
        for (uint256 i = 0;; ++i) {
            (bool found, uint256 more) = this.computeNextWithOtherLeaves(i % 4);
            if (!found) break;
            computed += more;
        }
        assertGt(computed, 1500);
    }

    /// @param pattern What its leaves are filled with at first; then it is noise.
    function computeNextWithOtherLeaves(uint256 pattern) external view returns (bool found, uint256 computed) {
        StepVector memory v;
        (found, v) = StepVectors.next(FILE);
        if (!found) return (false, 0);
        // Which entry is read depends on what the leaves hold, so the right leaf may not be there.
        bool chooses = uint8(v.step[COMBINE]) == 9 || uint8(v.step[LOOKUP_WIDTH]) != 0;
        int256 lo = int32(uint32(bytes4(_slice(v.step, LO))));
        int256 hi = int32(uint32(bytes4(_slice(v.step, HI))));
        for (uint256 turn = 0; turn < 2; ++turn) {
            v.traceOpening.leaves = _filled(v.traceOpening.leaves.length, turn == 0 ? pattern : 4);
            v.constantsOpening.leaves = _filled(v.constantsOpening.leaves.length, turn == 0 ? (pattern + 1) % 4 : 4);
            _acceptRoots(v);
            try this.compute(v) returns (int256 value) {
                if (!chooses) assertTrue(lo <= value && value <= hi, v.name);
                ++computed;
            } catch (bytes memory reason) {
                assertTrue(chooses, v.name);
                assertEq(bytes4(_slice(reason, 0)), IStepVerifier.StepVerifier_MissingLeaf.selector);
            }
        }
    }

    function compute(StepVector calldata v) external view returns (int256) {
        return _compute(v);
    }

    // ---- helpers

    function _compute(StepVector memory v) private view returns (int256) {
        return verifier.computeElement(
            v.step, v.slot, v.elements[0], v.trace, v.traceOpening, v.constants, v.constantsOpening
        );
    }

    /// @dev Gives the trees the roots that their openings lead to, with as many siblings as they need.
    function _acceptRoots(StepVector memory v) private view {
        v.trace.root = _rootOf(v, v.trace, v.traceOpening);
        v.constants.root = _rootOf(v, v.constants, v.constantsOpening);
    }

    function _rootOf(StepVector memory v, Tree memory tree, Opening memory opening) private view returns (bytes32) {
        if (opening.runs.length == 0) return bytes32(0);
        Opening memory nothing;
        tree = Tree(keccak256("not the root"), tree.depth, tree.tensorDepth);
        try verifier.computeElement(v.step, v.slot, v.elements[0], tree, opening, v.constants, nothing) {
            revert("a root that is none was accepted");
        } catch (bytes memory reason) {
            if (bytes4(_slice(reason, 0)) == IStepVerifier.StepVerifier_BadSiblings.selector) {
                opening.siblings = new bytes32[](uint256(_slice(reason, 36)));
                return _rootOf(v, tree, opening);
            }
            assertEq(bytes4(_slice(reason, 0)), IStepVerifier.StepVerifier_RootMismatch.selector);
            return _slice(reason, 4);
        }
    }

    function _expectBadEncoding(uint256 at) private {
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_BadEncoding.selector, at));
    }

    function _expectBadByte(StepVector memory v, uint256 at, uint8 value) private {
        bytes1 right = v.step[at];
        v.step[at] = bytes1(value);
        _expectBadEncoding(at + 1);
        _compute(v);
        v.step[at] = right;
    }

    function _prefix(bytes memory data, uint256 length) private pure returns (bytes memory prefix) {
        prefix = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            prefix[i] = data[i];
        }
    }

    function _slice(bytes memory data, uint256 from) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), from))
        }
    }

    /// @dev Ends of the range, whatever the width of an element; then anything.
    function _filled(uint256 length, uint256 pattern) private pure returns (bytes memory data) {
        if (pattern == 4) return _noise(length, length);
        bytes32 word = [
            bytes32(0),
            bytes32(type(uint256).max),
            bytes32(0x8000000080000000800000008000000080000000800000008000000080000000),
            bytes32(0x7fffffff7fffffff7fffffff7fffffff7fffffff7fffffff7fffffff7fffffff)
        ][pattern];
        data = new bytes(length);
        for (uint256 i = 0x20; i <= length; i += 0x20) {
            assembly ("memory-safe") {
                mstore(add(data, i), word)
            }
        }
    }

    function _noise(uint256 length, uint256 seed) private pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0x20; i <= length; i += 0x20) {
            bytes32 word = keccak256(abi.encode(seed, i));
            assembly ("memory-safe") {
                mstore(add(data, i), word)
            }
        }
    }
}
