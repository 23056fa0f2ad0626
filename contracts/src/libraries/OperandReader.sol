// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {OpenedTensor, Tensor} from "./OpenedTensor.sol";
import {OpenedTree} from "./Openings.sol";
import {Operand} from "./StepCodec.sol";

/// @notice An operand on its way through the reduction indices. The last of them is `t` and moves fastest; a **row** is all of
/// `t` with the others fixed.
/// @param weight @param coefs @param extents As in {Operand}, but positions are bytes.
/// @param fill Weighted. Where an operand has no source, it is everywhere.
/// @param at As in {Operand}, at the row's `t = 0`.
/// @param stride What a unit of `t` adds to the position.
/// @param from @param until The `t` of the row in which every axis is in range.
struct Reader {
    int256 weight;
    int256 fill;
    int256[] at;
    int256[] coefs;
    uint256[] extents;
    uint256 stride;
    uint256 from;
    uint256 until;
    Tensor tensor;
}

/// @title Reading an operand row by row.
library OperandReader {
    using OpenedTensor for Tensor;

    /// @notice Begins at the first row, which still has to be {enter}ed. Takes the operand over.
    /// @param tree The one that its source is in, if it has a source.
    function start(Reader memory reader, Operand memory operand, OpenedTree memory tree) internal pure {
        unchecked {
            reader.weight = operand.weight;
            reader.fill = operand.weight;
            reader.at = operand.at;
            uint256 length = operand.at.length;
            if (length == 0) return;
            int256 width = int256(operand.width);
            reader.fill *= operand.fill;
            reader.coefs = operand.coefs;
            reader.extents = operand.extents;
            reader.tensor.open(tree, operand.index, operand.width);
            reader.at[0] *= width;
            for (uint256 i = 0; i < operand.coefs.length; i += length) {
                reader.coefs[i] *= width;
                reader.stride = uint256(reader.coefs[i]);
            }
        }
    }

    /// @notice Moves by `distance` along reduction index `i`.
    function move(Reader memory reader, uint256 i, int256 distance) internal pure {
        int256[] memory at = reader.at;
        int256[] memory coefs = reader.coefs;
        assembly ("memory-safe") {
            let size := shl(5, mload(at))
            let end := add(at, size)
            let toCoefs := add(sub(coefs, at), mul(i, size))
            for { let p := at } lt(p, end) {} {
                p := add(p, 0x20)
                mstore(p, add(mload(p), mul(distance, mload(add(p, toCoefs)))))
            }
        }
    }

    /// @notice Finds where the row of `length` terms is in range.
    function enter(Reader memory reader, uint256 length) internal pure {
        unchecked {
            int256[] memory at = reader.at;
            uint256 count = at.length;
            if (count == 0) return;
            reader.from = 0;
            reader.until = length;
            if (count == 1) return;
            uint256[] memory extents = reader.extents;
            int256[] memory coefs = reader.coefs;
            for (uint256 j = 1; j < count; ++j) {
                int256 first;
                int256 coef;
                uint256 extent;
                assembly ("memory-safe") {
                    let offset := shl(5, add(j, 1))
                    first := mload(add(at, offset))
                    coef := mload(add(add(coefs, shl(5, sub(mload(coefs), count))), offset)) // of the last index
                    extent := mload(add(extents, offset))
                }
                // A coordinate moves one way only, so it is in range everywhere if it is at both ends.
                // As an unsigned number a negative coordinate is beyond every extent; extents and lengths have 32 bits.
                // forge-lint: disable-next-line(unsafe-typecast)
                if (uint256(first) < extent && uint256(first + coef * int256(length - 1)) < extent) continue;
                // forge-lint: disable-next-line(unsafe-typecast)
                _narrow(reader, first, coef, int256(extent));
            }
        }
    }

    /// @dev Leaves out of [from, until) where `first + coef * t` is not in [0, extent).
    function _narrow(Reader memory reader, int256 first, int256 coef, int256 extent) private pure {
        unchecked {
            // low <= coef * t <= high
            int256 low = -first;
            int256 high = low + extent - 1;
            if (coef < 0) (low, high, coef) = (-high, -low, -coef);
            if (high < 0 || (coef == 0 && low > 0)) {
                reader.until = 0;
            } else if (coef != 0) {
                // All three are positive here.
                // forge-lint: disable-next-line(unsafe-typecast)
                uint256 from = low > 0 ? (uint256(low) - 1) / uint256(coef) + 1 : 0;
                // forge-lint: disable-next-line(unsafe-typecast)
                uint256 until = uint256(high) / uint256(coef) + 1;
                if (from > reader.from) reader.from = from;
                if (until < reader.until) reader.until = until;
            }
        }
    }

    /// @notice The value at the row's `t = 0`.
    function firstValue(Reader memory reader) internal pure returns (int256) {
        enter(reader, 1);
        return reader.from < reader.until ? read(reader, 0, 0) : reader.fill;
    }

    /// @notice Weighted element at `t`, which must be in range, `bytesOn` bytes further on.
    function read(Reader memory reader, uint256 t, uint256 bytesOn) internal pure returns (int256) {
        unchecked {
            return reader.weight * reader.tensor.element(_position(reader) + reader.stride * t + bytesOn);
        }
    }

    /// @notice The longest piece of the row from `t`, before `end`, that is all fill or all in one window.
    /// @return count Its length, at least 1.
    /// @return place Where in the calldata its first element is; 0 for fill.
    function piece(Reader memory reader, uint256 t, uint256 end) internal pure returns (uint256 count, uint256 place) {
        unchecked {
            count = end - t;
            if (t >= reader.until) return (count, 0);
            if (t < reader.from) {
                if (end > reader.from) count = reader.from - t;
                return (count, 0);
            }
            if (end > reader.until) count = reader.until - t;
            Tensor memory tensor = reader.tensor;
            uint256 stride = reader.stride;
            uint256 position = _position(reader) + stride * t;
            place = tensor.locate(position);
            uint256 last = position + stride * (count - 1);
            if (last < tensor.from || last >= tensor.to) {
                // The row leaves the window, so the stride is not 0.
                // forge-lint: disable-next-line(unsafe-typecast)
                count = int256(stride) > 0
                    ? (tensor.to - position - 1) / stride + 1
                    : (position - tensor.from) / (0 - stride) + 1;
            }
        }
    }

    /// @notice Weighted values at `t` to `t + count - 1`, into `to`, which has room for them.
    function load(Reader memory reader, uint256 t, uint256 count, int256[] memory to) internal pure {
        unchecked {
            uint256 at;
            assembly ("memory-safe") {
                at := add(to, 0x20)
            }
            uint256 end = t + count;
            while (t < end) {
                (uint256 n, uint256 place) = piece(reader, t, end);
                if (place == 0) _repeat(reader.fill, n, at);
                else _copy(reader, place, n, at);
                at += 32 * n;
                t += n;
            }
        }
    }

    /// @dev Inner loop: `n` times `value` into memory at `to`.
    function _repeat(int256 value, uint256 n, uint256 to) private pure {
        assembly ("memory-safe") {
            for { let end := add(to, shl(5, n)) } lt(to, end) { to := add(to, 0x20) } { mstore(to, value) }
        }
    }

    /// @dev Inner loop: `n` elements from the calldata at `place` into memory at `to`, weighted.
    function _copy(Reader memory reader, uint256 place, uint256 n, uint256 to) private pure {
        int256 weight = reader.weight;
        uint256 stride = reader.stride;
        uint256 loadShift = reader.tensor.loadShift;
        assembly ("memory-safe") {
            for { let end := add(to, shl(5, n)) } lt(to, end) { to := add(to, 0x20) } {
                mstore(to, mul(weight, sar(loadShift, calldataload(place))))
                place := add(place, stride)
            }
        }
    }

    /// @dev `reader.at[0]`, without a bounds check.
    function _position(Reader memory reader) private pure returns (uint256 position) {
        int256[] memory at = reader.at;
        assembly ("memory-safe") {
            position := mload(add(at, 0x20))
        }
    }
}
