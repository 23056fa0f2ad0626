// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IStepVerifier} from "../interfaces/IStepVerifier.sol";

// The encoded forms of a step are numbers and not enums: an enum is checked again at every use, also in the inner loop.

library Combine {
    uint256 internal constant FIRST = 0;
    uint256 internal constant PRODUCT = 1;
    uint256 internal constant SUM = 2;
    uint256 internal constant MAX = 3;
    uint256 internal constant MIN = 4;
    uint256 internal constant LESS = 5;
    uint256 internal constant LESS_OR_EQUAL = 6;
    uint256 internal constant EQUAL = 7;
    uint256 internal constant SELECT = 8;
    uint256 internal constant INDEXED = 9;
}

library Reduce {
    uint256 internal constant NONE = 0;
    uint256 internal constant SUM = 1;
    uint256 internal constant MAX = 2;
    uint256 internal constant MIN = 3;
    uint256 internal constant ARG_MAX = 4;
    uint256 internal constant ARG_MIN = 5;
}

library Post {
    uint256 internal constant NONE = 0;
    uint256 internal constant DIVIDE = 1;
    uint256 internal constant SQRT = 2;
}

library Source {
    uint256 internal constant NONE = 0;
    uint256 internal constant SLOT = 1;
    uint256 internal constant CONSTANT = 2;
}

/// @notice A step as one element of its output sees it.
/// @param width Bytes of an output element.
/// @param lookup Constant index of the table; `lookupLength` is 0 when there is none.
/// @param indices The element's output indices.
/// @param redDims The dims of the reduction; where `redRank` is 0, a dim of 1.
/// @param operands a, b, c, mult, add.
struct Step {
    uint256 combine;
    uint256 reduce;
    uint256 post;
    int256 shift;
    uint256 width;
    uint256 redRank;
    int256 lo;
    int256 hi;
    uint256 lookup;
    uint256 lookupLength;
    int256 lookupBase;
    uint256 lookupWidth;
    int256 indexStride;
    int256 indexExtent;
    uint256[] indices;
    uint256[] redDims;
    Operand[5] operands;
}

/// @notice An operand and its view as functions of the reduction indices: component 0 is the flat position, were every axis
/// in range, and the others are the coordinates of the axes.
/// @param at The components where all reduction indices are 0; empty without a source.
/// @param coefs What a unit of reduction index i adds to component j: `coefs[i * at.length + j]`.
/// @param extents Axis j is in range while `0 <= component j < extents[j]`; `extents[0]` means nothing.
struct Operand {
    uint256 kind;
    uint256 index;
    uint256 width;
    int256 weight;
    int256 fill;
    int256[] at;
    int256[] coefs;
    uint256[] extents;
}

/// @title The step encoding (docs/protocol.md, "Step encoding"); its writer is src/program/encode.ts.
/// @notice Refuses what is not an encoding: other versions, enums and widths, missing or additional bytes. That a step is
/// legal is not checked here. Fields have 8 bytes at most, so sums of products of two of them cannot overflow 256 bits.
library StepCodec {
    uint256 private constant VERSION = 1;
    uint256 private constant MAX_LOOPS = 16;
    uint256 private constant MAX_AXES = 8;

    /// @dev Next byte to read, in the calldata; `start` is where the encoding begins.
    struct Cursor {
        uint256 at;
        uint256 start;
    }

    /// @notice Parses a step, as seen from one element of its output.
    function decode(bytes calldata data, uint256 element) internal pure returns (Step memory step) {
        unchecked {
            Cursor memory cursor;
            assembly ("memory-safe") {
                mstore(cursor, data.offset)
                mstore(add(cursor, 0x20), data.offset)
            }
            _fixedPart(cursor, step);
            uint256 rest = element;
            uint256[] memory indices = step.indices; // which are the dims so far
            for (uint256 i = indices.length; i != 0;) {
                uint256 dim = indices[--i];
                indices[i] = rest % dim;
                rest /= dim;
            }
            require(rest == 0, IStepVerifier.StepVerifier_NoSuchElement(element));
            for (uint256 i = 0; i < 5; ++i) {
                _operand(cursor, step, step.operands[i]);
            }
            _check(cursor, cursor.at - cursor.start == data.length);
        }
    }

    /// @dev Everything before the operands; the dims of the output go into `indices`.
    function _fixedPart(Cursor memory cursor, Step memory step) private pure {
        unchecked {
            _check(cursor, _uint(cursor, 1) == VERSION);
            step.combine = _atMost(cursor, Combine.INDEXED);
            step.reduce = _atMost(cursor, Reduce.ARG_MIN);
            step.post = _atMost(cursor, Post.SQRT);
            step.shift = _int(cursor, 1);
            step.width = _width(cursor);
            uint256 outRank = _atMost(cursor, MAX_LOOPS);
            step.redRank = _atMost(cursor, step.reduce == Reduce.NONE ? 0 : MAX_LOOPS - outRank);
            step.lo = _int(cursor, 4);
            step.hi = _int(cursor, 4);
            step.lookup = _uint(cursor, 4);
            step.lookupLength = _uint(cursor, 4);
            step.lookupBase = _int(cursor, 4);
            if (step.lookupLength != 0) step.lookupWidth = _width(cursor);
            else _atMost(cursor, 0);
            step.indexStride = _int(cursor, 4);
            step.indexExtent = int256(_uint(cursor, 4));
            step.indices = _dims(cursor, outRank);
            step.redDims = _dims(cursor, step.redRank);
            if (step.redRank == 0) {
                step.redDims = new uint256[](1);
                step.redDims[0] = 1;
            }
        }
    }

    function _operand(Cursor memory cursor, Step memory step, Operand memory operand) private pure {
        unchecked {
            operand.kind = _atMost(cursor, Source.CONSTANT);
            operand.weight = _int(cursor, 8);
            if (operand.kind == Source.NONE) return;
            operand.width = _width(cursor);
            operand.index = _uint(cursor, 4);
            operand.fill = _int(cursor, 4);
            int256 offset = _int(cursor, 8);
            uint256 length = 1 + _atMost(cursor, MAX_AXES);
            operand.at = new int256[](length);
            uint256[] memory extents = operand.extents = new uint256[](length);
            operand.coefs = new int256[](step.redDims.length * length);
            _affine(cursor, step, operand, 0, offset, 0);
            for (uint256 j = 1; j < length; ++j) {
                int256 stride = _int(cursor, 4);
                extents[j] = _uint(cursor, 4);
                _affine(cursor, step, operand, j, _int(cursor, 4), stride);
            }
        }
    }

    /// @dev Reads the coefs of component `j`, and adds `stride` times the component to the position.
    function _affine(
        Cursor memory cursor,
        Step memory step,
        Operand memory operand,
        uint256 j,
        int256 value,
        int256 stride
    ) private pure {
        unchecked {
            uint256[] memory indices = step.indices;
            for (uint256 i = 0; i < indices.length; ++i) {
                value += _int(cursor, 4) * int256(indices[i]);
            }
            int256[] memory at = operand.at;
            at[j] = value;
            at[0] += stride * value;
            int256[] memory coefs = operand.coefs;
            uint256 end = step.redRank * at.length;
            for (uint256 i = 0; i < end; i += at.length) {
                int256 coef = _int(cursor, 4);
                coefs[i + j] = coef;
                coefs[i] += stride * coef;
            }
        }
    }

    function _dims(Cursor memory cursor, uint256 rank) private pure returns (uint256[] memory dims) {
        unchecked {
            dims = new uint256[](rank);
            for (uint256 i = 0; i < rank; ++i) {
                uint256 dim = _uint(cursor, 4);
                _check(cursor, dim != 0);
                dims[i] = dim;
            }
        }
    }

    function _width(Cursor memory cursor) private pure returns (uint256 width) {
        width = _uint(cursor, 1);
        _check(cursor, width == 1 || width == 2 || width == 4);
    }

    function _atMost(Cursor memory cursor, uint256 most) private pure returns (uint256 value) {
        value = _uint(cursor, 1);
        _check(cursor, value <= most);
    }

    function _check(Cursor memory cursor, bool holds) private pure {
        require(holds, IStepVerifier.StepVerifier_BadEncoding(cursor.at - cursor.start));
    }

    /// @dev Reads may run past the end of the encoding, into whatever calldata comes next; {decode} compares the end.
    function _uint(Cursor memory cursor, uint256 size) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            let at := mload(cursor)
            value := shr(sub(256, shl(3, size)), calldataload(at))
            mstore(cursor, add(at, size))
        }
    }

    function _int(Cursor memory cursor, uint256 size) private pure returns (int256 value) {
        assembly ("memory-safe") {
            let at := mload(cursor)
            value := sar(sub(256, shl(3, size)), calldataload(at))
            mstore(cursor, add(at, size))
        }
    }
}
