// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Deployment} from "../../src/Deployment.sol";
import {ClaimStatus, Job, JobStatus} from "../../src/interfaces/IJobs.sol";
import {Answer, IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {HelpingStranger} from "../helpers/HelpingStranger.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";
import {HonestPlayer} from "./HonestPlayer.sol";

/// @title Dishonest players who do anything at any time, and after each of their actions the honest one.
contract GameHandler is HonestPlayer {
    using Traces for Trace;

    uint256 private constant MAX_JOBS = 8;
    uint256 private constant MAX_CLAIMS = 20;

    enum Action {
        Request,
        RequestByRoot,
        Submit,
        Challenge,
        Reveal,
        Move,
        Garbage,
        OpenMatch,
        CallTime,
        SettleSameTrace,
        Finalize,
        WalkClaims,
        ReclaimBond,
        Withdraw,
        Demand,
        PostInput,
        Assist,
        Collect,
        GiveUp,
        OtherTrace,
        Stall,
        Wait
    }

    /// @dev How often each is taken, in order.
    bytes private constant WEIGHTS = hex"02010408030c010204040401030202010602010d040a";

    address[6] public actors;
    uint256 public moneyWei;
    HelpingStranger private _helper;
    mapping(uint256 jobId => bool) private _inputLost;

    function setUp() public override {
        super.setUp();
        _helper = new HelpingStranger(matches, refunds);
        actors = [requester, worker, watcher, liar, stranger, address(_helper)];
        vm.fee(3 gwei);
        for (uint256 i = 0; i < actors.length; ++i) {
            moneyWei += actors[i].balance;
        }
        _request(false);
        _request(true);
        _request(false);
        // in the unwatched one two liars are wrong in the same element
        uint256 first = submit(liar, 3, traceOf(1));
        sawWindowBegin(3, 3 hours);
        (uint256 second, uint256 matchId) = challenge(stranger, first, traceOf(7));
        sawMatchBegin(matchId);
        (facts[first], facts[second]) = (Fact(1, true), Fact(7, true));
    }

    function isInputLost(uint256 jobId) internal view override returns (bool) {
        return _inputLost[jobId];
    }

    function theDeployment() external view returns (Deployment) {
        return deployment;
    }

    function outputOfTruth() external view returns (bytes32 outputRoot) {
        return traceOf(0).slotRoot(TinyModel.STEP_COUNT);
    }

    function _sideOf(uint256 seed) private pure returns (uint8) {
        return seed % 2 == 0 ? 0 : 1;
    }

    // ---------------------------------------------------------------- one call of a run

    /// @notice Something dishonest, chosen by `seed`, whether or not it is refused; then the honest player's turn.
    function act(uint256 seed) external {
        Action action = _actionOf(_draw(seed, 0));
        if (action == Action.Wait) {
            _waitUntil(block.timestamp + _waitOf(seed), seed);
            note("wait");
        } else if (action == Action.Stall) {
            _stall(seed);
        } else {
            bool done = _try(abi.encodeCall(this.attempt, (action, seed)));
            if (done) note("dishonest done");
            else note("dishonest refused");
        }
        honestTurn(_draw(seed, 1), block.timestamp);
    }

    function _waitUntil(uint256 until, uint256 seed) private {
        honestTurn(seed, until);
        vm.warp(until);
    }

    /// @dev A call of this contract, so that what is refused leaves nothing behind.
    function _try(bytes memory message) private returns (bool done) {
        bytes memory reason;
        (done, reason) = address(this).call(message);
        // the contracts refuse with errors of their own, and a choice that there is not with none: a sentence is a broken rule
        // forge-lint: disable-next-line(unsafe-typecast)
        if (!done && bytes4(reason) == bytes4(keccak256("Error(string)"))) _fail(reason);
    }

    /// @dev A liar moves in the last second of its clock, or in the one after it, before anybody can call time. Where both sides have
    /// revealed one trace, it calls time when the clock is over.
    function _stall(uint256 seed) private {
        uint256[] memory running = _runningMatches(_draw(seed, 2));
        if (running.length == 0) return _waitUntil(block.timestamp + _waitOf(seed), seed);
        uint256 matchId = running[_draw(seed, 3) % running.length];
        for (uint256 i = 0; i < running.length; ++i) {
            if (haveSameTrace(gameOf(running[i]))) matchId = running[i];
        }
        Match memory game = gameOf(matchId);
        uint8 side = game.phase == Phase.Proof ? _sideOf(seed) : game.turn;
        bool late = haveSameTrace(game) || (seed % 4 == 0 && !isCorrect(game.claims[side]));
        uint256 until = lastSecond(game, side) + (late ? 1 : 0);
        _waitUntil(until > block.timestamp ? until : block.timestamp, seed);
        bool done = _try(abi.encodeCall(this.attemptMove, (matchId, side)));
        if (late && done) note("too late, a proof");
        else if (late) note("too late");
        else if (done) note("stall");
    }

    function attemptMove(uint256 matchId, uint8 side) external {
        require(msg.sender == address(this));
        Match memory game = gameOf(matchId);
        if (haveSameTrace(game)) return callTime(matchId);
        require(isToMove(game, side));
        move(matchId, game, side);
    }

    function _fail(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    function attempt(Action action, uint256 seed) external {
        require(msg.sender == address(this));
        uint256 a = _draw(seed, 2);
        uint256 b = _draw(seed, 3);
        if (action == Action.Request) _request(false);
        else if (action == Action.RequestByRoot) _request(true);
        else if (action == Action.Submit) _submit(a, b);
        else if (action == Action.Challenge) _challenge(a, b);
        else if (action == Action.Reveal) _reveal(a, b);
        else if (action == Action.Move) _moves(a, b);
        else if (action == Action.Garbage) _garbage(a, b);
        else if (action == Action.OpenMatch) _openMatch(a, b);
        else if (action == Action.CallTime) _callTime(a, b);
        else if (action == Action.SettleSameTrace) _settle(a, b);
        else if (action == Action.Finalize) _finalize(_jobToEnd(a), b);
        else if (action == Action.WalkClaims) _walk(a, b);
        else if (action == Action.ReclaimBond) _reclaimAny(a);
        else if (action == Action.Withdraw) _withdraw(actors[a % actors.length]);
        else if (action == Action.Demand) _demand(a, b);
        else if (action == Action.PostInput) _postInput(a);
        else if (action == Action.Assist) _assist(a, b);
        else if (action == Action.Collect) _collect(a, b);
        else if (action == Action.OtherTrace) _moveByOtherTraces(a, b);
        else _giveUp(_openJob(a));
    }

    function _actionOf(uint256 draw) private pure returns (Action) {
        uint256 sum = 0;
        for (uint256 i = 0; i < WEIGHTS.length; ++i) {
            sum += uint8(WEIGHTS[i]);
        }
        uint256 ticket = draw % sum;
        uint256 action = 0;
        while (ticket >= uint8(WEIGHTS[action])) ticket -= uint8(WEIGHTS[action++]);
        return Action(action);
    }

    /// @dev A second, a moment, a good part of a clock, a whole clock and more, or to the last second for the honest player.
    function _waitOf(uint256 seed) private view returns (uint256) {
        uint256 kind = _draw(seed, 4) % 8;
        if (kind == 0) return 1;
        if (kind == 1 && seed % 2 == 0) return CLOCK + 1;
        if (kind == 2) return _draw(seed, 5) % (CLOCK / 5) + 1;
        if (kind < 6 && nextDue > block.timestamp) return nextDue - block.timestamp;
        return CLOCK / 5;
    }

    // ---------------------------------------------------------------- jobs and claims

    function _request(bool byRoot) private {
        require(jobs.jobCount() < MAX_JOBS);
        bytes memory input = TinyModel.input(INPUT_SEED);
        vm.prank(requester);
        if (byRoot) jobs.requestByRoot{value: FEE}(modelId, inputRoot, 4 hours, address(0));
        else jobs.request{value: FEE}(modelId, input, 4 hours, address(0));
        if (byRoot) did("request by root");
        else did("request");
    }

    function _submit(uint256 a, uint256 b) private {
        require(jobs.claimCount() < MAX_CLAIMS);
        uint256 jobId = _openJob(a);
        require(jobs.getJob(jobId).liveClaims == 0 || a % 16 == 0);
        address claimant = _dishonest(a);
        (Fact memory fact, bytes32 seal) = _lie(b, jobId, claimant, 0);
        uint256 claimId = submit(claimant, jobId, traceOf(fact.kind), seal);
        did("submit");
        facts[claimId] = fact;
        sawWindowBegin(jobId, 3 hours);
    }

    function _challenge(uint256 a, uint256 b) private {
        require(jobs.claimCount() < MAX_CLAIMS);
        uint256[] memory live = liveClaims(_openJob(a));
        if (live.length == 0) return _submit(a, b);
        uint256 target = live[a / 7 % live.length];
        address claimant = _dishonest(a);
        (Fact memory fact, bytes32 seal) = _lie(b, jobs.getClaim(target).jobId, claimant, target);
        (uint256 claimId, uint256 matchId) = challenge(claimant, target, traceOf(fact.kind), seal);
        did("challenge");
        sawMatchBegin(matchId);
        require(matches.matchOf(target, claimId) == matchId, "9: a challenge has its match");
        facts[claimId] = fact;
    }

    /// @dev What a claim says: one of the traces, the correct one and a wrong output more often, under its seal; or a seal that opens to nothing,
    /// a copied one, or that of the correct trace beside a wrong output.
    function _lie(uint256 draw, uint256 jobId, address claimant, uint256 target)
        private
        view
        returns (Fact memory fact, bytes32 seal)
    {
        uint256 kind = (draw >> 8) % 10;
        if (draw % 8 == 2) kind = 1;
        bytes32 own = sealOf(jobId, claimant, traceOf(kind % KINDS).root());
        seal = own;
        if (draw % 8 == 0) seal = keccak256("garbage");
        if (draw % 8 == 1 && target != 0) {
            seal = termsOf(target).seal;
            if (jobs.getClaim(target).claimant == claimant) return (facts[target], seal); // it opens as it did there
        }
        if (draw % 8 == 2) seal = sealOf(jobId, claimant, traceOf(0).root());
        fact = Fact(kind % KINDS, seal == own);
    }

    /// @dev Sometimes of another trace than was sealed.
    function _reveal(uint256 a, uint256 b) private {
        uint256[] memory live = liveClaims(_openJob(a));
        uint256 claimId = live[a / 7 % live.length];
        reveal(claimId, traceOf(b % 4 == 0 ? (b >> 8) % KINDS : facts[claimId].kind));
        did("reveal");
    }

    /// @dev One whose window is over and whose input is demanded, where there is one.
    function _jobToEnd(uint256 a) private view returns (uint256) {
        for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
            Job memory job = jobs.getJob(jobId);
            bool isWaiting = job.status == JobStatus.Open && inputs.isOutstanding(jobId);
            if (isWaiting && job.liveClaims != 0 && block.timestamp > job.windowEndsAt) return jobId;
        }
        return _openJob(a);
    }

    function _finalize(uint256 jobId, uint256 b) private {
        uint256[] memory live = liveClaims(jobId);
        // most kinds have the output of kind 0; now and then with the terms of any claim
        bytes memory output = TinyModel.output(traceOf(b % 3 == 0 ? 1 : 0));
        if (b % 2 == 0) _prankOwner(jobId, live);
        if (live.length == 0) finalize(jobId, 0, "");
        else finalize(jobId, b % 5 == 0 ? _pick(b >> 8, jobs.claimCount()) : live[0], output);
        if (live.length == 0) did("void");
        else did("final");
    }

    function _walk(uint256 a, uint256 b) private {
        uint256 jobId = _openJob(a);
        uint256 before = jobs.getJob(jobId).agreedUpTo;
        jobs.walkClaims(jobId, b % 4);
        did("walk claims");
        if (jobs.getJob(jobId).agreedUpTo != before) note("walk past agreeing ones");
    }

    /// @dev Of the first live claim from a random one on whose job has ended.
    function _reclaimAny(uint256 a) private {
        uint256 count = jobs.claimCount();
        for (uint256 i = 0; i < count; ++i) {
            uint256 claimId = _pick(a % 1e9 + i, count);
            if (_isLive(claimId) && jobs.getJob(jobs.getClaim(claimId).jobId).status != JobStatus.Open) {
                return _reclaim(claimId);
            }
        }
        _reclaim(_pick(a, count));
    }

    /// @dev Whoever is paid when the job ends now: it gets its money in that call.
    function _prankOwner(uint256 jobId, uint256[] memory live) private {
        vm.prank(live.length == 0 ? jobs.getJob(jobId).requester : jobs.getClaim(live[0]).claimant);
    }

    function _reclaim(uint256 claimId) private {
        uint256 burnedWei = jobs.burnedWei();
        if (claimId % 2 == 0) vm.prank(jobs.getClaim(claimId).claimant);
        reclaimBond(claimId);
        did("reclaim");
        if (jobs.burnedWei() != burnedWei) note("reclaim of a needless one");
    }

    function _withdraw(address actor) private {
        vm.prank(actor);
        jobs.withdraw();
        did("withdraw");
    }

    // ---------------------------------------------------------------- moving for others

    /// @dev The same moves, by somebody who has its base fees promised.
    function _assist(uint256 a, uint256 b) private {
        vm.fee(b % 40 gwei);
        IMatches real = matches;
        matches = IMatches(address(_helper));
        _moves(a, b);
        matches = real;
        did("assist");
    }

    /// @dev Of the first pair of claims, from a random one on, by which anything is owed.
    function _collect(uint256 a, uint256 b) private {
        uint256 count = jobs.claimCount();
        for (uint256 i = 0; i < count * count; ++i) {
            uint256 pair = (a % 1e9 + i) % (count * count);
            uint256 matchId = matchIdOf(pair / count + 1, pair % count + 1);
            if (refunds.owedWei(matchId, _sideOf(b), address(_helper)) != 0) return _collectOf(matchId, _sideOf(b));
        }
    }

    function _collectOf(uint256 matchId, uint8 side) private {
        uint256 burnedWei = jobs.burnedWei();
        uint256 owedWei = refunds.owedWei(matchId, side, address(_helper));
        refunds.collect(matchId, side, address(_helper));
        assertEq(burnedWei - jobs.burnedWei(), owedWei, "a refund comes out of what was burned");
        assertLe(refunds.promisedWei(matchId, side), BURN, "no more is promised than one bond burns");
        did("collect");
    }

    /// @dev Whatever was promised for moves for a winner against a loser is there to be paid.
    function _collectAll() private {
        uint256 count = jobs.claimCount();
        for (uint256 earlier = 1; earlier <= count; ++earlier) {
            for (uint256 later = earlier + 1; later <= count; ++later) {
                uint256 matchId = matchIdOf(earlier, later);
                if (_hasWon(earlier, later) && refunds.owedWei(matchId, 0, address(_helper)) != 0) {
                    _collectOf(matchId, 0);
                }
                if (_hasWon(later, earlier) && refunds.owedWei(matchId, 1, address(_helper)) != 0) {
                    _collectOf(matchId, 1);
                }
            }
        }
    }

    function _hasWon(uint256 claimId, uint256 other) private view returns (bool) {
        bool isFinal = jobs.getClaim(claimId).status == ClaimStatus.Final;
        return isFinal && jobs.getClaim(other).status == ClaimStatus.Lost;
    }

    // ---------------------------------------------------------------- matches

    /// @dev Up to eight right moves for a side, whoever it belongs to.
    function _moves(uint256 a, uint256 b) private {
        uint256[] memory running = _runningMatches(a);
        if (running.length == 0) return _openMatch(a, b);
        uint256 matchId = running[a / 7 % running.length];
        uint8 side = _sideOf(b);
        for (uint256 i = 0; i <= (b >> 8) % 8; ++i) {
            Match memory game = gameOf(matchId);
            if (!isToMove(game, side)) side = 1 - side;
            if (game.phase == Phase.Over || (game.phase == Phase.Proof && b % 3 == 0)) return;
            move(matchId, game, side);
        }
    }

    /// @dev After some right moves the one that would be right if a side or both had another trace; it is accepted only where it
    /// comes to the same.
    function _moveByOtherTraces(uint256 a, uint256 b) private {
        uint256 matchId = _runningMatch(a);
        Match memory game = gameOf(matchId);
        for (uint256 i = 0; i < (b >> 24) % 5 && game.phase < Phase.Proof; ++i) {
            require(!haveSameTrace(game));
            move(matchId, game, game.turn);
            game = gameOf(matchId);
        }
        require(game.phase != Phase.Over);
        (uint256 kind0, uint256 kind1) = (facts[game.claims[0]].kind, facts[game.claims[1]].kind);
        uint256 sealedKind = game.turn == 0 ? kind0 : kind1;
        if (b % 3 != 0) kind0 = (b >> 8) % KINDS;
        if (b % 3 != 1) kind1 = (b >> 16) % KINDS;
        (Trace memory trace0, Trace memory trace1) = (traceOf(kind0), traceOf(kind1));
        if (game.phase == Phase.Proof || (game.phase == Phase.Leaf && b % 2 == 0)) {
            return prove(matchId, trace0, trace1, traceOf(0));
        }
        if (game.phase == Phase.Leaf) postLeaf(matchId, trace0, trace1);
        else descend(matchId, trace0, trace1);
        sawMove(matchId, game.turn);
        _requireSealed(gameOf(matchId), game.turn == 0 ? trace0 : trace1, traceOf(sealedKind));
        note("another trace, the same move");
    }

    function _requireSealed(Match memory game, Trace memory opened, Trace memory committed) private pure {
        bytes32 node = committed.levels[game.height][game.position];
        require(opened.levels[game.height][game.position] == node, "14: a side opened what it had not sealed");
    }

    function _garbage(uint256 a, uint256 b) private {
        uint256 matchId = _runningMatch(a);
        Match memory game = gameOf(matchId);
        bytes32[] memory children = new bytes32[](game.phase == Phase.Open ? 1 << levelsOf(game.height) : 16);
        children[b % children.length] = bytes32(b);
        Answer memory answer = Answer(b % 16, bytes32(b), new bytes32[](b % 9));
        (uint8 height, uint64 position) = (game.height, game.position);
        bytes[4] memory calls = [
            abi.encodeCall(matches.open, (matchId, children)),
            abi.encodeCall(matches.descend, (matchId, height, position, answer, children)),
            abi.encodeCall(matches.descendToLeaf, (matchId, height, position, answer, new bytes(256))),
            abi.encodeCall(matches.postLeaf, (matchId, position, bytes32(b), new bytes(256)))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool done,) = address(matches).call(calls[i]);
            require(!done, "12: garbage was accepted");
        }
        note("garbage");
    }

    function _openMatch(uint256 a, uint256 b) private {
        uint256[] memory live = liveClaims(_openJob(a));
        if (live.length < 2) return _challenge(a, b);
        uint256 matchId = matches.openMatch(live[a / 7 % live.length], live[b % live.length]);
        did("open match");
        sawMatchBegin(matchId);
    }

    /// @dev Also where both sides have revealed one trace, and nobody has anything to answer.
    function _callTime(uint256 a, uint256 b) private {
        uint256[] memory running = _runningMatches(a);
        for (uint256 i = 0; i < running.length; ++i) {
            Match memory game = gameOf(running[i]);
            bool isIdle = b % 2 == 0 && haveSameTrace(game) && block.timestamp > lastSecond(game, game.turn);
            if (isIdle || _isTimeOver(game)) return callTime(running[i]);
        }
        callTime(matchIdOf(_pick(a, jobs.claimCount()), _pick(a / 7, jobs.claimCount())));
    }

    function _isTimeOver(Match memory game) private view returns (bool) {
        for (uint256 side = 0; side < 2; ++side) {
            if (isToMove(game, side) && block.timestamp > lastSecond(game, side)) return true;
        }
        return false;
    }

    function _settle(uint256 a, uint256 b) private {
        for (uint256 k = 0; k < jobs.jobCount(); ++k) {
            uint256[] memory running = _runningMatches(a % 1e9 + k);
            for (uint256 i = 0; i < running.length; ++i) {
                if (haveSameTrace(gameOf(running[i]))) return _settleMatch(running[i]);
            }
        }
        _moves(a, b);
    }

    function _settleMatch(uint256 matchId) private {
        uint256 burnedWei = jobs.burnedWei();
        settleSameTrace(matchId);
        did("same trace");
        if (jobs.burnedWei() != burnedWei) note("same trace, needless");
    }

    /// @dev The matches of an open job that are not over and not moot.
    function _runningMatches(uint256 a) private view returns (uint256[] memory running) {
        uint256[] memory live = liveClaims(_openJob(a));
        running = new uint256[](live.length * live.length / 2);
        uint256 found = 0;
        for (uint256 i = 0; i < live.length; ++i) {
            for (uint256 k = i + 1; k < live.length; ++k) {
                uint256 matchId = matches.matchOf(live[i], live[k]);
                if (matchId != 0 && gameOf(matchId).phase != Phase.Over) running[found++] = matchId;
            }
        }
        assembly ("memory-safe") {
            mstore(running, found)
        }
    }

    function _runningMatch(uint256 a) private view returns (uint256) {
        uint256[] memory running = _runningMatches(a);
        return running[a / 7 % running.length];
    }

    // ---------------------------------------------------------------- inputs

    function _demand(uint256 a, uint256 b) private {
        uint256 jobId = _openJob(a);
        vm.prank(_dishonest(a));
        inputs.demand{value: STAKE}(jobId, inputRoot);
        did("demand");
        _inputLost[jobId] = b % 2 == 0;
    }

    function _postInput(uint256 a) private {
        uint256 jobId = _openJob(a);
        require(!_inputLost[jobId]);
        vm.prank(_dishonest(a));
        inputs.post(jobId, 0, TinyModel.input(INPUT_SEED), new bytes32[](0));
        did("post input");
        sawWindowBegin(jobId, 3 hours);
    }

    function _giveUp(uint256 jobId) private {
        inputs.giveUp(jobId);
        did("give up");
    }

    // ---------------------------------------------------------------- everyone leaves

    /// @notice Nobody does anything dishonest any more: time passes, anyone ends what can be ended, and everyone takes what
    /// is theirs. After this no job may be open and nothing owed.
    function windUp() external {
        for (uint256 round = 0; round < 4; ++round) {
            uint256 until = block.timestamp + 2 * uint256(CLOCK) + 1;
            honestTurn(round, until);
            vm.warp(until);
            honestTurn(round, until);
            for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
                if (jobs.getJob(jobId).status == JobStatus.Open) _endUnwatched(jobId, round);
            }
        }
        for (uint256 claimId = 1; claimId <= jobs.claimCount(); ++claimId) {
            if (jobs.getClaim(claimId).status == ClaimStatus.Live) _reclaim(claimId);
        }
        _collectAll();
        for (uint256 i = 0; i < actors.length; ++i) {
            if (jobs.creditOf(actors[i]) != 0) _withdraw(actors[i]);
        }
    }

    /// @dev In the first round all live claims are matched, in the next time is called on whoever did not move.
    function _endUnwatched(uint256 jobId, uint256 round) private {
        if (inputs.isOutstanding(jobId)) return _giveUp(jobId);
        uint256[] memory live = liveClaims(jobId);
        for (uint256 i = 0; i < live.length; ++i) {
            for (uint256 k = i + 1; k < live.length; ++k) {
                if (!_isLive(live[i]) || !_isLive(live[k])) continue;
                uint256 matchId = matches.matchOf(live[i], live[k]);
                if (matchId != 0) _endMatch(matchId);
                else if (!_agree(live[i], live[k])) sawMatchBegin(matches.openMatch(live[i], live[k]));
            }
        }
        Job memory job = jobs.getJob(jobId);
        if (round == 0 || block.timestamp <= job.windowEndsAt || block.timestamp <= job.claimBy) return;
        live = liveClaims(jobId);
        if (jobId % 2 == 0) _prankOwner(jobId, live);
        if (live.length == 0) finalize(jobId, 0, "");
        else finalize(jobId, live[0], TinyModel.output(traceOf(facts[live[0]].kind)));
        if (live.length == 0) did("void");
        else did("final");
    }

    function _agree(uint256 claimIdA, uint256 claimIdB) private view returns (bool) {
        bytes32 traceRoot = matches.traceRootOf(claimIdA);
        return traceRoot != 0 && traceRoot == matches.traceRootOf(claimIdB);
    }

    function _isLive(uint256 claimId) private view returns (bool) {
        return jobs.getClaim(claimId).status == ClaimStatus.Live;
    }

    function _endMatch(uint256 matchId) private {
        if (_isTimeOver(gameOf(matchId))) callTime(matchId);
    }

    // ---------------------------------------------------------------- choices

    function _dishonest(uint256 draw) private view returns (address) {
        return draw % 3 == 0 ? liar : draw % 3 == 1 ? stranger : worker;
    }

    /// @dev The first open job from a random one on; the random one when none is open.
    function _openJob(uint256 draw) private view returns (uint256) {
        uint256 count = jobs.jobCount();
        for (uint256 i = 0; i < count; ++i) {
            uint256 jobId = _pick(draw % 1e9 + i, count);
            if (jobs.getJob(jobId).status == JobStatus.Open) return jobId;
        }
        return _pick(draw, count);
    }

    /// @dev An id, 1 to `count`.
    function _pick(uint256 draw, uint256 count) private pure returns (uint256) {
        return draw % count + 1;
    }

    function _draw(uint256 seed, uint256 nth) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, nth)));
    }
}
