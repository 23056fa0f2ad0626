// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IStepVerifier} from "../interfaces/IStepVerifier.sol";
import {Merkle} from "./Merkle.sol";
import {OpenedTree, Run} from "./Openings.sol";

/// @notice One tensor of an opened tree, with a window: the bytes of it that the run last used opens. Bytes count from the
/// tensor's beginning.
/// @param firstLeaf Index of the tensor's first leaf in the tree; @param size bytes that the tree has room for.
/// @param loadShift What to shift a calldata word right by to get an element that begins it.
/// @param nextRun Index of the run after the one in the window.
/// @param from @param to The window.
/// @param toCalldata Added to the number of a byte in the window, it gives the place in the calldata.
struct Tensor {
    Run[] runs;
    uint256 firstLeaf;
    uint256 size;
    uint256 loadShift;
    uint256 nextRun;
    uint256 from;
    uint256 to;
    uint256 toCalldata;
}

/// @title Elements of opened tensors.
library OpenedTensor {
    /// @notice Makes it tensor `index` of a tree, with elements of `width` bytes. Nothing is looked up yet.
    function open(Tensor memory tensor, OpenedTree memory tree, uint256 index, uint256 width) internal pure {
        unchecked {
            tensor.runs = tree.runs;
            tensor.firstLeaf = index << tree.tensorDepth;
            tensor.size = Merkle.LEAF_BYTES << tree.tensorDepth;
            tensor.loadShift = 256 - 8 * width;
        }
    }

    /// @notice The element that begins with byte `byteAt`, sign-extended.
    function element(Tensor memory tensor, uint256 byteAt) internal pure returns (int256 value) {
        uint256 place = locate(tensor, byteAt);
        uint256 loadShift = tensor.loadShift;
        assembly ("memory-safe") {
            value := sar(loadShift, calldataload(place))
        }
    }

    /// @notice Where in the calldata byte `byteAt` is; moves the window there. Reverts when it is not opened. (A negative
    /// position is, as an unsigned number, beyond every tensor.)
    function locate(Tensor memory tensor, uint256 byteAt) internal pure returns (uint256) {
        unchecked {
            if (byteAt < tensor.from || byteAt >= tensor.to) _moveWindow(tensor, byteAt);
            return byteAt + tensor.toCalldata;
        }
    }

    function _moveWindow(Tensor memory tensor, uint256 byteAt) private pure {
        unchecked {
            Run[] memory runs = tensor.runs;
            uint256 firstLeaf = tensor.firstLeaf;
            uint256 leaf = firstLeaf + byteAt / Merkle.LEAF_BYTES;
            require(byteAt < tensor.size, IStepVerifier.StepVerifier_MissingLeaf(leaf));
            // Reading goes upwards most of the time, into the next run.
            uint256 i = tensor.nextRun;
            if (i >= runs.length || leaf < _get(runs, i).first || leaf >= _get(runs, i).end) i = _search(runs, leaf);
            Run memory run = _get(runs, i);
            // A run may begin or end in another tensor.
            uint256 to = (run.end - firstLeaf) * Merkle.LEAF_BYTES;
            tensor.nextRun = i + 1;
            tensor.from = run.first < firstLeaf ? 0 : (run.first - firstLeaf) * Merkle.LEAF_BYTES;
            tensor.to = to < tensor.size ? to : tensor.size;
            tensor.toCalldata = run.data - (run.first - firstLeaf) * Merkle.LEAF_BYTES; // may wrap, and back when used
        }
    }

    /// @dev Index of the run that holds the leaf.
    function _search(Run[] memory runs, uint256 leaf) private pure returns (uint256) {
        unchecked {
            uint256 low; // runs before it begin at or before the leaf
            uint256 high = runs.length; // runs from it on begin after the leaf
            while (low < high) {
                uint256 middle = (low + high) / 2;
                if (_get(runs, middle).first <= leaf) low = middle + 1;
                else high = middle;
            }
            require(low != 0 && leaf < _get(runs, low - 1).end, IStepVerifier.StepVerifier_MissingLeaf(leaf));
            return low - 1;
        }
    }

    /// @dev `runs[i]` without the bounds check: this is the inner loop of a search.
    function _get(Run[] memory runs, uint256 i) private pure returns (Run memory run) {
        assembly ("memory-safe") {
            run := mload(add(add(runs, 0x20), shl(5, i)))
        }
    }
}
