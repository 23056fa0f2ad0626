// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {Deployment} from "../../src/Deployment.sol";
import {IInputs} from "../../src/interfaces/IInputs.sol";
import {Claim, ClaimStatus, IJobs, Job, JobStatus, Parameters, Target} from "../../src/interfaces/IJobs.sol";
import {Ending, IMatches, Match, Phase} from "../../src/interfaces/IMatches.sol";
import {IModelRegistry, Provenance} from "../../src/interfaces/IModelRegistry.sol";
import {Opening} from "../../src/interfaces/IStepVerifier.sol";
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
    IModelRegistry internal registry;
    bytes32 internal modelId;
    bytes32 internal inputRoot;

    function setUp() public virtual {
        vm.warp(1_000_000);
        deployment = deploy(testParameters());
        (jobs, matches, inputs) = (deployment.jobs(), deployment.matches(), deployment.inputs());
        registry = deployment.registry();
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
            inputDemandWei: STAKE
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
        return address(bytes20(created));
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
        vm.prank(claimant);
        return jobs.submit{value: BOND}(
            jobId, modelId, inputRoot, seal, trace.slotRoot(TinyModel.STEP_COUNT), postedOutput(trace)
        );
    }

    function targetOf(uint256 claimId) internal view returns (Target memory) {
        Claim memory claim = jobs.getClaim(claimId);
        Job memory job = jobs.getJob(claim.jobId);
        return Target(claimId, job.modelId, job.inputRoot, claim.seal, claim.outputRoot);
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
        vm.prank(claimant);
        return jobs.challenge{value: BOND}(target, seal, trace.slotRoot(TinyModel.STEP_COUNT), postedOutput(trace));
    }

    function reveal(uint256 claimId, Trace memory trace) internal {
        jobs.reveal(claimId, trace.root(), trace.slotProof(TinyModel.STEP_COUNT));
    }

    // ---------------------------------------------------------------- moves

    function levelsOf(uint256 height) internal pure returns (uint256) {
        return height % 4 == 0 ? 4 : height % 4;
    }

    /// @dev The move of the side whose turn it is; the sender does not matter.
    function descend(uint256 matchId, Trace memory trace0, Trace memory trace1) internal {
        Match memory game = matches.getMatch(matchId);
        uint256 levels = levelsOf(game.height);
        bytes32[] memory children0 = trace0.children(game.height, game.position, levels);
        if (game.turn == 0) {
            matches.descend(matchId, game.height, game.position, children0, new bytes32[](0));
        } else {
            bytes32[] memory children1 = trace1.children(game.height, game.position, levels);
            matches.descend(matchId, game.height, game.position, children1, children0);
        }
    }

    function descendToLeaf(uint256 matchId, Trace memory trace0, Trace memory trace1) internal {
        while (matches.getMatch(matchId).phase == Phase.Descend) descend(matchId, trace0, trace1);
    }

    function postLeaf(uint256 matchId, uint8 side, Trace memory trace) internal {
        uint64 position = matches.getMatch(matchId).position;
        matches.postLeaf(matchId, side, position, trace.leaves[position]);
    }

    /// @dev From two claims to two leaves, without a pause.
    function playToProof(uint256 matchId, Trace memory trace0, Trace memory trace1) internal {
        Match memory game = matches.getMatch(matchId);
        if (jobs.getClaim(game.claims[0]).revealedAt == 0) reveal(game.claims[0], trace0);
        if (jobs.getClaim(game.claims[1]).revealedAt == 0) reveal(game.claims[1], trace1);
        descendToLeaf(matchId, trace0, trace1);
        postLeaf(matchId, 0, trace0);
        postLeaf(matchId, 1, trace1);
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
