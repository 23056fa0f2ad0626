// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {Merkle} from "../../src/libraries/Merkle.sol";

/// @dev Makes the library's calldata arguments.
contract MerkleCaller {
    /// @dev `garbage` lies beyond `data` in the calldata; it must not get into the padding.
    function rootOf(bytes calldata data, uint256 depth, bytes calldata garbage) external pure returns (bytes32 root) {
        garbage;
        bytes32 before = keccak256("before");
        bytes memory canary = abi.encode(before);
        root = Merkle.rootOf(data, depth);
        assert(abi.decode(canary, (bytes32)) == before);
    }

    function rootOfHashes(bytes32[] calldata hashes) external pure returns (bytes32) {
        return Merkle.rootOfHashes(hashes);
    }

    function climb(bytes32 node, uint256 index, bytes32[] calldata proof) external pure returns (bytes32) {
        return Merkle.climb(node, index, proof);
    }
}

contract MerkleTest is Test {
    MerkleCaller private merkle = new MerkleCaller();

    function test_zeroHash_isTheRootOfZeros() external pure {
        bytes32 hash = keccak256(new bytes(256));
        assertEq(Merkle.ZERO_LEAF_HASH, hash);
        for (uint256 depth = 0; depth < 40; ++depth) {
            assertEq(Merkle.zeroHash(depth), hash);
            hash = keccak256(abi.encode(hash, hash));
        }
    }

    function test_rootOf_atTheEdgesOfLeaves() external view {
        uint256[9] memory lengths = [uint256(0), 1, 255, 256, 257, 511, 512, 1000, 2048];
        for (uint256 i = 0; i < lengths.length; ++i) {
            bytes memory data = _noise(lengths[i], i);
            for (uint256 depth = 3; depth < 6; ++depth) {
                assertEq(merkle.rootOf(data, depth, _noise(300, 7)), _naiveRoot(_leafHashes(data, depth)));
            }
        }
    }

    function testFuzz_rootOf_isTheNaiveRoot(uint256 seed, uint256 length, uint256 depth) external view {
        depth = bound(depth, 0, 4);
        bytes memory data = _noise(bound(length, 0, 256 << depth), seed);
        assertEq(merkle.rootOf(data, depth, _noise(300, seed)), _naiveRoot(_leafHashes(data, depth)));
    }

    function test_rootOf_deepTreeOverFewLeaves() external view {
        bytes32 root = merkle.rootOf(_noise(300, 1), 40, "");
        bytes32 left = merkle.rootOf(_noise(300, 1), 39, "");
        assertEq(root, keccak256(abi.encode(left, Merkle.zeroHash(39))));
    }

    function test_rootOf_refusesTooMuchData() external {
        merkle.rootOf(new bytes(1024), 2, "");
        vm.expectRevert(abi.encodeWithSelector(Merkle.Merkle_TooManyLeaves.selector, 5, 2));
        merkle.rootOf(new bytes(1025), 2, "");
    }

    function testFuzz_rootOfHashes_isTheNaiveRoot(uint256 seed, uint256 depth) external view {
        bytes32[] memory hashes = _hashes(1 << bound(depth, 0, 7), seed);
        assertEq(merkle.rootOfHashes(hashes), _naiveRoot(hashes));
    }

    function test_rootOfHashes_refusesOtherLengths() external {
        uint256[5] memory lengths = [uint256(0), 3, 5, 15, 17];
        for (uint256 i = 0; i < lengths.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Merkle.Merkle_NotPowerOfTwo.selector, lengths[i]));
            merkle.rootOfHashes(new bytes32[](lengths[i]));
        }
    }

    function testFuzz_climb_leadsToTheRootAndOnlyFromTheRightPlace(
        uint256 seed,
        uint256 depth,
        uint256 index,
        uint256 bit
    ) external view {
        depth = bound(depth, 0, 6);
        bytes32[] memory hashes = _hashes(1 << depth, seed);
        index = bound(index, 0, hashes.length - 1);
        bytes32 root = _naiveRoot(hashes);
        bytes32[] memory proof = _proof(hashes, index);
        assertEq(merkle.climb(hashes[index], index, proof), root);

        bytes32 flip = bytes32(uint256(1) << (bit % 256));
        assertNotEq(merkle.climb(hashes[index] ^ flip, index, proof), root);
        if (depth == 0) return;
        assertNotEq(merkle.climb(hashes[index], index ^ (1 << (bit % depth)), proof), root);
        proof[bit % depth] ^= flip;
        assertNotEq(merkle.climb(hashes[index], index, proof), root);
    }

    function test_climb_refusesAnIndexBeyondTheTree() external {
        bytes32[] memory proof = new bytes32[](3);
        merkle.climb(0, 7, proof);
        vm.expectRevert(abi.encodeWithSelector(Merkle.Merkle_IndexOutOfRange.selector, 8, 3));
        merkle.climb(0, 8, proof);
    }

    // The same by the book.

    function _naiveRoot(bytes32[] memory level) private pure returns (bytes32) {
        while (level.length > 1) {
            bytes32[] memory above = new bytes32[](level.length / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                above[i] = keccak256(abi.encode(level[2 * i], level[2 * i + 1]));
            }
            level = above;
        }
        return level[0];
    }

    function _leafHashes(bytes memory data, uint256 depth) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](1 << depth);
        for (uint256 i = 0; i < hashes.length; ++i) {
            bytes memory leaf = new bytes(256);
            for (uint256 j = 0; j < 256 && 256 * i + j < data.length; ++j) {
                leaf[j] = data[256 * i + j];
            }
            hashes[i] = keccak256(leaf);
        }
    }

    function _proof(bytes32[] memory hashes, uint256 index) private pure returns (bytes32[] memory proof) {
        uint256 depth;
        while (1 << depth < hashes.length) ++depth;
        proof = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            // The sibling's subtree has 2^i leaves.
            bytes32[] memory subtree = new bytes32[](1 << i);
            for (uint256 j = 0; j < subtree.length; ++j) {
                subtree[j] = hashes[(((index >> i) ^ 1) << i) + j];
            }
            proof[i] = _naiveRoot(subtree);
        }
    }

    function _hashes(uint256 count, uint256 seed) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            hashes[i] = keccak256(abi.encode(seed, i));
        }
    }

    function _noise(uint256 length, uint256 seed) private pure returns (bytes memory data) {
        data = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            data[i] = bytes1(uint8(uint256(keccak256(abi.encode(seed, i / 32))) >> (8 * (i % 32))));
        }
    }
}
