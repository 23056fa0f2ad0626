// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Model} from "../../src/interfaces/IModelRegistry.sol";
import {Opening} from "../../src/interfaces/IStepVerifier.sol";
import {Trace, Traces} from "./Trace.sol";

/// @title A program of four steps with every width, a constant, padding inside slots and slots that do not exist.
/// @notice Slot 0: 150 elements of 2 bytes (2 leaves of 4). 1: 2 * x + 1, 2 bytes. 2: clamp(round(x / 16), -128, 127), 1 byte.
/// 3: x * constant, 2 bytes. 4: the first five times 1000, 4 bytes. Slots 5 to 7 do not exist.
library TinyModel {
    using SafeCastLib for uint256;
    using Traces for Trace;

    uint256 internal constant SLOT_DEPTH = 3;
    uint256 internal constant TENSOR_DEPTH = 2;
    uint256 internal constant DEPTH = SLOT_DEPTH + TENSOR_DEPTH;
    uint256 internal constant STEP_COUNT = 4;
    uint256 internal constant ELEMENTS = 150;
    uint256 internal constant OUTPUTS = 5;

    /// @dev Fill 0, offset 0, no axes, coefficient 1.
    bytes private constant WHOLE_TENSOR = hex"0000000000000000000000000000000001";

    function model() internal pure returns (Model memory) {
        return Model({
            programRoot: program().slotRoot(0),
            constantsRoot: keccak256(constantLeaf()),
            layoutHash: keccak256("layout"),
            stepCount: STEP_COUNT.toUint32(),
            slotDepth: SLOT_DEPTH.toUint8(),
            tensorDepth: TENSOR_DEPTH.toUint8(),
            constantSlotDepth: 0,
            constantTensorDepth: 0,
            inputElements: ELEMENTS.toUint32(),
            inputWidth: 2,
            outputElements: OUTPUTS.toUint32(),
            outputWidth: 4
        });
    }

    /// @notice The input made from a seed; values are small enough that no width overflows.
    function input(uint256 seed) internal pure returns (bytes memory data) {
        data = new bytes(2 * ELEMENTS);
        for (uint256 i = 0; i < ELEMENTS; ++i) {
            bytes2 value = bytes2(uint16(int16(inputAt(seed, i))));
            (data[2 * i], data[2 * i + 1]) = (value[0], value[1]);
        }
    }

    function inputAt(uint256 seed, uint256 i) internal pure returns (int256) {
        return int256((seed * 7919 + i * 104_729) % 2001) - 1000;
    }

    function constantLeaf() internal pure returns (bytes memory leaf) {
        leaf = new bytes(Traces.LEAF_BYTES);
        for (uint256 i = 0; i < ELEMENTS; ++i) {
            leaf[i] = bytes1(uint8(int8(constantAt(i))));
        }
    }

    function constantAt(uint256 i) internal pure returns (int256) {
        return (i % 7).toInt256() - 3;
    }

    /// @notice The correct trace, not yet hashed.
    function unhashedTrace(uint256 seed) internal pure returns (Trace memory trace) {
        trace = Traces.empty(SLOT_DEPTH, TENSOR_DEPTH);
        for (uint256 i = 0; i < ELEMENTS; ++i) {
            int256 x = inputAt(seed, i);
            trace.setElement(0, i, 2, x);
            x = 2 * x + 1;
            trace.setElement(1, i, 2, x);
            x = (x + 8) >> 4;
            x = x < -128 ? int256(-128) : x > 127 ? int256(127) : x;
            trace.setElement(2, i, 1, x);
            x *= constantAt(i);
            trace.setElement(3, i, 2, x);
            if (i < OUTPUTS) trace.setElement(4, i, 4, 1000 * x);
        }
    }

    function honestTrace(uint256 seed) internal pure returns (Trace memory) {
        return unhashedTrace(seed).rehash();
    }

    /// @notice The output's bytes, as far as slot 4 has them.
    function output(Trace memory trace_) internal pure returns (bytes memory data) {
        data = new bytes(4 * OUTPUTS);
        for (uint256 i = 0; i < data.length; ++i) {
            data[i] = trace_.leaves[STEP_COUNT << trace_.tensorDepth][i];
        }
    }

    function width(uint256 slot) internal pure returns (uint256) {
        return slot == 2 ? 1 : slot == 4 ? 4 : 2;
    }

    /// @notice The encoded step that makes a slot.
    function step(uint256 slot) internal pure returns (bytes memory) {
        if (slot == 1) return _encode(2, -32_768, 32_767, ELEMENTS, 0, 0, _read(0, 2, 2), _none(0), 1);
        if (slot == 2) return _encode(1, -128, 127, ELEMENTS, 0, 4, _read(1, 2, 1), _none(0), 0);
        if (slot == 3) return _encode(2, -32_768, 32_767, ELEMENTS, 1, 0, _read(2, 1, 1), _constant(), 0);
        return _encode(4, type(int32).min, type(int32).max, OUTPUTS, 0, 0, _read(3, 2, 1000), _none(0), 0);
    }

    /// @notice The program tree as a trace of one slot whose "leaves" are hashed already.
    function program() internal pure returns (Trace memory tree) {
        tree.slotDepth = 0;
        tree.tensorDepth = SLOT_DEPTH;
        tree.levels = new bytes32[][](SLOT_DEPTH + 1);
        tree.levels[0] = new bytes32[](1 << SLOT_DEPTH);
        for (uint256 slot = 1; slot <= STEP_COUNT; ++slot) {
            tree.levels[0][slot] = keccak256(step(slot));
        }
        for (uint256 h = 1; h <= SLOT_DEPTH; ++h) {
            tree.levels[h] = new bytes32[](tree.levels[h - 1].length / 2);
            for (uint256 i = 0; i < tree.levels[h].length; ++i) {
                tree.levels[h][i] = keccak256(abi.encode(tree.levels[h - 1][2 * i], tree.levels[h - 1][2 * i + 1]));
            }
        }
    }

    function stepProof(uint256 slot) internal pure returns (bytes32[] memory) {
        return program().leafProof(slot);
    }

    /// @notice The leaf of the slot before that element `element` of a slot is computed from.
    function sourceLeaf(uint256 slot, uint256 element) internal pure returns (uint256) {
        return ((slot - 1) << TENSOR_DEPTH) + element * width(slot - 1) / Traces.LEAF_BYTES;
    }

    function constantsOpening(uint256 slot) internal pure returns (Opening memory opening) {
        if (slot == 3) {
            opening.runs = abi.encodePacked(uint40(0), uint16(1));
            opening.leaves = constantLeaf();
        }
    }

    function _encode(
        uint8 width_,
        int32 lo,
        int32 hi,
        uint256 elements,
        uint8 combine,
        int8 shift,
        bytes memory a,
        bytes memory b,
        int64 add
    ) private pure returns (bytes memory) {
        bytes memory kinds = abi.encodePacked(uint8(1), combine, uint16(0), shift, width_, uint16(0x0100));
        bytes memory range = abi.encodePacked(lo, hi);
        bytes memory fixedPart = bytes.concat(kinds, range, new bytes(13 + 8)); // no lookup, no index
        bytes memory unused = _none(0); // c
        bytes memory operands = bytes.concat(a, b, unused, _none(1), _none(add));
        return bytes.concat(fixedPart, abi.encodePacked(elements.toUint32()), operands);
    }

    /// @dev An operand that reads element `o` of a slot.
    function _read(uint32 slot, uint8 width_, int64 weight) private pure returns (bytes memory) {
        return bytes.concat(abi.encodePacked(uint8(1), weight, width_, slot), WHOLE_TENSOR);
    }

    function _constant() private pure returns (bytes memory) {
        return bytes.concat(abi.encodePacked(uint8(2), int64(1), uint8(1), uint32(0)), WHOLE_TENSOR);
    }

    function _none(int64 weight) private pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), weight);
    }
}
