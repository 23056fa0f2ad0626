// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {Deployment} from "../../src/Deployment.sol";
import {IInputs} from "../../src/interfaces/IInputs.sol";
import {ClaimStatus, IJobs, Job, JobStatus, Parameters, Target, Terms} from "../../src/interfaces/IJobs.sol";
import {Answer, Ending, IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {IModelRegistry, Provenance} from "../../src/interfaces/IModelRegistry.sol";
import {IRefunds} from "../../src/interfaces/IRefunds.sol";
import {Opening} from "../../src/interfaces/IStepVerifier.sol";
import {GasSnapshot} from "./GasSnapshot.sol";
import {TinyModel} from "./TinyModel.sol";
import {Trace, Traces} from "./Trace.sol";

/// @title One deployment, a tiny registered model, actors with money, and moves that read as a game.
/// @notice A test's clock starts at second 1,000,000. Traces are values: a liar's is a patched honest one.
abstract contract BaseTest is Test {
    using Traces for Trace;

    uint256 internal constant INPUT_SEED = 7;
    uint32 internal constant WINDOW = 1 days;
    uint32 internal constant CLOCK = 6 hours;
    uint32 internal constant DEMAND = 2 days;
    uint32 internal constant CLAIM_SECONDS = 3 days;
    uint128 internal constant BOND = 0.05 ether;
    uint128 internal constant STAKE = 0.02 ether;
    uint256 internal constant FEE = 0.01 ether;
    uint256 internal constant BURN = BOND / 5;

    address internal requester = makeAddr("requester");
    address internal worker = makeAddr("worker");
    address internal watcher = makeAddr("watcher");
    address internal liar = makeAddr("liar");
    address internal stranger = makeAddr("stranger");

    Deployment internal deployment;
    IJobs internal jobs;
    IMatches internal matches;
    IInputs internal inputs;
    IRefunds internal refunds;
    IModelRegistry internal registry;
    bytes32 internal modelId;
    bytes32 internal inputRoot;

    /// @dev What the claims said, and each job's first claim: what a party reads in the events.
    mapping(uint256 claimId => Terms) private _terms;
    mapping(uint256 jobId => uint256) private _firstClaim;

    function setUp() public virtual {
        vm.warp(1_000_000);
        deployment = deploy(testParameters());
        (jobs, matches, inputs) = (deployment.jobs(), deployment.matches(), deployment.inputs());
        (registry, refunds) = (deployment.registry(), deployment.refunds());
        modelId = registry.register(TinyModel.model(), Provenance(0, 0, ""));
        inputRoot = honestTrace().slotRoot(0);
        address[5] memory actors = [requester, worker, watcher, liar, stranger];
        for (uint256 i = 0; i < actors.length; ++i) {
            vm.deal(actors[i], 100 ether);
        }
    }

    function testParameters() internal pure virtual returns (Parameters memory) {
        return Parameters({
            challengeWindowSeconds: WINDOW,
            clockSeconds: CLOCK,
            inputDemandSeconds: DEMAND,
            callbackGas: 200_000,
            maxInputBytes: 32 * 1024,
            maxOutputBytes: 4 * 1024,
            burnBps: 2_000,
            bondWei: BOND,
            inputDemandWei: STAKE,
            refundGasPriceWei: 20 gwei
        });
    }

    /// @dev As og does it: the verifier, then the rest, salt 0 and the init code, sent to the deterministic CREATE2 proxy.
    function deploy(Parameters memory parameters) internal returns (Deployment) {
        bytes memory verifierCode = vm.getCode("StepVerifier.sol:StepVerifier");
        address verifier = vm.computeCreate2Address(bytes32(0), keccak256(verifierCode), CREATE2_FACTORY);
        if (verifier.code.length == 0) create2(verifierCode);
        bytes memory initCode = vm.getCode("Deployment.sol:Deployment");
        return Deployment(create2(bytes.concat(initCode, abi.encode(parameters, verifier))));
    }

    /// @dev forge has the proxy.
    function create2(bytes memory initCode) private returns (address) {
        (bool success, bytes memory created) = CREATE2_FACTORY.call(bytes.concat(bytes32(0), initCode));
        if (!success) {
            assembly ("memory-safe") {
                revert(add(created, 0x20), mload(created))
            }
        }
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(bytes20(created)); // the proxy answers with these 20 bytes
    }

    // ---------------------------------------------------------------- traces

    function honestTrace() internal pure returns (Trace memory) {
        return TinyModel.honestTrace(INPUT_SEED);
    }

    /// @dev The honest trace with one byte changed.
    function lyingTrace(uint256 leaf, uint256 at) internal pure returns (Trace memory trace) {
        trace = TinyModel.unhashedTrace(INPUT_SEED);
        trace.patch(leaf, at, 0x01);
        trace.rehash();
    }

    /// @dev A lie in the output, in element 0.
    function lyingTrace() internal pure returns (Trace memory) {
        return lyingTrace(TinyModel.STEP_COUNT << TinyModel.TENSOR_DEPTH, 3);
    }

    /// @dev What a claim posts of its output.
    function postedOutput(Trace memory trace) internal pure virtual returns (bytes memory) {
        return TinyModel.output(trace);
    }

    // ---------------------------------------------------------------- requests and claims

    function request() internal returns (uint256 jobId) {
        return request(address(0));
    }

    function request(address consumer) internal returns (uint256 jobId) {
        vm.prank(requester);
        return jobs.request{value: FEE}(modelId, TinyModel.input(INPUT_SEED), CLAIM_SECONDS, consumer);
    }

    function requestByRoot() internal returns (uint256 jobId) {
        vm.prank(requester);
        return jobs.requestByRoot{value: FEE}(modelId, inputRoot, CLAIM_SECONDS, address(0));
    }

    function sealOf(uint256 jobId, address claimant, bytes32 traceRoot) internal view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(keccak256("og.seal.v1"), block.chainid, address(jobs)));
        return keccak256(abi.encode(domain, jobId, claimant, traceRoot));
    }

    function submit(address claimant, uint256 jobId, Trace memory trace) internal returns (uint256 claimId) {
        return submit(claimant, jobId, trace, sealOf(jobId, claimant, trace.root()));
    }

    function submit(address claimant, uint256 jobId, Trace memory trace, bytes32 seal)
        internal
        returns (uint256 claimId)
    {
        bytes32 outputRoot = trace.slotRoot(TinyModel.STEP_COUNT);
        vm.prank(claimant);
        claimId = jobs.submit{value: BOND}(jobId, modelId, inputRoot, seal, outputRoot, postedOutput(trace));
        _terms[claimId] = Terms(seal, outputRoot, 0);
        _firstClaim[jobId] = claimId;
    }

    /// @dev The terms of a claim that this contract's helpers posted.
    function termsOf(uint256 claimId) internal view returns (Terms memory) {
        return _terms[claimId];
    }

    function targetOf(uint256 claimId) internal view returns (Target memory) {
        Job memory job = jobs.getJob(jobs.getClaim(claimId).jobId);
        return Target(claimId, job.modelId, job.inputRoot, _terms[claimId]);
    }

    function challenge(address claimant, uint256 targetClaimId, Trace memory trace)
        internal
        returns (uint256 claimId, uint256 matchId)
    {
        bytes32 seal = sealOf(jobs.getClaim(targetClaimId).jobId, claimant, trace.root());
        return challenge(claimant, targetClaimId, trace, seal);
    }

    function challenge(address claimant, uint256 targetClaimId, Trace memory trace, bytes32 seal)
        internal
        returns (uint256 claimId, uint256 matchId)
    {
        Target memory target = targetOf(targetClaimId);
        bytes32 outputRoot = trace.slotRoot(TinyModel.STEP_COUNT);
        vm.prank(claimant);
        (claimId, matchId) = jobs.challenge{value: BOND}(target, seal, outputRoot, postedOutput(trace));
        _terms[claimId] = Terms(seal, outputRoot, targetClaimId);
    }

    function reveal(uint256 claimId, Trace memory trace) internal {
        matches.reveal(claimId, _terms[claimId], trace.root(), trace.slotProof(TinyModel.STEP_COUNT));
    }

    /// @dev With the terms of the job's first claim.
    function finalize(uint256 jobId, bytes memory output) internal {
        jobs.finalize(jobId, _terms[_firstClaim[jobId]], output);
    }

    function finalize(uint256 jobId, uint256 winner, bytes memory output) internal {
        jobs.finalize(jobId, _terms[winner], output);
    }

    function reclaimBond(uint256 claimId) internal {
        jobs.reclaimBond(claimId, _terms[claimId]);
    }

    function settleSameTrace(uint256 matchId) internal {
        matches.settleSameTrace(matchId, _terms[matchId & type(uint64).max]);
    }

    /// @dev Makes a live claim lose, as a match would.
    function lose(uint256 claimId) internal {
        vm.prank(address(matches));
        jobs.endMatch(claimId, claimId, 1);
    }

    // ---------------------------------------------------------------- moves

    function levelsOf(uint256 height) internal pure returns (uint256) {
        return height % 4 == 0 ? 4 : height % 4;
    }

    function matchIdOf(uint256 claimId0, uint256 claimId1) internal pure returns (uint256) {
        return (claimId0 << 64) | claimId1;
    }

    /// @dev The move of the side whose turn it is, down to its leaf; the sender does not matter.
    function descend(uint256 matchId, Trace memory trace0, Trace memory trace1) internal {
        Match memory game = matches.getMatch(matchId);
        Trace memory own = game.turn == 0 ? trace0 : trace1;
        uint256 levels = levelsOf(game.height);
        if (game.phase == Phase.Open) {
            matches.open(matchId, own.children(game.height, 0, levels));
            return;
        }
        Answer memory answer = trace0.answer(trace1, game.turn, game.height, game.position, levels);
        uint256 position = (uint256(game.position) << levels) + answer.index;
        uint256 height = game.height - levels;
        if (height == 0) {
            matches.descendToLeaf(matchId, game.height, game.position, answer, own.leaves[position]);
        } else {
            bytes32[] memory children = own.children(height, position, levelsOf(height));
            matches.descend(matchId, game.height, game.position, answer, children);
        }
    }

    function descendToLeaf(uint256 matchId, Trace memory trace0, Trace memory trace1) internal {
        while (matches.getMatch(matchId).phase < Phase.Leaf) descend(matchId, trace0, trace1);
    }

    /// @dev The second leaf.
    function postLeaf(uint256 matchId, Trace memory trace0, Trace memory trace1) internal {
        Match memory game = matches.getMatch(matchId);
        (Trace memory own, Trace memory other) = game.turn == 0 ? (trace0, trace1) : (trace1, trace0);
        matches.postLeaf(matchId, game.position, other.levels[0][game.position], own.leaves[game.position]);
    }

    /// @dev From two claims to two leaves, without a pause.
    function playToProof(uint256 matchId, Trace memory trace0, Trace memory trace1) internal {
        revealBoth(matchId, trace0, trace1);
        descendToLeaf(matchId, trace0, trace1);
        postLeaf(matchId, trace0, trace1);
    }

    function revealBoth(uint256 matchId, Trace memory trace0, Trace memory trace1) internal {
        (uint256 claimId0, uint256 claimId1) = (matchId >> 64, matchId & type(uint64).max);
        if (matches.traceRootOf(claimId0) == 0) reveal(claimId0, trace0);
        if (matches.traceRootOf(claimId1) == 0) reveal(claimId1, trace1);
    }

    /// @dev The arguments of {IMatches-proveStep} as a struct: as arguments they are too many for the stack.
    struct StepProof {
        uint256 matchId;
        uint64 position;
        bytes[2] leaves;
        bytes step;
        bytes32[] stepProof;
        uint8 side;
        Opening traceOpening;
        Opening constantsOpening;
    }

    /// @dev What proves the current leaf when a step made it; of other leaves only the first fields.
    function proofOf(uint256 matchId, Trace memory trace0, Trace memory trace1)
        internal
        view
        returns (StepProof memory proof)
    {
        proof.matchId = matchId;
        proof.position = matches.getMatch(matchId).position;
        proof.leaves = [trace0.leaves[proof.position], trace1.leaves[proof.position]];
        uint256 slot = proof.position >> TinyModel.TENSOR_DEPTH;
        if (slot == 0 || slot > TinyModel.STEP_COUNT) return proof;
        proof.step = TinyModel.step(slot);
        proof.stepProof = TinyModel.stepProof(slot);
        uint256 at = 0;
        while (proof.leaves[0][at] == proof.leaves[1][at]) ++at;
        uint256 leafInSlot = proof.position % (1 << TinyModel.TENSOR_DEPTH);
        uint256 element = (leafInSlot * Traces.LEAF_BYTES + at) / TinyModel.width(slot);
        if (element < (slot == TinyModel.STEP_COUNT ? TinyModel.OUTPUTS : TinyModel.ELEMENTS)) {
            proof.traceOpening = trace0.opening(TinyModel.sourceLeaf(slot, element));
            proof.constantsOpening = TinyModel.constantsOpening(slot);
        }
    }

    function proveStep(StepProof memory proof) internal {
        bytes memory arguments = abi.encode(proof); // an offset, then what the arguments are encoded as
        assembly ("memory-safe") {
            mstore(add(arguments, 0x20), sub(mload(arguments), 0x20))
            arguments := add(arguments, 0x20)
        }
        (bool success, bytes memory result) =
            address(matches).call(bytes.concat(IMatches.proveStep.selector, arguments));
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    /// @dev Gives the proof that the current leaf asks for. `truth` is only needed for its input.
    function prove(uint256 matchId, Trace memory trace0, Trace memory trace1, Trace memory truth) internal {
        StepProof memory proof = proofOf(matchId, trace0, trace1);
        uint64 position = proof.position;
        if (proof.step.length != 0) {
            proveStep(proof);
        } else if (position >> TinyModel.TENSOR_DEPTH == 0) {
            matches.proveInput(matchId, position, proof.leaves, truth.leaves[position], truth.leafProof(position));
        } else {
            matches.provePadding(matchId, position, proof.leaves);
        }
    }

    // ---------------------------------------------------------------- expectations

    /// @dev What the last call cost as a transaction of its own, calldata included: for isolated tests.
    function snapshotGas(string memory name) internal {
        GasSnapshot.record("transactions", name, vm.lastCallGas().gasTotalUsed);
    }

    function assertStatus(uint256 claimId, ClaimStatus status) internal view {
        assertEq(uint256(jobs.getClaim(claimId).status), uint256(status), "claim status");
    }

    function assertJobStatus(uint256 jobId, JobStatus status) internal view {
        assertEq(uint256(jobs.getJob(jobId).status), uint256(status), "job status");
    }

    function assertPhase(uint256 matchId, Phase phase) internal view {
        assertEq(uint256(matches.getMatch(matchId).phase), uint256(phase), "phase");
    }

    function assertOver(uint256 matchId, Ending ending, uint8 losers) internal view {
        Match memory game = matches.getMatch(matchId);
        assertEq(uint256(game.phase), uint256(Phase.Over), "phase");
        assertEq(uint256(game.ending), uint256(ending), "ending");
        assertEq(game.losers, losers, "losers");
    }
}
