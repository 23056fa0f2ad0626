// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibString} from "solady/utils/LibString.sol";

import {IJobs, Parameters} from "../interfaces/IJobs.sol";

/// @title What a deployment may be fixed to.
library ParameterBounds {
    /// @notice Whole in 1/10,000.
    uint256 internal constant BPS = 10_000;
    /// @dev Keeps the sum of any two periods and a timestamp far below 2^40.
    uint256 private constant MAX_SECONDS = 365 days;
    /// @dev A callback leaves room in a transaction of 2^24 gas.
    uint256 private constant MAX_CALLBACK_GAS = 10_000_000;
    /// @dev A request stays below 96 KiB of calldata and 10,000,000 gas.
    uint256 private constant MAX_INPUT_BYTES = 95 * 1024;
    /// @dev An output is calldata of every claim and of the end, and a callback has to read it.
    uint256 private constant MAX_OUTPUT_BYTES = 24_575;

    /// @notice Reverts with {IJobs-Jobs_BadParameter} when a parameter makes no sense: a period or a bond of nothing, a bond of
    /// which nothing burns (playing against oneself must cost), or what cannot fit a transaction.
    function check(Parameters memory parameters) internal pure {
        _check("challengeWindowSeconds", parameters.challengeWindowSeconds, MAX_SECONDS);
        _check("clockSeconds", parameters.clockSeconds, MAX_SECONDS);
        _check("inputDemandSeconds", parameters.inputDemandSeconds, MAX_SECONDS);
        _check("callbackGas", parameters.callbackGas, MAX_CALLBACK_GAS);
        _check("maxInputBytes", parameters.maxInputBytes, MAX_INPUT_BYTES);
        _check("maxOutputBytes", parameters.maxOutputBytes, MAX_OUTPUT_BYTES);
        _check("burnBps", parameters.burnBps, BPS);
        _check("bondWei", parameters.bondWei, type(uint128).max);
        _check("inputDemandWei", parameters.inputDemandWei, type(uint128).max);
        _check("refundGasPriceWei", parameters.refundGasPriceWei, type(uint64).max);
    }

    /// @notice What a bond burns when it is forfeited.
    function burnedShareWei(Parameters memory parameters) internal pure returns (uint256) {
        return uint256(parameters.bondWei) * parameters.burnBps / BPS;
    }

    function _check(bytes32 field, uint256 value, uint256 max) private pure {
        if (value == 0 || value > max) revert IJobs.Jobs_BadParameter(LibString.fromSmallString(field), value);
    }
}
