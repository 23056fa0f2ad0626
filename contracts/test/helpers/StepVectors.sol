// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";
import {Opening, Tree} from "../../src/interfaces/IStepVerifier.sol";
import {VectorFile} from "./VectorFile.sol";

/// @notice Some elements of one step and what they must be (fixtures/vectors/step-vectors.ts).
struct StepVector {
    string name;
    bytes step;
    uint256 slot;
    Tree trace;
    Opening traceOpening;
    Tree constants;
    Opening constantsOpening;
    uint256[] elements;
    int256[] expected;
}

/// @title Reading vectors of steps.
library StepVectors {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant TYPE = "Vector(string name,bytes step,uint256 slot,Tree trace,Opening traceOpening,"
        "Tree constants,Opening constantsOpening,uint256[] elements,int256[] expected)"
        "Opening(bytes runs,bytes leaves,bytes32[] siblings)Tree(bytes32 root,uint8 depth,uint8 tensorDepth)";

    /// @notice The next vector of the file, if there is one.
    function next(string memory file) internal view returns (bool found, StepVector memory vector) {
        string memory line;
        (found, line) = VectorFile.next(file);
        if (found) vector = _parse(line);
    }

    /// @notice The first vector of that name.
    function find(string memory file, string memory name) internal returns (StepVector memory) {
        string memory start = string.concat('{"name":"', name, '",');
        VectorFile.open(file);
        bool found;
        string memory line;
        do {
            (found, line) = VectorFile.next(file);
            require(found, string.concat("no vector ", name));
        } while (vm.indexOf(line, start) != 0);
        return _parse(line);
    }

    function _parse(string memory line) private pure returns (StepVector memory) {
        return abi.decode(vm.parseJsonType(line, TYPE), (StepVector));
    }
}
