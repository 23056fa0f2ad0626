// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

/// @title Gas figures that are committed to the unit of gas, in contracts/gas (see its README.md).
library GasSnapshot {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Fails the run when contracts/gas/`group`.json has another figure under this name, or none. (forge compares the
    /// figures of the names that both have.) `npm run gas` writes it.
    function record(string memory group, string memory name, uint256 gas) internal {
        if (!vm.envOr("FOUNDRY_GAS_SNAPSHOT_EMIT", false)) {
            string memory file = vm.readFile(string.concat("contracts/gas/", group, ".json"));
            bool known = vm.keyExistsJson(file, string.concat('$["', name, '"]'));
            require(known, string.concat(name, " has no committed gas: npm run gas"));
        }
        vm.snapshotValue(group, name, gas);
    }
}
