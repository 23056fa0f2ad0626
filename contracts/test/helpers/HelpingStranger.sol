// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IMatches} from "../../src/interfaces/IMatches.sol";
import {IRefunds} from "../../src/interfaces/IRefunds.sol";

/// @notice Stands in for {IMatches}: what is a move goes through {IRefunds} as a stranger's help, everything else to the matches.
contract HelpingStranger {
    IMatches private immutable _matches;
    IRefunds private immutable _refunds;

    constructor(IMatches matches, IRefunds refunds) {
        (_matches, _refunds) = (matches, refunds);
    }

    receive() external payable {}

    fallback(bytes calldata message) external returns (bytes memory) {
        if (_isMove(msg.sig)) {
            bytes[] memory calls = new bytes[](1);
            calls[0] = message;
            _refunds.assist(uint256(bytes32(message[4:36])), calls);
            return "";
        }
        (bool success, bytes memory result) = address(_matches).call(message);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
        return result;
    }

    function _isMove(bytes4 selector) private pure returns (bool) {
        return selector == IMatches.open.selector || selector == IMatches.descend.selector
            || selector == IMatches.descendToLeaf.selector || selector == IMatches.postLeaf.selector
            || selector == IMatches.proveInput.selector || selector == IMatches.proveStep.selector
            || selector == IMatches.provePadding.selector || selector == IMatches.callTime.selector;
    }
}
