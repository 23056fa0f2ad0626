// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Ending, Phase} from "../interfaces/IMatches.sol";

/// @notice What every move of a match reads and writes; the fields are those of {Match}.
struct State {
    Phase phase;
    Ending ending;
    uint8 height;
    uint8 turn;
    uint8 losers;
    uint40 openedAt;
    uint40 clockStartedAt;
    uint32[2] remainingSeconds;
    uint64 position;
}

/// @title The state of a match in one word, so that a move costs one read and one write.
/// @notice From the low end: phase 1 byte, ending 1, height 1, turn 1, losers 1, openedAt 5, clockStartedAt 5,
/// remainingSeconds 4 and 4, position 8.
library MatchState {
    function pack(State memory state) internal pure returns (uint256 word) {
        word = uint256(state.phase);
        word |= uint256(state.ending) << 8;
        word |= uint256(state.height) << 16;
        word |= uint256(state.turn) << 24;
        word |= uint256(state.losers) << 32;
        word |= uint256(state.openedAt) << 40;
        word |= uint256(state.clockStartedAt) << 80;
        word |= uint256(state.remainingSeconds[0]) << 120;
        word |= uint256(state.remainingSeconds[1]) << 152;
        word |= uint256(state.position) << 184;
    }

    // Every cast takes what {pack} put there.
    // forge-lint: disable-next-item(unsafe-typecast)
    function unpack(uint256 word) internal pure returns (State memory state) {
        state.phase = Phase(uint8(word));
        state.ending = Ending(uint8(word >> 8));
        state.height = uint8(word >> 16);
        state.turn = uint8(word >> 24);
        state.losers = uint8(word >> 32);
        state.openedAt = uint40(word >> 40);
        state.clockStartedAt = uint40(word >> 80);
        state.remainingSeconds = [uint32(word >> 120), uint32(word >> 152)];
        state.position = uint64(word >> 184);
    }
}
