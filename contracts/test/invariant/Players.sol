// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {Match, Phase} from "../../src/interfaces/IMatches.sol";
import {Parameters} from "../../src/interfaces/IJobs.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";
import {Referee} from "./Referee.sol";

/// @title What holds for the runs as a whole.
library GameRules {
    /// @notice Every third job is left to the dishonest: there only the money must be right.
    function isWatched(uint256 jobId) internal pure returns (bool) {
        return jobId % 3 != 0;
    }
}

/// @title What every player of the invariant runs can do, and the tally of what was done.
/// @notice Whoever plays, plays one of KINDS traces, made once: kind 0 is the correct one.
abstract contract Players is BaseTest, Referee {
    using Traces for Trace;

    uint256 internal constant KINDS = 8;
    /// @dev No call of any player may use more, whatever happened before. Two thirds more than the costliest: a step's proof.
    uint256 internal constant MAX_CALL_GAS = 400_000;

    /// @param kind The trace its claimant holds.
    /// @param opens Its seal is that trace's; others are garbage, copies, or of a trace with another output.
    struct Fact {
        uint256 kind;
        bool opens;
    }

    /// @dev Where two traces first differ, among the nodes of one level, and the hash of both nodes there.
    struct Place {
        uint256 position;
        bytes32 nodesHash;
    }

    mapping(uint256 claimId => Fact) internal facts;
    mapping(bytes32 what => uint256) public tally;
    address[KINDS] private _traces;
    bytes32[KINDS] private _roots;
    mapping(uint256 height => mapping(uint256 kind0 => mapping(uint256 kind1 => Place))) private _places;

    constructor() Referee(CLOCK) {}

    /// @dev Short periods, so that some tens of actions see jobs end; still several of the longest wait.
    function testParameters() internal pure override returns (Parameters memory parameters) {
        parameters = super.testParameters();
        parameters.challengeWindowSeconds = 3 hours;
        parameters.inputDemandSeconds = 5 hours; // a demand outlives the window
    }

    function setUp() public virtual override {
        super.setUp();
        Trace[] memory traces = new Trace[](KINDS);
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            traces[kind] = _make(kind);
            _roots[kind] = traces[kind].root();
            _traces[kind] = SSTORE2.write(abi.encode(traces[kind]));
        }
        for (uint256 pair = 0; pair < KINDS * KINDS; ++pair) {
            (uint256 kind0, uint256 kind1) = (pair / KINDS, pair % KINDS);
            if (kind0 == kind1) continue;
            for (uint256 height = 0; height < TinyModel.DEPTH; ++height) {
                _places[height][kind0][kind1] =
                    _firstDifference(traces[kind0].levels[height], traces[kind1].levels[height]);
            }
        }
    }

    function _firstDifference(bytes32[] memory level0, bytes32[] memory level1) private pure returns (Place memory) {
        uint256 position = 0;
        while (level0[position] == level1[position]) ++position;
        return Place(position, keccak256(abi.encode(level0[position], level1[position])));
    }

    /// @notice Where a match between these claims stands when it is at `height`.
    function placeOf(uint256 claimId0, uint256 claimId1, uint256 height) external view returns (Place memory) {
        return _places[height][facts[claimId0].kind][facts[claimId1].kind];
    }

    /// @notice The one trace root that a claim can reveal; 0 when there is none.
    function sealedRootOf(uint256 claimId) external view returns (bytes32) {
        return facts[claimId].opens ? _roots[facts[claimId].kind] : bytes32(0);
    }

    function saidOutputRootOf(uint256 claimId) external view returns (bytes32) {
        return termsOf(claimId).outputRoot;
    }

    /// @dev A wrong trace has one wrong byte, in one of every kind of place. Kinds 1 and 7 are wrong in the same element.
    function _make(uint256 kind) private pure returns (Trace memory trace) {
        trace = TinyModel.unhashedTrace(INPUT_SEED);
        if (kind == 1) trace.patch(16, 3, 0x01); // the output
        if (kind == 2) trace.patch(0, 0, 0x40); // the input
        if (kind == 3) trace.patch(5, 43, 0x01); // step 1, its last element
        if (kind == 4) trace.patch(8, 149, 0x80); // step 2
        if (kind == 5) trace.patch(14, 255, 0xff); // beyond a tensor's end
        if (kind == 6) trace.patch(31, 255, 0x01); // no slot
        if (kind == 7) trace.patch(16, 3, 0x02); // the output, another value
        trace.rehash();
    }

    function traceOf(uint256 kind) internal view returns (Trace memory) {
        return abi.decode(SSTORE2.read(_traces[kind]), (Trace));
    }

    function isCorrect(uint256 claimId) public view returns (bool) {
        return facts[claimId].opens && facts[claimId].kind == 0;
    }

    /// @notice {isCorrect} of every claim, by its id.
    function correctness() external view returns (bool[] memory list) {
        list = new bool[](jobs.claimCount() + 1);
        for (uint256 claimId = 1; claimId < list.length; ++claimId) {
            list[claimId] = isCorrect(claimId);
        }
    }

    // ---------------------------------------------------------------- a match

    function gameOf(uint256 matchId) internal view returns (Match memory) {
        return matches.getMatch(matchId);
    }

    function isToMove(Match memory game, uint256 side) internal view returns (bool) {
        if (game.phase == Phase.Over || haveSameTrace(game)) return false;
        return game.phase == Phase.Proof || game.turn == side;
    }

    /// @dev Both have revealed one trace: nobody has anything to move.
    function haveSameTrace(Match memory game) internal view returns (bool) {
        bytes32 traceRoot = matches.traceRootOf(game.claims[0]);
        return traceRoot != 0 && traceRoot == matches.traceRootOf(game.claims[1]);
    }

    /// @dev The last second in which a side that is to move may do so.
    function lastSecond(Match memory game, uint256 side) internal pure returns (uint256) {
        return uint256(game.clockStartedAt) + game.remainingSeconds[side];
    }

    /// @dev The one right move of a side that is to move, with the reveal that it may need. Who is right proves at once.
    function move(uint256 matchId, Match memory game, uint8 side) internal {
        (Trace memory trace0, Trace memory trace1) =
            (traceOf(facts[game.claims[0]].kind), traceOf(facts[game.claims[1]].kind));
        uint256 own = game.claims[side];
        if (matches.traceRootOf(own) == 0) {
            reveal(own, side == 0 ? trace0 : trace1);
            did("reveal");
            if (haveSameTrace(game)) return;
        }
        if (game.phase == Phase.Open) {
            descend(matchId, trace0, trace1);
            did("open");
            sawMove(matchId, game.turn);
        } else if (game.phase == Phase.Descend) {
            descend(matchId, trace0, trace1);
            if (game.height == levelsOf(game.height)) did("descend to leaf");
            else did("descend");
            sawMove(matchId, game.turn);
        } else if (game.phase == Phase.Leaf && facts[own].kind != 0) {
            postLeaf(matchId, trace0, trace1);
            did("post leaf");
            sawMove(matchId, game.turn);
        } else {
            prove(matchId, trace0, trace1, traceOf(0));
            _didProve(game);
        }
    }

    function _didProve(Match memory game) private {
        uint256 slot = game.position >> TinyModel.TENSOR_DEPTH;
        if (slot == 0) did("prove input");
        else if (slot > TinyModel.STEP_COUNT) did("prove padding");
        else did("prove step");
        if (game.phase == Phase.Leaf) note("prove without the leaf");
        if (gameOf(matchIdOf(game.claims[0], game.claims[1])).losers == 3) note("both lose by proof");
    }

    function callTime(uint256 matchId) internal {
        Phase phase = gameOf(matchId).phase;
        matches.callTime(matchId);
        if (phase == Phase.Open) did("time in open");
        else if (phase == Phase.Descend) did("time in descend");
        else if (phase == Phase.Leaf) did("time in leaf");
        else did("time in proof");
        if (gameOf(matchId).losers == 3) note("both lose by time");
    }

    // ---------------------------------------------------------------- the tally

    /// @dev After a call of a contract that was not refused, before any other call.
    function did(bytes32 what) internal {
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        require(gas <= MAX_CALL_GAS, "11: a call used more gas than any may");
        if (gas > tally["most gas"]) tally["most gas"] = gas;
        ++tally["contract calls"];
        note(what);
    }

    function note(bytes32 what) internal {
        ++tally[what];
    }
}
