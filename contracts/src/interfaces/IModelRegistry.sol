// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @notice What a model id is the hash of: the program by content, and the shape of its trace.
/// @param programRoot Merkle root over the encoded steps; leaf k is the step that makes slot k.
/// @param constantsRoot Merkle root over the constant tensors.
/// @param layoutHash keccak256 of the canonical JSON that says which elements are which named input or output.
/// @param stepCount Number of steps; slots 0 (the input) to stepCount (the output) exist.
/// @param slotDepth Levels of the trace tree above one slot: the least d with 2^d >= stepCount + 1.
/// @param tensorDepth Levels of the trace tree inside one slot.
/// @param constantSlotDepth Levels of the constants tree above one constant.
/// @param constantTensorDepth Levels of the constants tree inside one constant.
/// @param inputElements Elements of slot 0.
/// @param inputWidth Bytes of an element of slot 0: 1, 2 or 4.
/// @param outputElements Elements of the last slot.
/// @param outputWidth Bytes of an element of the last slot: 1, 2 or 4.
struct Model {
    bytes32 programRoot;
    bytes32 constantsRoot;
    bytes32 layoutHash;
    uint32 stepCount;
    uint8 slotDepth;
    uint8 tensorDepth;
    uint8 constantSlotDepth;
    uint8 constantTensorDepth;
    uint32 inputElements;
    uint8 inputWidth;
    uint32 outputElements;
    uint8 outputWidth;
}

/// @notice Where a model came from and where to get it. Said by the registrant, checked by nobody on-chain.
/// @param sourceSha256 SHA-256 of the ONNX file it was compiled from.
/// @param fidelityHash keccak256 of the fidelity report's canonical JSON.
/// @param uri Where the artefact can be fetched; whoever fetches it checks that it hashes to the model id.
struct Provenance {
    bytes32 sourceSha256;
    bytes32 fidelityHash;
    string uri;
}

/// @title Models by content.
/// @notice A model id is keccak256(abi.encode(Model)), so nobody has to be trusted and nobody can squat a name.
interface IModelRegistry {
    /// @notice Emitted on every registration, also of a model that is known already (by another party, at another uri).
    event ModelRegistered(bytes32 indexed modelId, address indexed registrant, Model model, Provenance provenance);

    /// @notice A depth, width or count is out of range: no trace of such a model could be disputed.
    error ModelRegistry_BadShape(string field, uint256 value, uint256 min, uint256 max);
    error ModelRegistry_UnknownModel(bytes32 modelId);

    /// @notice Makes a model known. Anyone may; doing it again only emits the event.
    function register(Model calldata model, Provenance calldata provenance) external returns (bytes32 modelId);

    /// @notice The model behind an id. Reverts with {ModelRegistry_UnknownModel}.
    function get(bytes32 modelId) external view returns (Model memory);

    function isRegistered(bytes32 modelId) external view returns (bool);
}
