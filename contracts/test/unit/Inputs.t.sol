// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {ClaimStatus, IJobs, JobStatus, Terms} from "../../src/interfaces/IJobs.sol";
import {Demand, IInputs} from "../../src/interfaces/IInputs.sol";
import {Model, Provenance} from "../../src/interfaces/IModelRegistry.sol";
import {BaseTest} from "../helpers/BaseTest.sol";
import {TinyModel} from "../helpers/TinyModel.sol";
import {Trace, Traces} from "../helpers/Trace.sol";

/// @dev Cases in Inputs.tree. The input has 70,001 bytes in a tree of 512 leaves: chunks 0 and 1 are full, 2 is short, and
/// where chunk 3 would be there is nothing.
contract InputsTest is BaseTest {
    using SafeCastLib for uint256;
    using Traces for Trace;

    uint256 private constant BYTES = 70_001;
    uint256 private constant TENSOR_DEPTH = 9;
    uint256 private constant CHUNK_DEPTH = 7;
    bytes32 private constant SEAL = keccak256("any seal");

    bytes32 private largeModelId;
    uint256 private jobId;
    bytes32 private root;

    function setUp() public override {
        super.setUp();
        Model memory model = TinyModel.model();
        (model.inputElements, model.inputWidth, model.tensorDepth) = (BYTES.toUint32(), 1, TENSOR_DEPTH.toUint8());
        largeModelId = registry.register(model, Provenance(0, 0, ""));
        root = _tree().root();
        jobId = _request(root);
    }

    function _request(bytes32 root_) private returns (uint256) {
        vm.prank(requester);
        return jobs.requestByRoot{value: FEE}(largeModelId, root_, CLAIM_SECONDS, address(0));
    }

    function _unhashed() private pure returns (Trace memory tree) {
        tree = Traces.empty(0, TENSOR_DEPTH);
        for (uint256 i = 0; i * 256 < BYTES; ++i) {
            uint256 end = BYTES - i * 256 < 256 ? BYTES - i * 256 : 256;
            for (uint256 k = 0; k < end; k += 32) {
                tree.setElement(0, 8 * i + k / 32, 32, int256(uint256(keccak256(abi.encode(i, k)))));
            }
            for (uint256 k = end; k < 256 && i * 256 + 256 > BYTES; ++k) {
                tree.leaves[i][k] = 0;
            }
        }
    }

    function _tree() private pure returns (Trace memory) {
        return _unhashed().rehash();
    }

    function _chunk(Trace memory tree, uint256 chunk) private pure returns (bytes memory data) {
        for (uint256 i = chunk << CHUNK_DEPTH; i < (chunk + 1) << CHUNK_DEPTH && i * 256 < BYTES; ++i) {
            data = bytes.concat(data, tree.leaves[i]);
        }
        if (chunk == 2) {
            assembly ("memory-safe") {
                mstore(data, sub(BYTES, mul(2, 32768)))
            }
        }
    }

    function _proof(Trace memory tree, uint256 chunk) private pure returns (bytes32[] memory) {
        return tree.proof(CHUNK_DEPTH, chunk, TENSOR_DEPTH);
    }

    function _post(Trace memory tree, address poster, uint256 chunk) private {
        bytes memory data = _chunk(tree, chunk);
        bytes32[] memory proof = _proof(tree, chunk);
        vm.prank(poster);
        inputs.post(jobId, chunk, data, proof);
    }

    function _demand() private {
        vm.prank(watcher);
        inputs.demand{value: STAKE}(jobId, root);
    }

    function _submit() private returns (uint256) {
        bytes32 outputRoot = _outputRoot();
        bytes memory output = TinyModel.output(honestTrace());
        vm.prank(worker);
        return jobs.submit{value: BOND}(jobId, largeModelId, root, SEAL, outputRoot, output);
    }

    function _outputRoot() private pure returns (bytes32) {
        Trace memory tree = Traces.empty(0, TENSOR_DEPTH);
        tree.setSlot(0, TinyModel.output(honestTrace()));
        return tree.rehash().root();
    }

    /// forge-config: default.isolate = true
    function test_gas_demandedInput() external {
        _demand();
        snapshotGas("demand");
        Trace memory tree = _tree();
        uint256 before = vm.snapshotState();
        vm.warp(block.timestamp + DEMAND + 1);
        inputs.giveUp(jobId);
        snapshotGas("giveUp");
        vm.revertToState(before);
        for (uint256 chunk = 0; chunk < 3; ++chunk) {
            _post(tree, stranger, chunk);
            if (chunk == 0) snapshotGas("post, a chunk of 32 KiB");
        }
        snapshotGas("post, the last chunk, 4,465 bytes");
    }

    // ---------------------------------------------------------------- demand

    function test_demand_refused() external {
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_UnknownJob.selector, 9));
        inputs.demand(9, root);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_OtherJob.selector, jobId, largeModelId, root));
        inputs.demand(jobId, SEAL);
        uint256 posted = request();
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_NotByRoot.selector, posted));
        inputs.demand(posted, inputRoot);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_WrongStake.selector, 0, STAKE));
        inputs.demand(jobId, root);
        _demand();
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_AlreadyDemanded.selector, jobId));
        inputs.demand(jobId, root);
    }

    function test_demand_deadlines() external {
        uint256 snapshot = vm.snapshotState();
        uint256 claimBy = block.timestamp + CLAIM_SECONDS;
        vm.warp(claimBy + 1);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_TooLate.selector, jobId, claimBy));
        inputs.demand(jobId, root);
        vm.warp(claimBy);
        _demand();
        vm.revertToState(snapshot);

        vm.warp(claimBy); // a claim in the last second: its window is what counts
        uint256 claimId = _submit();
        uint256 windowEndsAt = claimBy + WINDOW;
        vm.warp(windowEndsAt + 1);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_TooLate.selector, jobId, windowEndsAt));
        inputs.demand(jobId, root);
        vm.warp(windowEndsAt);
        snapshot = vm.snapshotState();
        _demand();
        vm.revertToState(snapshot);
        lose(claimId);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_TooLate.selector, jobId, claimBy));
        inputs.demand(jobId, root);
        finalize(jobId, "");
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongStatus.selector, jobId, JobStatus.Void));
        inputs.demand(jobId, root);
    }

    function test_demand() external {
        assertFalse(inputs.isOutstanding(jobId));
        vm.expectEmit(address(inputs));
        emit IInputs.InputDemanded(jobId, watcher, block.timestamp + DEMAND);
        _demand();
        assertTrue(inputs.isOutstanding(jobId));
        assertEq(address(inputs).balance, STAKE);
        assertEq(abi.encode(inputs.demandOf(jobId)), abi.encode(Demand(uint40(block.timestamp), watcher, 3, 0, false)));
    }

    // ---------------------------------------------------------------- post

    function test_post_notDemanded() external {
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_NotDemanded.selector, jobId));
        inputs.post(jobId, 0, "", new bytes32[](0));
    }

    function test_post_deadline() external {
        Trace memory tree = _tree();
        bytes memory data = _chunk(tree, 0);
        bytes32[] memory proof = _proof(tree, 0);
        _demand();
        uint256 deadline = block.timestamp + DEMAND;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_TooLate.selector, jobId, deadline));
        inputs.post(jobId, 0, data, proof);
        vm.warp(deadline);
        inputs.post(jobId, 0, data, proof);
    }

    function test_post_refused() external {
        Trace memory tree = _tree();
        bytes memory data = _chunk(tree, 1);
        bytes32[] memory proof = _proof(tree, 1);
        bytes memory last = _chunk(tree, 2);
        _demand();
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_NoSuchChunk.selector, 3, 3));
        inputs.post(jobId, 3, data, proof);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_WrongLength.selector, "data", 32_768, BYTES - 65_536));
        inputs.post(jobId, 2, data, proof);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_WrongLength.selector, "data", BYTES - 65_536, 32_768));
        inputs.post(jobId, 1, last, proof);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_WrongLength.selector, "proof", 1, 2));
        inputs.post(jobId, 1, data, new bytes32[](1));
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_WrongLength.selector, "proof", 3, 2));
        inputs.post(jobId, 1, data, new bytes32[](3));
        vm.expectPartialRevert(IInputs.Inputs_RootMismatch.selector);
        inputs.post(jobId, 0, data, proof);
        data[20_000] ^= 0x01;
        vm.expectPartialRevert(IInputs.Inputs_RootMismatch.selector);
        inputs.post(jobId, 1, data, proof);
        data[20_000] ^= 0x01;
        proof[1] ^= bytes32(uint256(1));
        vm.expectPartialRevert(IInputs.Inputs_RootMismatch.selector);
        inputs.post(jobId, 1, data, proof);
        proof[1] ^= bytes32(uint256(1));
        inputs.post(jobId, 1, data, proof);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_ChunkPosted.selector, jobId, 1));
        inputs.post(jobId, 1, data, proof);
    }

    /// @dev A root with something after the input's end is no input's root: the job can only become Void.
    function test_post_notPadded() external {
        Trace memory tree = _unhashed();
        tree.leaves[3 << CHUNK_DEPTH][0] = 0x01;
        tree.rehash();
        root = tree.root();
        jobId = _request(root);
        _demand();
        _post(tree, stranger, 0);
        _post(tree, stranger, 1);
        bytes memory data = _chunk(tree, 2);
        bytes32[] memory proof = _proof(tree, 2);
        vm.expectPartialRevert(IInputs.Inputs_NotPadded.selector);
        inputs.post(jobId, 2, data, proof);
        vm.warp(block.timestamp + DEMAND + 1);
        inputs.giveUp(jobId);
        assertJobStatus(jobId, JobStatus.Void);
    }

    function test_post() external {
        Trace memory tree = _tree();
        uint256 claimId = _submit();
        _demand();
        uint256 share = STAKE / 3;
        vm.warp(block.timestamp + WINDOW + 100); // the window is over, the demand is not
        bytes memory data = _chunk(tree, 2);
        vm.expectEmit(address(inputs));
        emit IInputs.InputChunkPosted(jobId, 2, stranger, data);
        _post(tree, stranger, 2);
        assertEq(jobs.creditOf(stranger), share);
        _post(tree, worker, 0);
        assertEq(inputs.demandOf(jobId).postedChunks, 2);
        assertTrue(inputs.isOutstanding(jobId));
        vm.expectEmit(address(inputs));
        emit IInputs.InputComplete(jobId);
        _post(tree, worker, 1);
        assertEq(jobs.creditOf(worker), STAKE - share);
        assertEq(address(inputs).balance, 0);
        assertFalse(inputs.isOutstanding(jobId));
        assertTrue(inputs.demandOf(jobId).complete);
        assertEq(jobs.getJob(jobId).windowEndsAt, block.timestamp + WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_NotDemanded.selector, jobId));
        inputs.post(jobId, 1, "", new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_NotDemanded.selector, jobId));
        inputs.giveUp(jobId);
        assertStatus(claimId, ClaimStatus.Live);
    }

    function test_post_beforeAnyClaim() external {
        Trace memory tree = _tree();
        _demand();
        for (uint256 i = 0; i < 3; ++i) {
            _post(tree, stranger, i);
        }
        assertEq(jobs.getJob(jobId).windowEndsAt, 0);
        assertEq(jobs.creditOf(stranger), STAKE);
        _submit();
    }

    // ---------------------------------------------------------------- giveUp

    function test_giveUp() external {
        Trace memory tree = _tree();
        uint256 claimId = _submit();
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_NotDemanded.selector, jobId));
        inputs.giveUp(jobId);
        _demand();
        _post(tree, stranger, 1);
        uint256 deadline = block.timestamp + DEMAND;
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_TooEarly.selector, jobId, deadline));
        inputs.giveUp(jobId);
        vm.warp(deadline + 1);
        vm.expectEmit(address(inputs));
        emit IInputs.InputMissing(jobId);
        vm.expectEmit(address(jobs));
        emit IJobs.JobVoid(jobId, FEE, 0);
        inputs.giveUp(jobId);
        assertEq(jobs.creditOf(watcher), STAKE - STAKE / 3);
        assertEq(jobs.creditOf(requester), FEE);
        assertEq(address(inputs).balance, 0);
        jobs.reclaimBond(claimId, Terms(SEAL, _outputRoot(), 0));
        assertEq(jobs.creditOf(worker), BOND);
        vm.expectRevert(abi.encodeWithSelector(IJobs.Jobs_WrongStatus.selector, jobId, JobStatus.Void));
        inputs.giveUp(jobId);
        vm.expectRevert(abi.encodeWithSelector(IInputs.Inputs_TooLate.selector, jobId, deadline));
        inputs.post(jobId, 0, "", new bytes32[](0));
    }

    // ---------------------------------------------------------------- small inputs

    /// @dev An input of less than a chunk, in a tree that is smaller than one.
    function test_post_smallInput() external {
        jobId = requestByRoot();
        root = inputRoot;
        _demand();
        assertEq(inputs.demandOf(jobId).chunkCount, 1);
        inputs.post(jobId, 0, TinyModel.input(INPUT_SEED), new bytes32[](0));
        assertTrue(inputs.demandOf(jobId).complete);
        assertEq(jobs.creditOf(address(this)), STAKE);
    }
}
