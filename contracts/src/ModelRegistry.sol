// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {LibString} from "solady/utils/LibString.sol";

import {IModelRegistry, Model, Provenance} from "./interfaces/IModelRegistry.sol";
import {Merkle} from "./libraries/Merkle.sol";

contract ModelRegistry is IModelRegistry {
    /// @dev A leaf index is 5 bytes in an opening.
    uint256 private constant MAX_DEPTH = 40;

    mapping(bytes32 modelId => Model) private _models;

    /// @inheritdoc IModelRegistry
    function register(Model memory model, Provenance calldata provenance) external returns (bytes32 modelId) {
        modelId = keccak256(abi.encode(model));
        if (!isRegistered(modelId)) {
            _checkShape(model);
            _models[modelId] = model;
        }
        emit ModelRegistered(modelId, msg.sender, model, provenance);
    }

    /// @inheritdoc IModelRegistry
    function get(bytes32 modelId) external view returns (Model memory) {
        require(isRegistered(modelId), ModelRegistry_UnknownModel(modelId));
        return _models[modelId];
    }

    /// @inheritdoc IModelRegistry
    function isRegistered(bytes32 modelId) public view returns (bool) {
        return _models[modelId].stepCount != 0;
    }

    function _checkShape(Model memory model) private pure {
        _checkRange("stepCount", model.stepCount, 1, type(uint24).max);
        uint256 slotDepth = 1;
        while (1 << slotDepth < uint256(model.stepCount) + 1) ++slotDepth;
        _checkRange("slotDepth", model.slotDepth, slotDepth, slotDepth);
        _checkRange("tensorDepth", model.tensorDepth, 0, MAX_DEPTH - slotDepth);
        _checkRange("constantSlotDepth", model.constantSlotDepth, 0, MAX_DEPTH);
        _checkRange("constantTensorDepth", model.constantTensorDepth, 0, MAX_DEPTH - model.constantSlotDepth);
        uint256 tensorBytes = Merkle.LEAF_BYTES << model.tensorDepth;
        _checkTensor("inputElements", model.inputElements, "inputWidth", model.inputWidth, tensorBytes);
        _checkTensor("outputElements", model.outputElements, "outputWidth", model.outputWidth, tensorBytes);
    }

    function _checkTensor(
        bytes32 elementsField,
        uint256 elements,
        bytes32 widthField,
        uint256 width,
        uint256 tensorBytes
    ) private pure {
        _check(widthField, width == 1 || width == 2 || width == 4, width, 1, 4);
        _checkRange(elementsField, elements, 1, tensorBytes / width);
    }

    function _checkRange(bytes32 field, uint256 value, uint256 min, uint256 max) private pure {
        _check(field, min <= value && value <= max, value, min, max);
    }

    /// @dev Field names are small strings until one has to be told: nine strings in memory are a lot of code.
    function _check(bytes32 field, bool holds, uint256 value, uint256 min, uint256 max) private pure {
        if (!holds) revert ModelRegistry_BadShape(LibString.fromSmallString(field), value, min, max);
    }
}
