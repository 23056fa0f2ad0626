// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Deployment} from "../../src/Deployment.sol";
import {Demand} from "../../src/interfaces/IInputs.sol";
import {Claim, ClaimStatus, Job, JobStatus, Parameters} from "../../src/interfaces/IJobs.sol";
import {Match, Phase} from "../../src/interfaces/IMatches.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @title Dishonest players who do anything at any time, and one honest one who answers after each of their actions.
/// @notice The honest player ("watcher") holds the correct trace. It challenges a job's live claims when no correct one is
/// among them, moves for every correct claim whoever posted it, calls time, and posts inputs that are demanded. No action
/// lets more than an eighth of a clock pass, so it is always in time: with five moves a match it uses five eighths at most.
contract GameHandler is BaseTest {
    using Traces for Trace;

    uint256 private constant MAX_JOBS = 3;
    uint256 private constant MAX_CLAIMS = 12;
    uint256 private constant KINDS = 7;

    /// @dev What a claim's seal opens to: kind 0 is the correct trace; a claim that does not open has garbage for a seal.
    struct Fact {
        uint256 kind;
        bool opens;
    }

    mapping(uint256 claimId => Fact) public facts;
    address[5] public actors;
    uint256 public moneyWei;
    mapping(uint256 jobId => bool) public isLost;
    mapping(bytes32 what => uint256) public count;

    modifier thenHonest() {
        _;
        _honestTurn();
    }

    /// @dev Short periods, so that some tens of actions see jobs end; still several of the longest wait.
    function testParameters() internal pure override returns (Parameters memory parameters) {
        parameters = super.testParameters();
        parameters.challengeWindowSeconds = 3 hours;
        parameters.inputDemandSeconds = 3 hours;
    }

    function setUp() public override {
        super.setUp();
        actors = [requester, worker, watcher, liar, stranger];
        for (uint256 i = 0; i < actors.length; ++i) {
            moneyWei += actors[i].balance;
        }
    }

    // ---------------------------------------------------------------- what claims are

    /// @dev Kind 0 is the correct trace; the others have one wrong byte each, in every kind of place.
    function traceOf(uint256 kind) public pure returns (Trace memory trace) {
        trace = TinyModel.unhashedTrace(INPUT_SEED);
        if (kind == 1) trace.patch(16, 3, 0x01); // the output
        if (kind == 2) trace.patch(0, 0, 0x40); // the input
        if (kind == 3) trace.patch(5, 43, 0x01); // step 1, its last element
        if (kind == 4) trace.patch(8, 149, 0x80); // step 2
        if (kind == 5) trace.patch(14, 255, 0xff); // beyond a tensor's end
        if (kind == 6) trace.patch(31, 255, 0x01); // no slot
        trace.rehash();
    }

    function isCorrect(uint256 claimId) public view returns (bool) {
        return facts[claimId].kind == 0 && facts[claimId].opens;
    }

    function theDeployment() external view returns (Deployment) {
        return deployment;
    }

    function traceRoot(uint256 kind) external pure returns (bytes32) {
        return traceOf(kind).root();
    }

    function trueOutputRoot() external pure returns (bytes32) {
        return honestTrace().slotRoot(TinyModel.STEP_COUNT);
    }

    // ---------------------------------------------------------------- actions of the dishonest

    function requestJob(bool byRoot) external thenHonest {
        if (jobs.jobCount() >= MAX_JOBS) return;
        bytes memory input = TinyModel.input(INPUT_SEED);
        vm.prank(requester);
        if (byRoot) jobs.requestByRoot{value: FEE}(modelId, inputRoot, 4 hours, address(0));
        else jobs.request{value: FEE}(modelId, input, 4 hours, address(0));
    }

    function postFirstClaim(uint256 actor, uint256 job, uint256 kind, bool garbageSeal) external thenHonest {
        if (jobs.jobCount() == 0 || jobs.claimCount() >= MAX_CLAIMS) return;
        uint256 jobId = _jobId(job);
        if (jobs.getJob(jobId).liveClaims != 0 || block.timestamp > jobs.getJob(jobId).claimBy) return;
        kind = kind % 9 < KINDS ? kind % 9 : 0; // the correct one more often
        garbageSeal = garbageSeal && kind % 2 == 1;
        Trace memory trace = traceOf(kind);
        address claimant = _dishonest(actor);
        bytes32 seal = garbageSeal ? keccak256("garbage") : sealOf(jobId, claimant, trace.root());
        facts[submit(claimant, jobId, trace, seal)] = Fact(kind, !garbageSeal);
    }

    function postChallenge(uint256 actor, uint256 claim, uint256 kind, bool garbageSeal) external thenHonest {
        if (jobs.claimCount() == 0 || jobs.claimCount() >= MAX_CLAIMS) return;
        uint256 target = _claimId(claim);
        if (jobs.getClaim(target).status != ClaimStatus.Live) return;
        uint256 jobId = jobs.getClaim(target).jobId;
        if (block.timestamp > jobs.getJob(jobId).windowEndsAt) return;
        kind = kind % 9 < KINDS ? kind % 9 : 0; // the correct one more often
        garbageSeal = garbageSeal && kind % 2 == 1;
        Trace memory trace = traceOf(kind);
        address claimant = _dishonest(actor);
        bytes32 seal = garbageSeal ? keccak256("garbage") : sealOf(jobId, claimant, trace.root());
        (uint256 claimId,) = challenge(claimant, target, trace, seal);
        facts[claimId] = Fact(kind, !garbageSeal);
    }

    function revealClaim(uint256 claim) external thenHonest {
        if (jobs.claimCount() == 0) return;
        reveal(_claimId(claim), traceOf(facts[_claimId(claim)].kind));
    }

    /// @dev The right moves for a side, whoever it belongs to, until `moves` are made.
    function moveForSide(uint256 match_, uint8 side, uint256 moves) external thenHonest {
        if (matches.matchCount() == 0) return;
        for (uint256 i = 0; i <= moves % 6; ++i) {
            _move(_matchId(match_), side % 2);
            _honestTurn();
        }
    }

    function moveGarbage(uint256 match_, uint256 junk) external thenHonest {
        if (matches.matchCount() == 0) return;
        uint256 matchId = _matchId(match_);
        Match memory game = matches.getMatch(matchId);
        bytes32[] memory children = new bytes32[](1 << levelsOf(game.height));
        children[junk % children.length] = bytes32(junk);
        try matches.descend(matchId, game.height, game.position, children, new bytes32[](0)) {
            revert("garbage was accepted");
        } catch {}
        try matches.postLeaf(matchId, uint8(junk % 2), game.position, new bytes(256)) {
            ++count["leaves of zeros"]; // kind 6 against the truth: the true leaf is all zeros
        } catch {}
    }

    function openMatch(uint256 claimA, uint256 claimB) external thenHonest {
        if (jobs.claimCount() == 0) return;
        matches.openMatch(_claimId(claimA), _claimId(claimB));
    }

    /// @dev On the first match from `match_` on that lets it; the same for the next two.
    function callTime(uint256 match_) external thenHonest {
        for (uint256 i = 0; i < matches.matchCount(); ++i) {
            try matches.callTime(_matchId(match_ % 1e9 + i)) {
                ++count["time called by a liar"];
                return;
            } catch {}
        }
    }

    function settleSameTrace(uint256 match_) external thenHonest {
        for (uint256 i = 0; i < matches.matchCount(); ++i) {
            try matches.settleSameTrace(_matchId(match_ % 1e9 + i)) {
                ++count["same trace"];
                return;
            } catch {}
        }
    }

    function reclaimBond(uint256 claim) external thenHonest {
        for (uint256 i = 0; i < jobs.claimCount(); ++i) {
            try jobs.reclaimBond(_claimId(claim % 1e9 + i)) {
                ++count["reclaimed"];
                return;
            } catch {}
        }
    }

    function finalize(uint256 job, uint256 kind) external thenHonest {
        if (jobs.jobCount() == 0) return;
        uint256 jobId = _jobId(job);
        bool none = jobs.getJob(jobId).liveClaims == 0;
        jobs.finalize(jobId, none ? bytes("") : TinyModel.output(traceOf(kind % 2)));
        ++count[none ? bytes32("void") : bytes32("final")];
    }

    function skipDeadClaims(uint256 job, uint256 steps) external thenHonest {
        if (jobs.jobCount() == 0) return;
        jobs.skipDeadClaims(_jobId(job), steps % 4);
    }

    function withdraw(uint256 actor) external thenHonest {
        vm.prank(actors[actor % actors.length]);
        jobs.withdraw();
    }

    /// @param lost Nobody has the input, not the honest player either.
    function demand(uint256 actor, uint256 job, bool lost) external thenHonest {
        if (jobs.jobCount() == 0) return;
        uint256 jobId = _jobId(job);
        vm.prank(_dishonest(actor));
        inputs.demand{value: STAKE}(jobId, inputRoot);
        isLost[jobId] = lost;
        ++count["demanded"];
    }

    function giveUp(uint256 job) external thenHonest {
        if (jobs.jobCount() == 0) return;
        inputs.giveUp(_jobId(job));
        ++count["given up"];
    }

    function wait_(uint256 seconds_) external thenHonest {
        vm.warp(block.timestamp + CLOCK / 8 - (seconds_ % 4 == 0 ? seconds_ % (CLOCK / 8) : 0));
    }

    // ---------------------------------------------------------------- the honest player

    function _honestTurn() private {
        for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
            Job memory job = jobs.getJob(jobId);
            if (job.status != JobStatus.Open) continue;
            if (job.byRoot && inputs.isOutstanding(jobId)) _postInput(jobId);
            if (job.liveClaims == 0) continue;
            (uint256[] memory live, bool hasCorrect) = _liveClaims(jobId, job);
            if (!hasCorrect && block.timestamp <= job.windowEndsAt) {
                (uint256 claimId,) = challenge(watcher, live[0], honestTrace());
                facts[claimId] = Fact(0, true);
                (live,) = _liveClaims(jobId, jobs.getJob(jobId));
                ++count["challenged"];
            }
            _defend(live);
        }
    }

    function _postInput(uint256 jobId) private {
        if (isLost[jobId] || block.timestamp > inputs.demandOf(jobId).demandedAt + 3 hours) return;
        vm.prank(watcher);
        inputs.post(jobId, 0, TinyModel.input(INPUT_SEED), new bytes32[](0));
    }

    function _liveClaims(uint256 jobId, Job memory job) private view returns (uint256[] memory live, bool hasCorrect) {
        live = new uint256[](job.liveClaims);
        uint256 found = 0;
        for (uint256 claimId = job.firstClaim; claimId != 0; claimId = jobs.getClaim(claimId).next) {
            if (jobs.getClaim(claimId).status != ClaimStatus.Live) continue;
            require(jobs.getClaim(claimId).jobId == jobId, "another job's claim in the list");
            live[found++] = claimId;
            hasCorrect = hasCorrect || isCorrect(claimId);
        }
        require(found == live.length, "a live claim is not in the list");
    }

    /// @dev Every correct claim against every other one; two correct ones only have to be revealed.
    function _defend(uint256[] memory live) private {
        for (uint256 i = 0; i < live.length; ++i) {
            if (!isCorrect(live[i])) continue;
            for (uint256 k = 0; k < live.length; ++k) {
                if (k == i || !_isLive(live[k]) || !_isLive(live[i])) continue;
                if (jobs.getClaim(live[i]).revealedAt == 0) reveal(live[i], honestTrace());
                if (isCorrect(live[k])) continue;
                uint256 matchId = matches.matchOf(live[i], live[k]);
                if (matchId == 0) matchId = matches.openMatch(live[i], live[k]);
                _play(matchId, live[i] < live[k] ? 0 : 1);
            }
        }
    }

    function _isLive(uint256 claimId) private view returns (bool) {
        return jobs.getClaim(claimId).status == ClaimStatus.Live;
    }

    function _play(uint256 matchId, uint8 side) private {
        while (matches.getMatch(matchId).phase != Phase.Over && _isToMove(matches.getMatch(matchId), side)) {
            _move(matchId, side);
        }
        if (matches.getMatch(matchId).phase == Phase.Over) return;
        try matches.callTime(matchId) {
            ++count["time called"];
        } catch {}
    }

    function _isToMove(Match memory game, uint8 side) private view returns (bool) {
        if (game.phase == Phase.Reveal) return jobs.getClaim(game.claims[side]).revealedAt == 0;
        if (game.phase == Phase.Descend) return game.turn == side;
        if (game.phase == Phase.Leaf) return game.leafPosted >> side & 1 == 0;
        return true;
    }

    function _move(uint256 matchId, uint8 side) private {
        Match memory game = matches.getMatch(matchId);
        if (game.phase == Phase.Over || !_isToMove(game, side)) return;
        Trace memory trace0 = traceOf(facts[game.claims[0]].kind);
        Trace memory trace1 = traceOf(facts[game.claims[1]].kind);
        if (game.phase == Phase.Reveal) reveal(game.claims[side], side == 0 ? trace0 : trace1);
        if (game.phase == Phase.Descend) descend(matchId, trace0, trace1);
        if (game.phase == Phase.Leaf) postLeaf(matchId, side, side == 0 ? trace0 : trace1);
        if (game.phase == Phase.Proof) {
            prove(matchId, trace0, trace1, honestTrace());
            ++count["proved"];
        }
    }

    // ---------------------------------------------------------------- choices

    function _dishonest(uint256 seed) private view returns (address) {
        return seed % 3 == 0 ? liar : seed % 3 == 1 ? stranger : worker;
    }

    function _jobId(uint256 seed) private view returns (uint256) {
        return seed % jobs.jobCount() + 1;
    }

    function _claimId(uint256 seed) private view returns (uint256) {
        return seed % jobs.claimCount() + 1;
    }

    function _matchId(uint256 seed) private view returns (uint256) {
        return seed % matches.matchCount() + 1;
    }

    // ---------------------------------------------------------------- for the invariants

    function stakesWei() external view returns (uint256 sum) {
        for (uint256 jobId = 1; jobId <= jobs.jobCount(); ++jobId) {
            Demand memory demanded = inputs.demandOf(jobId);
            bool held = demanded.demandedAt != 0 && !demanded.complete && jobs.getJob(jobId).status == JobStatus.Open;
            if (held) sum += STAKE; // one chunk: nothing of it is paid before it is complete
        }
    }
}
