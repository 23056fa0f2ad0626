// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title What a referee beside the board writes down: turns, clocks and windows, counted without the contracts.
abstract contract Referee {
    struct Clocks {
        uint256 runsSince;
        uint256 moves;
        uint256[2] usedSeconds;
    }

    uint256 private immutable _clockSeconds;
    mapping(uint256 matchId => Clocks) private _clocks;
    mapping(uint256 jobId => uint256) private _windowEndsAt;

    constructor(uint256 clockSeconds) {
        _clockSeconds = clockSeconds;
    }

    function sawMatchBegin(uint256 matchId) internal {
        Clocks storage clocks = _clocks[matchId];
        require(clocks.runsSince == 0, "9: a pair was matched twice");
        clocks.runsSince = block.timestamp;
    }

    /// @dev A move that passes the turn was accepted. (A proof does not: both clocks may run on.)
    function sawMove(uint256 matchId, uint256 side) internal {
        Clocks storage clocks = _clocks[matchId];
        require(clocks.moves++ % 2 != side, "14: the sides move in turn, side 1 first");
        clocks.usedSeconds[side] += block.timestamp - clocks.runsSince;
        require(clocks.usedSeconds[side] <= _clockSeconds, "14: a move after its clock's end was accepted");
        clocks.runsSince = block.timestamp;
    }

    /// @dev A first claim was posted, or a demanded input is complete.
    function sawWindowBegin(uint256 jobId, uint256 windowSeconds) internal {
        _windowEndsAt[jobId] = block.timestamp + windowSeconds;
    }

    function clocksOf(uint256 matchId) external view returns (Clocks memory) {
        return _clocks[matchId];
    }

    function windowEndOf(uint256 jobId) external view returns (uint256) {
        return _windowEndsAt[jobId];
    }
}
