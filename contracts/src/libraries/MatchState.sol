// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ending, Phase} from "../interfaces/IMatches.sol";

/// @notice What every move of a match reads and writes, in one word; the fields are those of {Match}. From the low end: phase
/// 1 byte, ending 1, height 1, turn 1, losers 1, openedAt 5, clockStartedAt 5, remainingSeconds 4 and 4, position 8.
type State is uint256;

using MatchState for State global;

/// @title The state of a match, read and changed as a whole.
/// @notice What a caller puts in must fit its field; nothing is cut off here.
library MatchState {
    uint256 private constant ENDING_AT = 8;
    uint256 private constant HEIGHT_AT = 16;
    uint256 private constant TURN_AT = 24;
    uint256 private constant LOSERS_AT = 32;
    uint256 private constant OPENED_AT = 40;
    uint256 private constant CLOCK_STARTED_AT = 80;
    uint256 private constant REMAINING_AT = 120;
    uint256 private constant REMAINING_BITS = 32;
    uint256 private constant POSITION_AT = 184;

    /// @dev What a move leaves as it is: who lost and when the match was opened.
    uint256 private constant KEPT_BY_MOVES = uint256(type(uint48).max) << LOSERS_AT;

    /// @notice A match that begins at `openedAt_`: side 1 is to open its root.
    function begin(uint256 height_, uint32 clockSeconds, uint40 openedAt_) internal pure returns (State) {
        uint256 word = uint256(Phase.Open) | height_ << HEIGHT_AT | 1 << TURN_AT;
        word |= uint256(openedAt_) << OPENED_AT | uint256(openedAt_) << CLOCK_STARTED_AT;
        return State.wrap(word | _clocks(clockSeconds, clockSeconds));
    }

    /// @notice The same match after a move that took the side to move to `remaining` seconds at `movedAt`: the other's clock runs.
    function moved(State state, Phase phase_, uint256 height_, uint64 position_, uint32 remaining, uint40 movedAt)
        internal
        pure
        returns (State)
    {
        uint256 side = state.turn();
        uint32 other = state.remainingSeconds(1 - side);
        uint256 word = State.unwrap(state) & KEPT_BY_MOVES;
        word |= uint256(phase_) | height_ << HEIGHT_AT | (1 - side) << TURN_AT | uint256(movedAt) << CLOCK_STARTED_AT;
        word |= uint256(position_) << POSITION_AT | (side == 0 ? _clocks(remaining, other) : _clocks(other, remaining));
        return State.wrap(word);
    }

    /// @notice The same match, over.
    function ended(State state, Ending ending_, uint8 losers_) internal pure returns (State) {
        uint256 word = State.unwrap(state) & ~uint256(0xff00_00ffff); // losers, ending and phase
        return State.wrap(word | uint256(Phase.Over) | uint256(ending_) << ENDING_AT | uint256(losers_) << LOSERS_AT);
    }

    // Every cast takes what {begin}, {moved} or {ended} put there.
    // forge-lint: disable-start(unsafe-typecast)
    function phase(State state) internal pure returns (Phase) {
        return Phase(uint8(State.unwrap(state)));
    }

    function ending(State state) internal pure returns (Ending) {
        return Ending(uint8(State.unwrap(state) >> ENDING_AT));
    }

    function height(State state) internal pure returns (uint8) {
        return uint8(State.unwrap(state) >> HEIGHT_AT);
    }

    function turn(State state) internal pure returns (uint8) {
        return uint8(State.unwrap(state) >> TURN_AT);
    }

    function losers(State state) internal pure returns (uint8) {
        return uint8(State.unwrap(state) >> LOSERS_AT);
    }

    function openedAt(State state) internal pure returns (uint40) {
        return uint40(State.unwrap(state) >> OPENED_AT);
    }

    function clockStartedAt(State state) internal pure returns (uint40) {
        return uint40(State.unwrap(state) >> CLOCK_STARTED_AT);
    }

    function remainingSeconds(State state, uint256 side) internal pure returns (uint32) {
        return uint32(State.unwrap(state) >> (REMAINING_AT + REMAINING_BITS * side));
    }

    function position(State state) internal pure returns (uint64) {
        return uint64(State.unwrap(state) >> POSITION_AT);
    }

    // forge-lint: disable-end(unsafe-typecast)

    function _clocks(uint32 remaining0, uint32 remaining1) private pure returns (uint256) {
        return uint256(remaining0) << REMAINING_AT | uint256(remaining1) << (REMAINING_AT + REMAINING_BITS);
    }
}
