// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Answer} from "../../src/interfaces/IMatches.sol";
import {Opening} from "../../src/interfaces/IStepVerifier.sol";

/// @notice All leaves of a trace and all hashes of its tree: node `i` of the level `h` above the leaves is `levels[h][i]`.
struct Trace {
    uint256 slotDepth;
    uint256 tensorDepth;
    bytes[] leaves;
    bytes32[][] levels;
}

/// @title Traces of test size, hashed the plain way; shares no code with contracts/src.
library Traces {
    uint256 internal constant LEAF_BYTES = 256;

    function empty(uint256 slotDepth, uint256 tensorDepth) internal pure returns (Trace memory trace) {
        trace.slotDepth = slotDepth;
        trace.tensorDepth = tensorDepth;
        trace.leaves = new bytes[](1 << (slotDepth + tensorDepth));
        for (uint256 i = 0; i < trace.leaves.length; ++i) {
            trace.leaves[i] = new bytes(LEAF_BYTES);
        }
    }

    function setSlot(Trace memory trace, uint256 slot, bytes memory data) internal pure {
        for (uint256 i = 0; i < data.length; ++i) {
            trace.leaves[(slot << trace.tensorDepth) + i / LEAF_BYTES][i % LEAF_BYTES] = data[i];
        }
    }

    /// @notice Writes one element of a slot, big-endian, two's complement.
    function setElement(Trace memory trace, uint256 slot, uint256 index, uint256 width, int256 value) internal pure {
        uint256 at = index * width;
        bytes memory leaf = trace.leaves[(slot << trace.tensorDepth) + at / LEAF_BYTES];
        at = at % LEAF_BYTES + 0x20;
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, width) { i := add(i, 1) } {
                mstore8(add(leaf, add(at, i)), shr(shl(3, sub(sub(width, 1), i)), value))
            }
        }
    }

    /// @notice Flips bits of one byte; what liars do. Rehash afterwards.
    function patch(Trace memory trace, uint256 leaf, uint256 at, bytes1 bits) internal pure {
        trace.leaves[leaf][at] ^= bits;
    }

    function rehash(Trace memory trace) internal pure returns (Trace memory) {
        bytes32[] memory level = new bytes32[](trace.leaves.length);
        for (uint256 i = 0; i < level.length; ++i) {
            level[i] = keccak256(trace.leaves[i]);
        }
        uint256 depth = trace.slotDepth + trace.tensorDepth;
        trace.levels = new bytes32[][](depth + 1);
        trace.levels[0] = level;
        for (uint256 h = 1; h <= depth; ++h) {
            bytes32[] memory above = new bytes32[](level.length / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                above[i] = keccak256(abi.encode(level[2 * i], level[2 * i + 1]));
            }
            trace.levels[h] = above;
            level = above;
        }
        return trace;
    }

    function root(Trace memory trace) internal pure returns (bytes32) {
        return trace.levels[trace.slotDepth + trace.tensorDepth][0];
    }

    function slotRoot(Trace memory trace, uint256 slot) internal pure returns (bytes32) {
        return trace.levels[trace.tensorDepth][slot];
    }

    /// @notice The node's descendants `levels` below it.
    function children(Trace memory trace, uint256 height, uint256 position, uint256 levels)
        internal
        pure
        returns (bytes32[] memory hashes)
    {
        hashes = new bytes32[](1 << levels);
        for (uint256 i = 0; i < hashes.length; ++i) {
            hashes[i] = trace.levels[height - levels][(position << levels) + i];
        }
    }

    /// @notice What `side` answers when the other side has opened its node at (height, position): the first difference below.
    function answer(
        Trace memory trace0,
        Trace memory trace1,
        uint8 side,
        uint256 height,
        uint256 position,
        uint256 levels
    ) internal pure returns (Answer memory found) {
        uint256 first = position << levels;
        (bytes32[] memory nodes0, bytes32[] memory nodes1) =
            (trace0.levels[height - levels], trace1.levels[height - levels]);
        uint256 index = 0;
        while (nodes0[first + index] == nodes1[first + index]) ++index;
        uint256 at = first + index;
        return Answer(index, (side == 0 ? nodes1 : nodes0)[at], bothProofs(trace0, trace1, height, at, levels));
    }

    /// @notice Siblings of both traces' nodes `at`, `levels` levels below `height`, as {Answer} has them.
    function bothProofs(Trace memory trace0, Trace memory trace1, uint256 height, uint256 at, uint256 levels)
        internal
        pure
        returns (bytes32[] memory siblings)
    {
        siblings = new bytes32[](2 * levels);
        uint256 used;
        for (uint256 h = height - levels; h < height; ++h) {
            uint256 sibling = (at >> (h - (height - levels))) ^ 1;
            siblings[used++] = trace0.levels[h][sibling];
            if (sibling & 1 == 1) siblings[used++] = trace1.levels[h][sibling];
        }
        assembly ("memory-safe") {
            mstore(siblings, used)
        }
    }

    /// @notice Siblings from the node at (height, position) up to (not including) the level `top`.
    function proof(Trace memory trace, uint256 height, uint256 position, uint256 top)
        internal
        pure
        returns (bytes32[] memory siblings)
    {
        siblings = new bytes32[](top - height);
        for (uint256 h = height; h < top; ++h) {
            siblings[h - height] = trace.levels[h][(position >> (h - height)) ^ 1];
        }
    }

    function slotProof(Trace memory trace, uint256 slot) internal pure returns (bytes32[] memory) {
        return proof(trace, trace.tensorDepth, slot, trace.slotDepth + trace.tensorDepth);
    }

    /// @notice Proof of a leaf under the root of its slot.
    function leafProof(Trace memory trace, uint256 leaf) internal pure returns (bytes32[] memory) {
        return proof(trace, 0, leaf, trace.tensorDepth);
    }

    /// @notice An opening of one leaf under the trace root.
    function opening(Trace memory trace, uint256 leaf) internal pure returns (Opening memory) {
        return Opening({
            runs: abi.encodePacked(SafeCastLib.toUint40(leaf), uint16(1)),
            leaves: trace.leaves[leaf],
            siblings: proof(trace, 0, leaf, trace.slotDepth + trace.tensorDepth)
        });
    }
}
