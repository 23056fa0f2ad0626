// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice Leaves of one Merkle tree with one proof for all of them.
/// @param runs Packed runs of neighbouring leaves, 7 bytes each: first leaf index (uint40), count (uint16, at least 1).
/// Strictly ascending, not overlapping.
/// @param leaves The leaves' bytes, 256 each, in the order of the runs.
/// @param siblings The hashes that the root needs and the leaves do not give, level by level from the leaves up, left to
/// right within a level.
struct Opening {
    bytes runs;
    bytes leaves;
    bytes32[] siblings;
}

/// @notice A root and the depths of its tree: `depth` levels in all, `tensorDepth` of them inside one tensor.
struct Tree {
    bytes32 root;
    uint8 depth;
    uint8 tensorDepth;
}

/// @title One element of one step.
/// @notice The Solidity twin of the reference evaluator (src/program/evaluate.ts). Total: for a legal step it has an int32
/// result whatever int32 values the openings hold.
interface IStepVerifier {
    error StepVerifier_BadEncoding(uint256 at);
    /// @notice A step may only read slots before its own.
    error StepVerifier_ReadsOwnOrLaterSlot(uint256 source, uint256 slot);
    error StepVerifier_MissingLeaf(uint256 leafIndex);
    /// @notice The output has no such element.
    error StepVerifier_NoSuchElement(uint256 element);
    /// @notice Run `run` of an opening is empty, not after the one before, beyond the tree, or cut off.
    error StepVerifier_BadRun(uint256 run);
    /// @notice The runs need another number of bytes of leaves.
    error StepVerifier_BadOpening(uint256 leafBytes, uint256 expectedBytes);
    /// @notice The opening needs another number of siblings.
    error StepVerifier_BadSiblings(uint256 siblings, uint256 expectedSiblings);
    error StepVerifier_RootMismatch(bytes32 computed, bytes32 expected);

    /// @notice Computes one element of a step.
    /// @param step The encoded step (docs/protocol.md, "Step encoding"), already proven to be the one of this slot.
    /// @param slot The slot that the step makes.
    /// @param element Flat position in the output; must exist.
    /// @param trace Tree of the trace that `traceOpening` opens.
    /// @param constants Tree of constants that `constantsOpening` opens.
    function computeElement(
        bytes calldata step,
        uint256 slot,
        uint256 element,
        Tree calldata trace,
        Opening calldata traceOpening,
        Tree calldata constants,
        Opening calldata constantsOpening
    ) external view returns (int256);
}
