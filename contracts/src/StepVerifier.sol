// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IStepVerifier, Opening, Tree} from "./interfaces/IStepVerifier.sol";
import {OpenedTensor, Tensor} from "./libraries/OpenedTensor.sol";
import {OpenedTree, Openings} from "./libraries/Openings.sol";
import {OperandReader, Reader} from "./libraries/OperandReader.sol";
import {Combine, Operand, Post, Reduce, Source, Step, StepCodec} from "./libraries/StepCodec.sol";

/// @title StepVerifier
/// @notice See {IStepVerifier}; what is computed is docs/protocol.md, "What a step computes".
/// @dev Arithmetic is unchecked throughout: a legal step stays below 2^53 whatever the openings hold, and what an illegal one
/// computes does not matter.
contract StepVerifier is IStepVerifier {
    using OpenedTensor for Tensor;
    using OperandReader for Reader;

    /// @dev Terms that are in memory at once.
    uint256 private constant BLOCK = 128;

    /// @dev A reduction under way.
    struct Reduction {
        Reader[5] readers; // a, b, c, mult, add
        int256[] x; // the values of a block's terms: a, then combined
        int256[] y; // b
        int256[] z; // c
        int256 accumulator;
        uint256 terms; // so far
        uint256 best; // the term that is the extreme
    }

    /// @inheritdoc IStepVerifier
    function computeElement(
        bytes calldata step,
        uint256 slot,
        uint256 element,
        Tree calldata trace,
        Opening calldata traceOpening,
        Tree calldata constants,
        Opening calldata constantsOpening
    ) external pure returns (int256) {
        return _compute(
            StepCodec.decode(step, element),
            slot,
            Openings.verify(traceOpening, trace),
            Openings.verify(constantsOpening, constants)
        );
    }

    function _compute(Step memory step, uint256 slot, OpenedTree memory trace, OpenedTree memory constants)
        private
        pure
        returns (int256)
    {
        unchecked {
            Reduction memory reduction;
            for (uint256 i = 0; i < 5; ++i) {
                Operand memory operand = step.operands[i];
                bool ofTrace = operand.kind == Source.SLOT;
                require(!ofTrace || operand.index < slot, StepVerifier_ReadsOwnOrLaterSlot(operand.index, slot));
                reduction.readers[i].start(operand, ofTrace ? trace : constants);
            }
            _reduce(step, reduction);
            int256 y = _finish(step, reduction);
            if (step.lookupLength == 0) return y;
            uint256 entry = uint256(_clamp(y - step.lookupBase, 0, int256(step.lookupLength) - 1));
            Tensor memory table;
            table.open(constants, step.lookup, step.lookupWidth);
            return table.element(entry * step.lookupWidth);
        }
    }

    /// @dev Goes through all reduction indices row by row, like an odometer, and ends where it began.
    function _reduce(Step memory step, Reduction memory reduction) private pure {
        unchecked {
            uint256[] memory dims = step.redDims;
            uint256 last = dims.length - 1;
            uint256 length = dims[last];
            Reader memory a = reduction.readers[0];
            Reader memory b = reduction.readers[1];
            Reader memory c = reduction.readers[2];
            bool isDot = step.combine == Combine.PRODUCT && step.reduce == Reduce.SUM && a.fill == 0 && b.fill == 0;
            uint256 row;
            uint256 i; // one more than the first index that changes before the next row; 0 after the last row
            do {
                a.enter(length);
                b.enter(length);
                c.enter(length);
                if (isDot) reduction.accumulator += _dot(a, b, length);
                else _addRow(step, reduction, length);
                uint256 rest = ++row;
                for (i = last; i != 0; --i) {
                    uint256 dim = dims[i - 1];
                    bool turns = rest % dim == 0;
                    // forge-lint: disable-next-line(unsafe-typecast)
                    int256 distance = turns ? 1 - int256(dim) : int256(1);
                    a.move(i - 1, distance);
                    b.move(i - 1, distance);
                    c.move(i - 1, distance);
                    if (!turns) break;
                    rest /= dim;
                }
            } while (i != 0);
            if (isDot) reduction.accumulator *= a.weight * b.weight;
        }
    }

    /// @dev Sum of products of a row, without weights. A fill is 0, so what it meets need not be read.
    function _dot(Reader memory a, Reader memory b, uint256 length) private pure returns (int256 sum) {
        unchecked {
            for (uint256 t = 0; t < length;) {
                (uint256 count, uint256 placeA) = a.piece(t, length);
                if (placeA != 0) {
                    uint256 placeB;
                    (count, placeB) = b.piece(t, t + count);
                    if (placeB != 0) sum += _dotPiece(a, placeA, b, placeB, count);
                }
                t += count;
            }
        }
    }

    /// @dev The innermost loop of most disputes: four products a turn, then the rest.
    function _dotPiece(Reader memory a, uint256 atA, Reader memory b, uint256 atB, uint256 count)
        private
        pure
        returns (int256 sum)
    {
        (uint256 strideA, uint256 shiftA) = (a.stride, a.tensor.loadShift);
        (uint256 strideB, uint256 shiftB) = (b.stride, b.tensor.loadShift);
        assembly ("memory-safe") {
            for {} gt(count, 3) { count := sub(count, 4) } {
                sum := add(sum, mul(sar(shiftA, calldataload(atA)), sar(shiftB, calldataload(atB))))
                atA := add(atA, strideA)
                atB := add(atB, strideB)
                sum := add(sum, mul(sar(shiftA, calldataload(atA)), sar(shiftB, calldataload(atB))))
                atA := add(atA, strideA)
                atB := add(atB, strideB)
                sum := add(sum, mul(sar(shiftA, calldataload(atA)), sar(shiftB, calldataload(atB))))
                atA := add(atA, strideA)
                atB := add(atB, strideB)
                sum := add(sum, mul(sar(shiftA, calldataload(atA)), sar(shiftB, calldataload(atB))))
                atA := add(atA, strideA)
                atB := add(atB, strideB)
            }
            for {} count { count := sub(count, 1) } {
                sum := add(sum, mul(sar(shiftA, calldataload(atA)), sar(shiftB, calldataload(atB))))
                atA := add(atA, strideA)
                atB := add(atB, strideB)
            }
        }
    }

    /// @dev Takes a row into the accumulator, block by block.
    function _addRow(Step memory step, Reduction memory reduction, uint256 length) private pure {
        unchecked {
            if (reduction.x.length == 0) {
                reduction.x = _block(length);
                reduction.y = _block(length);
                reduction.z = _block(length);
            }
            for (uint256 t = 0; t < length; t += BLOCK) {
                uint256 count = length - t < BLOCK ? length - t : BLOCK;
                _combine(step, reduction, t, count);
                if (step.reduce == Reduce.SUM) _addSum(reduction, count);
                else _addExtreme(reduction, count, step.reduce == Reduce.MAX || step.reduce == Reduce.ARG_MAX);
            }
        }
    }

    function _block(uint256 length) private pure returns (int256[] memory) {
        return new int256[](length < BLOCK ? length : BLOCK);
    }

    /// @dev The combined values of `count` terms from `t`, into `reduction.x`.
    function _combine(Step memory step, Reduction memory reduction, uint256 t, uint256 count) private pure {
        unchecked {
            uint256 combine = step.combine;
            int256[] memory x = reduction.x;
            int256[] memory y = reduction.y;
            int256[] memory z = reduction.z;
            if (combine != Combine.INDEXED) reduction.readers[0].load(t, count, x);
            if (combine == Combine.FIRST) return;
            reduction.readers[1].load(t, count, y);
            if (combine == Combine.SELECT) reduction.readers[2].load(t, count, z);
            uint256 end = 32 * count;
            for (uint256 at = 0; at < end;) {
                int256 a;
                int256 b;
                int256 c;
                assembly ("memory-safe") {
                    at := add(at, 0x20)
                    a := mload(add(x, at))
                    b := mload(add(y, at))
                    c := mload(add(z, at))
                }
                if (combine == Combine.PRODUCT) a *= b;
                else if (combine == Combine.SUM) a += b;
                else if (combine == Combine.MAX) a = a > b ? a : b;
                else if (combine == Combine.MIN) a = a < b ? a : b;
                else if (combine == Combine.LESS) a = _bit(a < b);
                else if (combine == Combine.LESS_OR_EQUAL) a = _bit(a <= b);
                else if (combine == Combine.EQUAL) a = _bit(a == b);
                else if (combine == Combine.SELECT) a = a != 0 ? b : c;
                else a = _indexed(step, reduction.readers[0], t + at / 32 - 1, b);
                assembly ("memory-safe") {
                    mstore(add(x, at), a)
                }
            }
        }
    }

    function _indexed(Step memory step, Reader memory a, uint256 t, int256 index) private pure returns (int256) {
        unchecked {
            if (t < a.from || t >= a.until) return a.fill;
            int256 distance = step.indexStride * _clamp(index, 0, step.indexExtent - 1);
            // A negative distance wraps, and back when the position is added.
            // forge-lint: disable-next-line(unsafe-typecast)
            return a.read(t, uint256(distance * int256(step.operands[0].width)));
        }
    }

    function _addSum(Reduction memory reduction, uint256 count) private pure {
        int256[] memory x = reduction.x;
        int256 sum = reduction.accumulator;
        assembly ("memory-safe") {
            let at := add(x, 0x20)
            for { let end := add(at, shl(5, count)) } lt(at, end) { at := add(at, 0x20) } { sum := add(sum, mload(at)) }
        }
        reduction.accumulator = sum;
    }

    /// @dev The first extreme stays. For `none`, the one term is it.
    function _addExtreme(Reduction memory reduction, uint256 count, bool isLargest) private pure {
        unchecked {
            int256[] memory x = reduction.x;
            uint256 terms = reduction.terms;
            int256 extreme = terms == 0 ? x[0] : reduction.accumulator;
            for (uint256 i = 0; i < count; ++i) {
                int256 value;
                assembly ("memory-safe") {
                    value := mload(add(add(x, 0x20), shl(5, i)))
                }
                if (isLargest ? value > extreme : value < extreme) (extreme, reduction.best) = (value, terms + i);
            }
            (reduction.accumulator, reduction.terms) = (extreme, terms + count);
        }
    }

    /// @dev From the accumulator to the clamped value. Shifts are positive where they are used, and so is a radicand.
    // forge-lint: disable-next-item(unsafe-typecast)
    function _finish(Step memory step, Reduction memory reduction) private pure returns (int256 t) {
        unchecked {
            t = step.reduce == Reduce.ARG_MAX || step.reduce == Reduce.ARG_MIN
                ? int256(reduction.best)
                : reduction.accumulator;
            t = t * reduction.readers[3].firstValue() + reduction.readers[4].firstValue();
            int256 shift = step.shift;
            if (shift > 0) t = (t + int256(1 << uint256(shift - 1))) >> uint256(shift);
            else t <<= uint256(-shift);
            if (step.post == Post.DIVIDE) {
                int256 divisor = reduction.readers[2].firstValue();
                if (divisor > 1) t = (t - (t < 0 ? divisor - 1 : int256(0))) / divisor; // rounded down
            } else if (step.post == Post.SQRT) {
                t = t > 0 ? int256(FixedPointMathLib.sqrt(uint256(t))) : int256(0);
            }
            return _clamp(t, step.lo, step.hi);
        }
    }

    function _bit(bool holds) private pure returns (int256 bit) {
        assembly ("memory-safe") {
            bit := holds
        }
    }

    function _clamp(int256 x, int256 lo, int256 hi) private pure returns (int256) {
        return x < lo ? lo : x > hi ? hi : x;
    }
}
