// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibBit} from "solady/utils/LibBit.sol";

/// @title Elements in the bytes of a leaf (docs/protocol.md, "Tensors"): two's complement, big-endian, 1, 2 or 4 bytes wide.
/// @notice Leaves are whole: the caller has checked that they have 256 bytes.
library Leaves {
    /// @notice The first element in which two leaves differ. They must differ.
    /// @return index Its index in the leaf, and what each leaf has there.
    function firstDifference(bytes calldata leaf0, bytes calldata leaf1, uint256 width)
        internal
        pure
        returns (uint256 index, int256 value0, int256 value1)
    {
        uint256 at = 0;
        while (_wordAt(leaf0, at) == _wordAt(leaf1, at)) at += 32;
        index = (at + LibBit.clz(_wordAt(leaf0, at) ^ _wordAt(leaf1, at)) / 8) / width;
        return (index, elementAt(leaf0, index, width), elementAt(leaf1, index, width));
    }

    function elementAt(bytes calldata leaf, uint256 index, uint256 width) internal pure returns (int256) {
        return int256(_wordAt(leaf, index * width)) >> (256 - 8 * width);
    }

    /// @dev 32 bytes from `at`; what is beyond the leaf's end is for the caller to drop.
    function _wordAt(bytes calldata leaf, uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(add(leaf.offset, at))
        }
    }
}
