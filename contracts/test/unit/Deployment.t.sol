// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Deployment} from "../../src/Deployment.sol";
import {StepVerifier} from "../../src/StepVerifier.sol";
import {IJobs, Parameters} from "../../src/interfaces/IJobs.sol";
import {BaseTest} from "../helpers/BaseTest.sol";

/// @dev Cases in Deployment.tree.
contract DeploymentTest is BaseTest {
    function test_wiring() external view {
        assertEq(address(deployment.jobs().registry()), address(deployment.registry()));
        assertEq(address(deployment.jobs().matches()), address(deployment.matches()));
        assertEq(address(deployment.jobs().inputs()), address(deployment.inputs()));
        assertEq(address(deployment.matches().registry()), address(deployment.registry()));
        assertEq(address(deployment.matches().verifier()), address(deployment.verifier()));
        assertEq(address(deployment.matches().jobs()), address(deployment.jobs()));
        assertEq(address(deployment.inputs().registry()), address(deployment.registry()));
        assertEq(address(deployment.inputs().jobs()), address(deployment.jobs()));
        assertEq(address(deployment.jobs().refunds()), address(deployment.refunds()));
        assertEq(address(deployment.refunds().jobs()), address(deployment.jobs()));
        assertEq(address(deployment.refunds().matches()), address(deployment.matches()));
    }

    function test_codeSizes() external view {
        assertLe(address(deployment.registry()).code.length, 24_576);
        assertLe(address(deployment.verifier()).code.length, 24_576);
        assertLe(address(deployment.jobs()).code.length, 24_576);
        assertLe(address(deployment.matches()).code.length, 24_576);
        assertLe(address(deployment.inputs()).code.length, 24_576);
        assertLe(address(deployment.refunds()).code.length, 24_576);
    }

    function test_initCodeSize() external view {
        uint256 bytes_ =
            bytes.concat(vm.getCode("Deployment.sol:Deployment"), abi.encode(testParameters(), address(0))).length;
        assertLe(bytes_, 49_152);
    }

    function test_parameters() external view {
        assertEq(abi.encode(deployment.jobs().parameters()), abi.encode(testParameters()));
    }

    function deployFromOutside(Parameters memory parameters) external returns (Deployment) {
        return deploy(parameters);
    }

    function test_badParameters() external {
        Parameters memory parameters = testParameters();
        parameters.bondWei = 0;
        vm.expectRevert(); // the proxy does not pass the reason on
        this.deployFromOutside(parameters);
        StepVerifier verifier = deployment.verifier();
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_BadParameter.selector, "bondWei", 0));
        new Deployment(parameters, verifier);
    }
}
