// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {StepVerifier} from "../../src/StepVerifier.sol";
import {GasSnapshot} from "../helpers/GasSnapshot.sol";
import {StepCost} from "../helpers/StepCost.sol";
import {StepVector, StepVectors} from "../helpers/StepVectors.sol";
import {VectorFile} from "../helpers/VectorFile.sol";

/// @notice No check costs more than {StepCost} says, and the bound is not far off where it is large. What the steps of
/// fixtures/vectors/gas.json cost is kept to the unit of gas (contracts/gas/README.md).
contract StepVerifierGasTest is Test {
    StepVerifier private verifier = new StepVerifier();
    StepCost private cost = new StepCost();

    function test_gas_stepsOfModels() external {
        string memory file = "fixtures/vectors/gas.json";
        VectorFile.open(file);
        while (true) {
            (bool found, StepVector memory v) = StepVectors.next(file);
            if (!found) break;
            (uint256 gas, uint256 bound) = this.measure(v);
            GasSnapshot.record("proofs", v.name, gas);
            assertLe(gas, bound, v.name);
            assertLe(bound, 2 * gas, v.name);
        }
    }

    function test_allOtherSteps() external {
        vm.pauseGasMetering();
        string memory file = "fixtures/vectors/steps.json";
        VectorFile.open(file);
        while (this.checkNext(file)) {}
    }

    function checkNext(string calldata file) external returns (bool found) {
        StepVector memory v;
        (found, v) = StepVectors.next(file);
        if (!found) return false;
        vm.resumeGasMetering();
        (uint256 gas, uint256 bound) = this.measure(v);
        vm.pauseGasMetering();
        assertLe(gas, bound, v.name);
    }

    function measure(StepVector calldata v) external view returns (uint256 gas, uint256 bound) {
        verifier.computeElement(v.step, v.slot, v.elements[0], v.trace, v.traceOpening, v.constants, v.constantsOpening);
        gas = vm.lastCallGas().gasTotalUsed;
        bound = cost.bound(v);
    }
}
