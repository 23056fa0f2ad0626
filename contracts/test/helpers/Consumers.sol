// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IConsumer} from "../../src/interfaces/IConsumer.sol";
import {IJobs, Terms} from "../../src/interfaces/IJobs.sol";

/// @notice Remembers what it was told and with how much gas.
contract RecordingConsumer is IConsumer {
    uint256 public calls;
    uint256 public jobId;
    bytes32 public modelId;
    bytes public output;
    uint256 public gasAtEntry;

    function onInference(uint256 jobId_, bytes32 modelId_, bytes calldata output_) external {
        uint256 gas = gasleft();
        (gasAtEntry, jobId, modelId, output) = (gas, jobId_, modelId_, output_);
        ++calls;
    }
}

/// @notice Tries to be paid, to finalize again and to withdraw from inside the callback.
contract ReentrantConsumer is IConsumer {
    uint256 public reentries;
    uint256 public succeeded;

    function ask(IJobs jobs, bytes32 modelId, bytes calldata input, uint32 claimSeconds)
        external
        payable
        returns (uint256)
    {
        return jobs.request{value: msg.value}(modelId, input, claimSeconds, address(this));
    }

    function onInference(uint256 jobId, bytes32, bytes calldata output) external {
        reentries = 1;
        IJobs jobs = IJobs(msg.sender);
        uint256 winner = jobs.getJob(jobId).firstClaim;
        Terms memory terms;
        _try(abi.encodeCall(IJobs.finalize, (jobId, terms, output)));
        _try(abi.encodeCall(IJobs.reclaimBond, (winner, terms)));
        _try(abi.encodeCall(IJobs.withdraw, ()));
        _try(abi.encodeCall(IJobs.walkClaims, (jobId, 1)));
        _try(abi.encodeCall(IJobs.endMatch, (winner, winner, 1)));
    }

    function _try(bytes memory message) private {
        (bool success,) = msg.sender.call(message);
        if (success) ++succeeded;
    }
}

contract GasBurner is IConsumer {
    function onInference(uint256, bytes32, bytes calldata) external pure {
        while (true) {}
    }
}

contract Reverter is IConsumer {
    function onInference(uint256, bytes32, bytes calldata) external pure {
        revert("no, thank you");
    }
}

/// @notice Returns or reverts with as much data as its gas can make.
contract ReturnBomb is IConsumer {
    bool private immutable _reverts;

    constructor(bool reverts) {
        _reverts = reverts;
    }

    function onInference(uint256, bytes32, bytes calldata) external view {
        bool reverts = _reverts;
        assembly {
            let size := 180000
            if reverts { revert(0, size) }
            return(0, size)
        }
    }
}
