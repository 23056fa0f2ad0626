// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {StepVerifier} from "../../src/StepVerifier.sol";
import {StepVector, StepVectors} from "../helpers/StepVectors.sol";
import {VectorFile} from "../helpers/VectorFile.sol";

/// @notice Every element of fixtures/vectors/steps.json, which the reference evaluator made.
/// `OG_STEP_VECTORS` names another file (`npx tsx fixtures/vectors/steps.ts --bulk 1000 fixtures/vectors/bulk.json`).
contract StepVerifierVectorsTest is Test {
    StepVerifier private verifier = new StepVerifier();

    function test_computesWhatTheReferenceEvaluatorDoes() external {
        vm.pauseGasMetering(); // for files of any size
        string memory file = vm.envOr("OG_STEP_VECTORS", string("fixtures/vectors/steps.json"));
        VectorFile.open(file);
        uint256 checked;
        uint256 more = 1;
        while (more != 0) {
            more = this.checkNext(file);
            checked += more;
        }
        emit log_named_uint("elements", checked);
        assertGe(checked, 2000);
    }

    /// @dev In a call of its own, so that its memory is given back.
    function checkNext(string calldata file) external returns (uint256 checked) {
        (bool found, StepVector memory v) = StepVectors.next(file);
        if (!found) return 0;
        for (; checked < v.elements.length; ++checked) {
            int256 value = verifier.computeElement(
                v.step, v.slot, v.elements[checked], v.trace, v.traceOpening, v.constants, v.constantsOpening
            );
            if (value == v.expected[checked]) continue;
            emit log_named_uint(v.name, v.elements[checked]);
            assertEq(value, v.expected[checked]);
        }
    }
}
