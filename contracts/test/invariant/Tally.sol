// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";
import {LibString} from "solady/utils/LibString.sol";

import {GameHandler} from "./GameHandler.sol";

/// @title What the invariant runs reached, by kind.
library Tally {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    bytes32 private constant FIRST = "request";

    /// @notice Every kind of move and ending that a run can count.
    function names() internal pure returns (bytes32[44] memory) {
        return [
            FIRST,
            "request by root",
            "submit",
            "challenge",
            "honest challenge",
            "in the last second",
            "reveal",
            "open match",
            "open",
            "descend",
            "descend to leaf",
            "post leaf",
            "prove without the leaf",
            "prove input",
            "prove step",
            "prove padding",
            "both lose by proof",
            "time in open",
            "time in descend",
            "time in leaf",
            "time in proof",
            "both lose by time",
            "same trace",
            "same trace, needless",
            "final",
            "void",
            "demand",
            "post input",
            "give up",
            "assist",
            "collect",
            "walk claims",
            "walk past agreeing ones",
            "garbage",
            "reclaim",
            "reclaim of a needless one",
            "withdraw",
            "stall",
            "too late",
            "another trace, the same move",
            "wait",
            "dishonest done",
            "dishonest refused",
            "contract calls"
        ];
    }

    /// @notice Appends a run's figures to the file that `OG_TALLY` names, one JSON object a line (tools/test-deep.ts sums them).
    function write(GameHandler handler) internal {
        string memory file = vm.envOr("OG_TALLY", string(""));
        if (bytes(file).length == 0) return;
        string memory line = string.concat('{"most gas":', vm.toString(handler.tally("most gas")));
        bytes32[44] memory kinds = names();
        for (uint256 i = 0; i < kinds.length; ++i) {
            string memory name = LibString.fromSmallString(kinds[i]);
            line = string.concat(line, ',"', name, '":', vm.toString(handler.tally(kinds[i])));
        }
        vm.writeLine(file, string.concat(line, "}"));
    }
}
