// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

/// @title Vectors line by line: a file is JSON with one vector a line (fixtures/vectors/files.ts).
library VectorFile {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Begins with a file: skips the line that opens the list.
    function open(string memory file) internal {
        vm.closeFile(file);
        vm.readLine(file);
    }

    /// @notice The next vector of the file as JSON, if there is one.
    function next(string memory file) internal view returns (bool found, string memory line) {
        line = vm.readLine(file);
        uint256 length = bytes(line).length;
        found = length > 2; // the last line is "]}"
        if (found && bytes(line)[length - 1] == ",") {
            assembly ("memory-safe") {
                mstore(line, sub(length, 1))
            }
        }
    }
}
