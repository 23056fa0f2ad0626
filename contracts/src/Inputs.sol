// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibBitmap} from "solady/utils/LibBitmap.sol";
import {LibString} from "solady/utils/LibString.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {Demand, IInputs} from "./interfaces/IInputs.sol";
import {IJobs} from "./interfaces/IJobs.sol";
import {IModelRegistry, Model} from "./interfaces/IModelRegistry.sol";
import {Merkle} from "./libraries/Merkle.sol";

contract Inputs is IInputs {
    using LibBitmap for LibBitmap.Bitmap;
    using SafeCastLib for uint256;

    /// @dev A chunk is 128 leaves: what fits a transaction that a node relays.
    uint256 private constant CHUNK_DEPTH = 7;
    uint256 private constant CHUNK_BYTES = Merkle.LEAF_BYTES << CHUNK_DEPTH;

    IModelRegistry public immutable registry;
    IJobs public immutable jobs;
    uint256 private immutable _demandSeconds;
    uint256 private immutable _stakeWei;

    mapping(uint256 jobId => Demand) private _demands;
    mapping(uint256 jobId => LibBitmap.Bitmap) private _posted;

    constructor(IModelRegistry registry_, IJobs jobs_, uint256 demandSeconds, uint256 stakeWei) {
        registry = registry_;
        jobs = jobs_;
        _demandSeconds = demandSeconds;
        _stakeWei = stakeWei;
    }

    /// @inheritdoc IInputs
    function demand(uint256 jobId, bytes32 inputRoot) external payable {
        (bytes32 modelId, bytes32 jobInputRoot) = jobs.questionOf(jobId);
        require(jobInputRoot == inputRoot, IJobs.Jobs_OtherJob(jobId, modelId, jobInputRoot));
        uint256 demandableUntil = jobs.demandableUntil(jobId);
        require(demandableUntil != 0, Inputs_NotByRoot(jobId));
        require(block.timestamp <= demandableUntil, Inputs_TooLate(jobId, demandableUntil));
        Demand storage demanded = _demands[jobId];
        require(demanded.demandedAt == 0, Inputs_AlreadyDemanded(jobId));
        require(msg.value == _stakeWei, Inputs_WrongStake(msg.value, _stakeWei));

        demanded.demandedAt = block.timestamp.toUint40();
        demanded.demander = msg.sender;
        demanded.chunkCount = ((_inputBytes(_model(modelId)) + CHUNK_BYTES - 1) / CHUNK_BYTES).toUint16();
        emit InputDemanded(jobId, msg.sender, block.timestamp + _demandSeconds);
    }

    /// @inheritdoc IInputs
    function post(uint256 jobId, uint256 chunk, bytes calldata data, bytes32[] calldata proof) external {
        (Demand storage demanded, uint256 deadline) = _demanded(jobId);
        require(block.timestamp <= deadline, Inputs_TooLate(jobId, deadline));
        uint256 chunkCount = demanded.chunkCount;
        require(chunk < chunkCount, Inputs_NoSuchChunk(chunk, chunkCount));
        require(!_posted[jobId].get(chunk), Inputs_ChunkPosted(jobId, chunk));
        _checkChunk(jobId, chunk, chunk == chunkCount - 1, data, proof);

        _posted[jobId].set(chunk);
        emit InputChunkPosted(jobId, chunk, msg.sender, data);
        uint256 shareWei = _stakeWei / chunkCount;
        if (++demanded.postedChunks == chunkCount) {
            demanded.complete = true;
            shareWei += _stakeWei % chunkCount;
            emit InputComplete(jobId);
            jobs.inputPosted(jobId);
        }
        _credit(msg.sender, shareWei);
    }

    /// @inheritdoc IInputs
    function giveUp(uint256 jobId) external {
        (Demand storage demanded, uint256 deadline) = _demanded(jobId);
        require(block.timestamp > deadline, Inputs_TooEarly(jobId, deadline));
        emit InputMissing(jobId);
        jobs.inputMissing(jobId); // reverts when it was done before: the job is Void then
        _credit(demanded.demander, _stakeWei - demanded.postedChunks * (_stakeWei / demanded.chunkCount));
    }

    /// @inheritdoc IInputs
    function isOutstanding(uint256 jobId) public view returns (bool) {
        Demand storage demanded = _demands[jobId];
        return demanded.demandedAt != 0 && !demanded.complete;
    }

    /// @inheritdoc IInputs
    function demandOf(uint256 jobId) external view returns (Demand memory) {
        return _demands[jobId];
    }

    /// @dev A demand that still waits for chunks, and the last second for them.
    function _demanded(uint256 jobId) private view returns (Demand storage demanded, uint256 deadline) {
        require(isOutstanding(jobId), Inputs_NotDemanded(jobId));
        demanded = _demands[jobId];
        deadline = demanded.demandedAt + _demandSeconds;
    }

    function _checkChunk(uint256 jobId, uint256 chunk, bool last, bytes calldata data, bytes32[] calldata proof)
        private
        view
    {
        (bytes32 modelId, bytes32 inputRoot) = jobs.questionOf(jobId);
        Model memory model = _model(modelId);
        _requireLength("data", data.length, last ? _inputBytes(model) - chunk * CHUNK_BYTES : CHUNK_BYTES);
        uint256 chunkDepth = model.tensorDepth < CHUNK_DEPTH ? model.tensorDepth : CHUNK_DEPTH;
        _requireLength("proof", proof.length, model.tensorDepth - chunkDepth);
        bytes32 computedRoot = Merkle.climb(Merkle.rootOf(data, chunkDepth), chunk, proof);
        require(computedRoot == inputRoot, Inputs_RootMismatch(computedRoot, inputRoot));
        if (last) _checkNothingFollows(chunk, chunkDepth, proof);
    }

    /// @dev Everything to the right of the last chunk is beyond the input's end. Were it not zero there, no tensor would have
    /// this root, and a trace could be right by the elements and wrong by the root.
    function _checkNothingFollows(uint256 chunk, uint256 chunkDepth, bytes32[] calldata proof) private pure {
        bytes32 zero = Merkle.zeroHash(chunkDepth);
        for (uint256 i = 0; i < proof.length; ++i) {
            if ((chunk >> i) & 1 == 0) require(proof[i] == zero, Inputs_NotPadded(proof[i], zero));
            zero = Merkle.hashPair(zero, zero);
        }
    }

    function _requireLength(bytes32 what, uint256 length, uint256 requiredLength) private pure {
        if (length != requiredLength) {
            revert Inputs_WrongLength(LibString.fromSmallString(what), length, requiredLength);
        }
    }

    function _credit(address account, uint256 amountWei) private {
        jobs.credit{value: amountWei}(account);
    }

    function _model(bytes32 modelId) private view returns (Model memory) {
        return registry.get(modelId);
    }

    function _inputBytes(Model memory model) private pure returns (uint256) {
        return uint256(model.inputElements) * model.inputWidth;
    }
}
