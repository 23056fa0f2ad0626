// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IStepVerifier, Opening, Tree} from "../../src/interfaces/IStepVerifier.sol";
import {OpenedTree, Openings, Run} from "../../src/libraries/Openings.sol";

/// @dev Makes the library's calldata arguments and copies what is open.
contract OpeningsCaller {
    function verify(Opening calldata opening, Tree calldata tree)
        external
        pure
        returns (uint256[] memory positions, bytes memory leaves)
    {
        OpenedTree memory opened = Openings.verify(opening, tree);
        assert(opened.tensorDepth == tree.tensorDepth);
        uint256 count = opening.leaves.length / 256;
        positions = new uint256[](count);
        leaves = new bytes(256 * count);
        uint256 n;
        for (uint256 i = 0; i < opened.runs.length; ++i) {
            Run memory run = opened.runs[i];
            for (uint256 at = run.first; at < run.end; ++at) {
                uint256 data = run.data + 256 * (at - run.first);
                uint256 offset = 256 * n;
                assembly ("memory-safe") {
                    calldatacopy(add(add(leaves, 0x20), offset), data, 0x100)
                }
                positions[n++] = at;
            }
        }
        assert(n == count);
    }
}

contract OpeningsTest is Test {
    OpeningsCaller private openings = new OpeningsCaller();

    bytes32[][] private levels; // by height; levels[0] are the leaf hashes
    bytes[] private leaves;

    // ---- opens what is there

    function testFuzz_opensAnySetOfLeaves(uint256 seed, uint256 depth, uint256 chosen) external {
        _grow(seed, bound(depth, 0, 5));
        (Opening memory opening, uint256 count) = _open(chosen);
        (uint256[] memory positions, bytes memory opened) = openings.verify(opening, _tree());
        assertEq(opened, opening.leaves);
        assertEq(positions.length, count);
        uint256 n;
        for (uint256 at = 0; at < leaves.length; ++at) {
            if ((chosen >> at) & 1 == 1) assertEq(positions[n++], at);
        }
        assertEq(n, count);
    }

    function test_touchingRunsAreAllowed() external {
        _grow(1, 3);
        (Opening memory opening,) = _open(7 << 2);
        opening.runs = bytes.concat(_run(2, 1), _run(3, 2));
        openings.verify(opening, _tree());
    }

    function test_nothingNeedsNoRoot() external view {
        Opening memory nothing;
        (uint256[] memory positions,) = openings.verify(nothing, Tree(keccak256("any"), 5, 2));
        assertEq(positions.length, 0);
    }

    // ---- refuses what is not

    function testFuzz_refusesAFlippedBit(uint256 seed, uint256 depth, uint256 chosen, uint256 bit) external {
        _grow(seed, bound(depth, 1, 5));
        (Opening memory opening, uint256 count) = _open(chosen);
        if (count == 0) return;
        uint256 siblings = opening.siblings.length;
        uint256 at = (bit >> 8) % (opening.leaves.length + 32 * siblings);
        if (at < opening.leaves.length) opening.leaves[at] ^= bytes1(uint8(1 << (bit % 8)));
        else opening.siblings[(at - opening.leaves.length) / 32] ^= bytes32(1 << (bit % 256));
        _expectRevert(opening, _tree(), IStepVerifier.StepVerifier_RootMismatch.selector);
    }

    function testFuzz_refusesLeavesInOtherPlaces(uint256 seed, uint256 depth, uint256 chosen, uint256 other) external {
        _grow(seed, bound(depth, 1, 5));
        (Opening memory opening, uint256 count) = _open(chosen);
        (Opening memory elsewhere, uint256 otherCount) = _open(other);
        vm.assume(count != 0 && count == otherCount && keccak256(opening.runs) != keccak256(elsewhere.runs));
        opening.runs = elsewhere.runs;
        (bool accepted,) = address(openings).staticcall(abi.encodeCall(openings.verify, (opening, _tree())));
        assertFalse(accepted);
    }

    function test_refusesAnotherRoot() external {
        _grow(1, 4);
        (Opening memory opening,) = _open(0x0ff0);
        Tree memory tree = _tree();
        bytes32 root = tree.root;
        tree.root = keccak256("other");
        vm.expectRevert(
            abi.encodeWithSelector(IStepVerifier.StepVerifier_RootMismatch.selector, root, keccak256("other"))
        );
        openings.verify(opening, tree);
    }

    function test_refusesASiblingTooFewOrTooMany() external {
        _grow(1, 4);
        (Opening memory opening,) = _open(0x0070);
        uint256 used = opening.siblings.length;
        bytes32[] memory all = opening.siblings;
        opening.siblings = _resized(all, used - 1);
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_BadSiblings.selector, used - 1, used));
        openings.verify(opening, _tree());
        opening.siblings = _resized(all, used + 1);
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_BadSiblings.selector, used + 1, used));
        openings.verify(opening, _tree());
    }

    function test_refusesSiblingsOfNothing() external {
        Opening memory opening;
        opening.siblings = new bytes32[](1);
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_BadSiblings.selector, 1, 0));
        openings.verify(opening, Tree(0, 0, 0));
    }

    function test_refusesOtherNumbersOfLeaves() external {
        _grow(1, 4);
        (Opening memory opening,) = _open(0x0070);
        bytes memory three = opening.leaves;
        opening.leaves = bytes.concat(three, hex"00");
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_BadOpening.selector, 769, 768));
        openings.verify(opening, _tree());
        opening.runs = _run(4, 4);
        opening.leaves = three;
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_BadOpening.selector, 768, 1024));
        openings.verify(opening, _tree());
        opening.runs = "";
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_BadOpening.selector, 768, 0));
        openings.verify(opening, _tree());
    }

    function test_refusesBadRuns() external {
        _grow(1, 4);
        (Opening memory opening,) = _open(0x0030);
        _expectBadRun(opening, _run(4, 0), 0); // empty
        _expectBadRun(opening, bytes.concat(_run(4, 1), _run(4, 1)), 1); // twice
        _expectBadRun(opening, bytes.concat(_run(5, 1), _run(4, 1)), 1); // descending
        _expectBadRun(opening, bytes.concat(_run(3, 2), _run(4, 1)), 1); // overlapping
        _expectBadRun(opening, _run(15, 2), 0); // beyond the tree
        _expectBadRun(opening, _run(16, 1), 0);
        _expectBadRun(opening, _run(type(uint40).max, 1), 0);
        _expectBadRun(opening, bytes.concat(_run(4, 1), hex"000000000501"), 1); // cut off
        _expectBadRun(opening, hex"00", 0);
    }

    // ---- helpers

    function _expectBadRun(Opening memory opening, bytes memory runs, uint256 run) private {
        opening.runs = runs;
        vm.expectRevert(abi.encodeWithSelector(IStepVerifier.StepVerifier_BadRun.selector, run));
        openings.verify(opening, _tree());
    }

    function _expectRevert(Opening memory opening, Tree memory tree, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        openings.verify(opening, tree);
    }

    function _grow(uint256 seed, uint256 depth) private {
        delete levels;
        delete leaves;
        bytes32[] memory level = new bytes32[](1 << depth);
        for (uint256 i = 0; i < level.length; ++i) {
            bytes32 word = keccak256(abi.encode(seed, i));
            leaves.push(abi.encode(word, i, word, seed, ~word, 0, word, i));
            level[i] = keccak256(leaves[i]);
        }
        levels.push(level);
        while (level.length > 1) {
            bytes32[] memory above = new bytes32[](level.length / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                above[i] = keccak256(abi.encode(level[2 * i], level[2 * i + 1]));
            }
            level = above;
            levels.push(level);
        }
    }

    function _tree() private view returns (Tree memory) {
        return Tree(levels[levels.length - 1][0], uint8(levels.length - 1), 1);
    }

    /// @dev Opens the leaves whose bits are set: by the book, over all positions of a level.
    function _open(uint256 chosen) private view returns (Opening memory opening, uint256 count) {
        uint256 runStart;
        for (uint256 i = 0; i < leaves.length; ++i) {
            if ((chosen >> i) & 1 == 0) continue;
            if (i == 0 || (chosen >> (i - 1)) & 1 == 0) runStart = i;
            if (i + 1 == leaves.length || (chosen >> (i + 1)) & 1 == 0) {
                opening.runs = bytes.concat(opening.runs, _run(runStart, i + 1 - runStart));
            }
            opening.leaves = bytes.concat(opening.leaves, leaves[i]);
            ++count;
        }
        bytes32[] memory siblings = new bytes32[](512);
        uint256 used;
        for (uint256 height = 0; height + 1 < levels.length; ++height) {
            uint256 above;
            for (uint256 i = 0; i < levels[height].length; ++i) {
                bool known = (chosen >> i) & 1 == 1;
                bool siblingKnown = (chosen >> (i ^ 1)) & 1 == 1;
                if (known) above |= 1 << (i / 2);
                if (known && !siblingKnown) siblings[used++] = levels[height][i ^ 1];
            }
            chosen = above;
        }
        opening.siblings = _resized(siblings, used);
    }

    function _run(uint256 first, uint256 count) private pure returns (bytes memory) {
        return abi.encodePacked(SafeCastLib.toUint40(first), SafeCastLib.toUint16(count));
    }

    function _resized(bytes32[] memory list, uint256 length) private pure returns (bytes32[] memory resized) {
        resized = new bytes32[](length);
        for (uint256 i = 0; i < length && i < list.length; ++i) {
            resized[i] = list[i];
        }
    }
}
