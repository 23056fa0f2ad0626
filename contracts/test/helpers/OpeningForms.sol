// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Opening, Tree} from "../../src/interfaces/IStepVerifier.sol";
import {Merkle} from "../../src/libraries/Merkle.sol";
import {Openings} from "../../src/libraries/Openings.sol";

/// @notice Leaves of a tree, each with a proof of its own.
/// @param positions 5 bytes each, as in the runs of an {Opening}.
/// @param siblings As many as the tree is deep for every leaf, leaf after leaf.
struct ApartOpening {
    bytes positions;
    bytes leaves;
    bytes32[] siblings;
}

/// @title What it costs to check the leaves of one element, by the form of their proofs; for `npm run bench:constants`.
contract OpeningForms {
    /// @notice One proof for all leaves of a tree: what the verifier does.
    function together(
        Tree calldata trace,
        Opening calldata traceOpening,
        Tree calldata constants,
        Opening calldata constantsOpening
    ) external pure {
        Openings.verify(traceOpening, trace);
        Openings.verify(constantsOpening, constants);
    }

    /// @notice A proof for each leaf.
    function apart(
        Tree calldata trace,
        ApartOpening calldata traceOpening,
        Tree calldata constants,
        ApartOpening calldata constantsOpening
    ) external pure {
        _verify(trace, traceOpening);
        _verify(constants, constantsOpening);
    }

    function _verify(Tree calldata tree, ApartOpening calldata opening) private pure {
        uint256 depth = tree.depth;
        uint256 count = opening.positions.length / 5;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 hash = keccak256(opening.leaves[Merkle.LEAF_BYTES * i:Merkle.LEAF_BYTES * (i + 1)]);
            uint256 position = uint40(bytes5(opening.positions[5 * i:5 * (i + 1)]));
            require(Merkle.climb(hash, position, opening.siblings[depth * i:depth * (i + 1)]) == tree.root, "root");
        }
    }
}
