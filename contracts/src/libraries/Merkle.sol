// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibBit} from "solady/utils/LibBit.sol";

/// @title Merkle trees of fixed depth over leaves of 256 bytes (docs/protocol.md, "Tensors").
/// @notice A leaf hash has a preimage of 256 bytes and a node hash one of 64, so they need no tag. Everything that does not
/// exist is a zero subtree. Memory is used beyond the free memory pointer and given back.
library Merkle {
    error Merkle_TooManyLeaves(uint256 leaves, uint256 depth);
    error Merkle_NotPowerOfTwo(uint256 hashes);
    error Merkle_IndexOutOfRange(uint256 index, uint256 depth);
    error Merkle_WrongSiblings(uint256 siblings, uint256 expectedSiblings);

    uint256 internal constant LEAF_BYTES = 256;

    /// @dev keccak256 of 256 zero bytes.
    bytes32 internal constant ZERO_LEAF_HASH = 0xd397b3b043d87fcd6fad1291ff0bfd16401c274896d8c63a923727f077b8e0b5;

    /// @notice Root of a tree of `depth` levels in which every byte is zero.
    function zeroHash(uint256 depth) internal pure returns (bytes32 hash) {
        hash = ZERO_LEAF_HASH;
        for (uint256 i = 0; i < depth; ++i) {
            hash = hashPair(hash, hash);
        }
    }

    function hashPair(bytes32 left, bytes32 right) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            hash := keccak256(0x00, 0x40)
        }
    }

    /// @notice Root of a tree of `depth` levels over `data`, zero-padded to whole leaves.
    function rootOf(bytes calldata data, uint256 depth) internal pure returns (bytes32) {
        uint256 count = (data.length + LEAF_BYTES - 1) / LEAF_BYTES;
        require(count <= 1 << depth, Merkle_TooManyLeaves(count, depth));
        if (count == 0) return zeroHash(depth);
        uint256 hashes;
        assembly ("memory-safe") {
            hashes := mload(0x40)
            let leaf := add(hashes, shl(5, count)) // one leaf at a time, in the memory that comes after all hashes
            let from := data.offset
            let end := add(from, data.length)
            let to := hashes
            for {} lt(add(from, LEAF_BYTES), end) {} {
                calldatacopy(leaf, from, LEAF_BYTES)
                mstore(to, keccak256(leaf, LEAF_BYTES))
                from := add(from, LEAF_BYTES)
                to := add(to, 0x20)
            }
            calldatacopy(leaf, calldatasize(), LEAF_BYTES) // the last leaf: beyond the calldata there are zeros
            calldatacopy(leaf, from, sub(end, from))
            mstore(to, keccak256(leaf, LEAF_BYTES))
        }
        return _fold(hashes, count, depth, ZERO_LEAF_HASH);
    }

    /// @notice Root over a whole level of 2^k hashes.
    function rootOfHashes(bytes32[] calldata hashes) internal pure returns (bytes32 root) {
        uint256 count = hashes.length;
        require(count != 0 && count & (count - 1) == 0, Merkle_NotPowerOfTwo(count));
        assembly ("memory-safe") {
            let at := mload(0x40)
            let bytes_ := shl(5, count)
            calldatacopy(at, hashes.offset, bytes_)
            for {} gt(bytes_, 0x40) {} {
                bytes_ := shr(1, bytes_)
                let end := add(at, bytes_)
                let from := at
                for { let to := at } lt(to, end) { to := add(to, 0x40) } {
                    mstore(to, keccak256(from, 0x40))
                    mstore(add(to, 0x20), keccak256(add(from, 0x40), 0x40))
                    from := add(from, 0x80)
                }
            }
            root := mload(at)
            if eq(bytes_, 0x40) { root := keccak256(at, 0x40) }
        }
    }

    /// @notice Root above `node`, the one at `index` of its level, by its siblings from the bottom up. The caller checks that
    /// there are as many as the tree has levels above the node.
    function climb(bytes32 node, uint256 index, bytes32[] calldata proof) internal pure returns (bytes32) {
        require(index < 1 << proof.length, Merkle_IndexOutOfRange(index, proof.length));
        for (uint256 i = 0; i < proof.length; ++i) {
            node = (index >> i) & 1 == 0 ? hashPair(node, proof[i]) : hashPair(proof[i], node);
        }
        return node;
    }

    /// @notice The nodes `levels` above two nodes at the same index of two trees that agree on everything to the left of it.
    /// @param siblings From the bottom up: on the left the one that both have, on the right that of `node0` and that of `node1`.
    function climbBoth(bytes32 node0, bytes32 node1, uint256 index, uint256 levels, bytes32[] calldata siblings)
        internal
        pure
        returns (bytes32, bytes32)
    {
        require(index < 1 << levels, Merkle_IndexOutOfRange(index, levels));
        uint256 expected = 2 * levels - LibBit.popCount(index);
        require(siblings.length == expected, Merkle_WrongSiblings(siblings.length, expected));
        assembly ("memory-safe") {
            let from := siblings.offset
            for {} levels { levels := sub(levels, 1) } {
                // A node goes to 0x20 where it is on the right, else to 0x00; its sibling takes the other place.
                let place := shl(5, and(index, 1))
                let other := xor(place, 0x20)
                mstore(other, calldataload(from))
                mstore(place, node0)
                node0 := keccak256(0x00, 0x40)
                if other {
                    from := add(from, 0x20) // on the right each side has a sibling of its own
                    mstore(0x20, calldataload(from))
                }
                mstore(place, node1)
                node1 := keccak256(0x00, 0x40)
                from := add(from, 0x20)
                index := shr(1, index)
            }
        }
        return (node0, node1);
    }

    /// @dev Folds the `count` > 0 hashes at memory `at`, which is not below the free memory pointer, in place. `zero` is the
    /// hash that stands for what is missing on their level.
    function _fold(uint256 at, uint256 count, uint256 depth, bytes32 zero) private pure returns (bytes32 root) {
        assembly ("memory-safe") {
            for {} depth { depth := sub(depth, 1) } {
                if and(count, 1) { mstore(add(at, shl(5, count)), zero) }
                count := shr(1, add(count, 1))
                let end := add(at, shl(5, count))
                let from := at
                for { let to := at } lt(to, end) { to := add(to, 0x20) } {
                    mstore(to, keccak256(from, 0x40))
                    from := add(from, 0x40)
                }
                mstore(0x00, zero)
                mstore(0x20, zero)
                zero := keccak256(0x00, 0x40)
            }
            root := mload(at)
        }
    }
}
