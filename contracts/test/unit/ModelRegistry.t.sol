// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {ModelRegistry} from "../../src/ModelRegistry.sol";
import {IModelRegistry, Model, Provenance} from "../../src/interfaces/IModelRegistry.sol";

/// @dev Cases in ModelRegistry.tree.
contract ModelRegistryTest is Test {
    ModelRegistry private registry = new ModelRegistry();
    Provenance private provenance = Provenance(bytes32(uint256(1)), bytes32(uint256(2)), "ipfs://model");

    function _model() private pure returns (Model memory) {
        return Model({
            programRoot: bytes32(uint256(11)),
            constantsRoot: bytes32(uint256(12)),
            layoutHash: bytes32(uint256(13)),
            stepCount: 7,
            slotDepth: 3,
            tensorDepth: 2,
            constantSlotDepth: 1,
            constantTensorDepth: 4,
            inputElements: 1024,
            inputWidth: 1,
            outputElements: 256,
            outputWidth: 4
        });
    }

    function _expectBadShape(Model memory model, string memory field, uint256 value, uint256 min, uint256 max) private {
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_BadShape.selector, field, value, min, max));
        registry.register(model, provenance);
    }

    function test_register_new() external {
        Model memory model = _model();
        bytes32 expected = keccak256(abi.encode(model));
        assertFalse(registry.isRegistered(expected));
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelRegistered(expected, address(this), model, provenance);
        bytes32 modelId = registry.register(model, provenance);
        assertEq(modelId, expected);
        assertTrue(registry.isRegistered(modelId));
        assertEq(abi.encode(registry.get(modelId)), abi.encode(model));
    }

    function test_register_again() external {
        Model memory model = _model();
        bytes32 modelId = registry.register(model, provenance);
        Provenance memory other = Provenance(0, 0, "https://elsewhere");
        vm.expectEmit(address(registry));
        emit IModelRegistry.ModelRegistered(modelId, makeAddr("other"), model, other);
        vm.prank(makeAddr("other"));
        assertEq(registry.register(model, other), modelId);
        assertEq(abi.encode(registry.get(modelId)), abi.encode(model));
    }

    function test_register_badStepCount() external {
        Model memory model = _model();
        model.stepCount = 0;
        _expectBadShape(model, "stepCount", 0, 1, type(uint24).max);
        model.stepCount = 2 ** 24;
        _expectBadShape(model, "stepCount", 2 ** 24, 1, type(uint24).max);
    }

    function testFuzz_register_slotDepthIsExact(uint32 stepCount, uint8 slotDepth) external {
        stepCount = uint32(bound(stepCount, 1, type(uint24).max));
        slotDepth = uint8(bound(slotDepth, 0, 38));
        Model memory model = _model();
        (model.stepCount, model.slotDepth) = (stepCount, slotDepth);
        uint256 least = 0;
        while (2 ** least < uint256(stepCount) + 1) ++least;
        if (slotDepth == least) registry.register(model, provenance);
        else _expectBadShape(model, "slotDepth", slotDepth, least, least);
    }

    function test_register_badDepths() external {
        Model memory model = _model();
        model.tensorDepth = 38;
        _expectBadShape(model, "tensorDepth", 38, 0, 37);
        model.tensorDepth = 37;
        model.constantSlotDepth = 41;
        _expectBadShape(model, "constantSlotDepth", 41, 0, 40);
        model.constantSlotDepth = 30;
        model.constantTensorDepth = 11;
        _expectBadShape(model, "constantTensorDepth", 11, 0, 10);
        model.constantTensorDepth = 10;
        registry.register(model, provenance);
    }

    function testFuzz_register_widths(uint8 inputWidth, uint8 outputWidth) external {
        Model memory model = _model();
        model.outputElements = 1;
        model.inputElements = 1;
        model.inputWidth = inputWidth;
        if (inputWidth != 1 && inputWidth != 2 && inputWidth != 4) {
            return _expectBadShape(model, "inputWidth", inputWidth, 1, 4);
        }
        model.outputWidth = outputWidth;
        if (outputWidth != 1 && outputWidth != 2 && outputWidth != 4) {
            return _expectBadShape(model, "outputWidth", outputWidth, 1, 4);
        }
        registry.register(model, provenance);
    }

    function testFuzz_register_elementsFit(uint32 elements, uint8 tensorDepth, uint8 widthLog, bool ofInput) external {
        tensorDepth = uint8(bound(tensorDepth, 0, 37));
        uint8 width = uint8(2 ** (widthLog % 3));
        uint256 most = (256 << tensorDepth) / width;
        elements = uint32(bound(elements, 0, type(uint32).max));
        if (elements % 3 == 0) {
            elements = uint32(bound(elements, 0, most + 1 > type(uint32).max ? type(uint32).max : most + 1));
        }
        Model memory model = _model();
        model.tensorDepth = tensorDepth;
        (model.inputElements, model.outputElements) = (1, 1);
        if (ofInput) (model.inputElements, model.inputWidth) = (elements, width);
        else (model.outputElements, model.outputWidth) = (elements, width);
        if (elements == 0 || elements > most) {
            _expectBadShape(model, ofInput ? "inputElements" : "outputElements", elements, 1, most);
        } else {
            registry.register(model, provenance);
        }
    }

    function test_get_unknown() external {
        bytes32 modelId = keccak256("nothing");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.ModelRegistry_UnknownModel.selector, modelId));
        registry.get(modelId);
    }
}
