// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Chess clocks (docs/protocol.md, "A match").
/// @notice A clock is what was left of it when it last stopped, and since when it runs. A move in its last second is in time.
library Clock {
    /// @notice Whether a clock that has been running since `startedAt` has run out by now.
    function isOver(uint256 remainingSeconds, uint256 startedAt) internal view returns (bool) {
        return block.timestamp - startedAt > remainingSeconds;
    }

    /// @notice What is left of a clock that ran from `startedAt` to `stoppedAt`; nothing when it ran out.
    function left(uint256 remainingSeconds, uint256 startedAt, uint256 stoppedAt) internal pure returns (uint256) {
        uint256 elapsedSeconds = stoppedAt - startedAt;
        return elapsedSeconds < remainingSeconds ? remainingSeconds - elapsedSeconds : 0;
    }
}
