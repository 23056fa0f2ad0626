// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Script, console} from "forge-std/Script.sol";
import {Deployment} from "../src/Deployment.sol";
import {Parameters} from "../src/interfaces/IJobs.sol";

/// @title Deploys og with the standard parameters (src/chain/parameters.ts), at the address that `og` itself computes.
/// @notice forge script contracts/script/Deploy.s.sol --rpc-url ... --account ... --broadcast
contract Deploy is Script {
    function run() external returns (Deployment deployment) {
        Parameters memory parameters = standardParameters();
        address predicted = addressOf(parameters);
        if (verifierAddress().code.length == 0) _create(vm.getCode("StepVerifier.sol:StepVerifier"));
        if (predicted.code.length == 0) _create(_initCode(parameters));
        deployment = Deployment(predicted);
        console.log("Deployment", predicted);
        console.log("Jobs      ", address(deployment.jobs()));
    }

    function addressOf(Parameters memory parameters) public view returns (address) {
        return vm.computeCreate2Address(bytes32(0), keccak256(_initCode(parameters)), CREATE2_FACTORY);
    }

    function verifierAddress() public view returns (address) {
        bytes32 codeHash = keccak256(vm.getCode("StepVerifier.sol:StepVerifier"));
        return vm.computeCreate2Address(bytes32(0), codeHash, CREATE2_FACTORY);
    }

    function standardParameters() public pure returns (Parameters memory) {
        return Parameters({
            challengeWindowSeconds: 24 hours,
            clockSeconds: 6 hours,
            inputDemandSeconds: 24 hours,
            callbackGas: 200_000,
            maxInputBytes: 32 * 1024,
            maxOutputBytes: 4 * 1024,
            burnBps: 2_000,
            bondWei: 0.05 ether,
            inputDemandWei: 0.02 ether
        });
    }

    function _create(bytes memory initCode) private {
        vm.broadcast();
        (bool success,) = CREATE2_FACTORY.call(bytes.concat(bytes32(0), initCode));
        require(success, "the CREATE2 proxy could not deploy");
    }

    function _initCode(Parameters memory parameters) private view returns (bytes memory) {
        return bytes.concat(vm.getCode("Deployment.sol:Deployment"), abi.encode(parameters, verifierAddress()));
    }
}
