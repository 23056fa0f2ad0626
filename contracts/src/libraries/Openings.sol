// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IStepVerifier, Opening} from "../interfaces/IStepVerifier.sol";
import {Merkle} from "./Merkle.sol";

/// @notice Neighbouring leaves `first` to `end - 1` of a tree; the bytes of `first` begin at `data` in the calldata.
struct Run {
    uint256 first;
    uint256 end;
    uint256 data;
}

/// @title Multiproofs of runs of leaves (docs/protocol.md, "Openings").
library Openings {
    uint256 private constant RUN_BYTES = 7;

    /// @notice Checks an opening against the root of a tree of `depth` levels and says where its leaves are. An opening of
    /// no leaves proves nothing and needs no root.
    function verify(Opening calldata opening, bytes32 root, uint256 depth) internal pure returns (Run[] memory runs) {
        uint256 leafCount;
        (runs, leafCount) = _parse(opening, depth);
        uint256 expectedBytes = leafCount * Merkle.LEAF_BYTES;
        require(
            opening.leaves.length == expectedBytes,
            IStepVerifier.StepVerifier_BadOpening(opening.leaves.length, expectedBytes)
        );
        (bytes32 computed, uint256 used) = leafCount == 0 ? (root, 0) : _fold(opening, runs, leafCount, depth);
        require(
            opening.siblings.length == used, IStepVerifier.StepVerifier_BadSiblings(opening.siblings.length, used)
        );
        require(computed == root, IStepVerifier.StepVerifier_RootMismatch(computed, root));
    }

    function _parse(Opening calldata opening, uint256 depth)
        private
        pure
        returns (Run[] memory runs, uint256 leafCount)
    {
        bytes calldata packed = opening.runs;
        runs = new Run[](packed.length / RUN_BYTES);
        require(packed.length == runs.length * RUN_BYTES, IStepVerifier.StepVerifier_BadRun(runs.length));
        uint256 data;
        assembly ("memory-safe") {
            data := calldataload(add(opening, 0x20)) // offset of `leaves` in the struct
            data := add(add(opening, data), 0x20)
        }
        uint256 lowest;
        for (uint256 i = 0; i < runs.length; ++i) {
            uint256 first = uint40(bytes5(packed[i * RUN_BYTES:]));
            uint256 count = uint16(bytes2(packed[i * RUN_BYTES + 5:]));
            uint256 end = first + count;
            require(count != 0 && first >= lowest && end <= 1 << depth, IStepVerifier.StepVerifier_BadRun(i));
            runs[i] = Run(first, end, data + leafCount * Merkle.LEAF_BYTES);
            leafCount += count;
            lowest = end;
        }
    }

    /// @dev Computes the root from `leafCount` > 0 leaves, and how many siblings it takes.
    function _fold(Opening calldata opening, Run[] memory runs, uint256 leafCount, uint256 depth)
        private
        pure
        returns (bytes32 root, uint256 used)
    {
        bytes32[] calldata siblings = opening.siblings;
        // Both lists are in memory beyond the free memory pointer: the nodes of one level, left to right.
        uint256 hashes;
        uint256 positions;
        assembly ("memory-safe") {
            hashes := mload(0x40)
            positions := add(hashes, shl(5, leafCount))
            let leaf := add(positions, shl(5, leafCount)) // one leaf at a time, to hash it
            let to := hashes
            let end := add(runs, shl(5, add(mload(runs), 1)))
            for { let at := add(runs, 0x20) } lt(at, end) { at := add(at, 0x20) } {
                let run := mload(at)
                let last := mload(add(run, 0x20))
                let data := mload(add(run, 0x40))
                for { let position := mload(run) } lt(position, last) { position := add(position, 1) } {
                    calldatacopy(leaf, data, 0x100)
                    mstore(to, keccak256(leaf, 0x100))
                    mstore(add(to, shl(5, leafCount)), position)
                    to := add(to, 0x20)
                    data := add(data, 0x100)
                }
            }
        }
        assembly ("memory-safe") {
            let sibling := siblings.offset // may run past the end here; the caller compares the number used
            let toPositions := sub(positions, hashes)
            for {} depth { depth := sub(depth, 1) } {
                let end := add(hashes, shl(5, leafCount))
                let to := hashes
                for { let at := hashes } lt(at, end) { at := add(at, 0x20) } {
                    let position := mload(add(at, toPositions))
                    switch and(position, 1)
                    case 1 {
                        mstore(0x00, calldataload(sibling))
                        mstore(0x20, mload(at))
                        sibling := add(sibling, 0x20)
                    }
                    default {
                        mstore(0x00, mload(at))
                        let next := add(at, 0x20)
                        switch and(lt(next, end), eq(mload(add(next, toPositions)), add(position, 1)))
                        case 1 {
                            mstore(0x20, mload(next))
                            at := next
                        }
                        default {
                            mstore(0x20, calldataload(sibling))
                            sibling := add(sibling, 0x20)
                        }
                    }
                    mstore(to, keccak256(0x00, 0x40))
                    mstore(add(to, toPositions), shr(1, position))
                    to := add(to, 0x20)
                }
                leafCount := shr(5, sub(to, hashes))
            }
            root := mload(hashes)
            used := shr(5, sub(sibling, siblings.offset))
        }
    }
}
