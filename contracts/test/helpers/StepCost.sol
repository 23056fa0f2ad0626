// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Opening} from "../../src/interfaces/IStepVerifier.sol";
import {Combine, Operand, Reduce, Source, Step, StepCodec} from "../../src/libraries/StepCodec.sol";
import {StepVector} from "./StepVectors.sol";

/// @title What {IStepVerifier.computeElement} costs at most, without the transaction's own 21,000 and its calldata.
/// @notice A linear bound of everything measured in StepVerifier.gas.t.sol; src/program/price.ts says the same. A **row** is
/// all of the last reduction index, a **piece** what an operand reads of a row without leaving a run of leaves.
contract StepCost {
    uint256 private constant FIXED = 22_000;
    uint256 private constant PER_ENCODED_BYTE = 66;
    uint256 private constant PER_LEAF = 850;
    uint256 private constant PER_RUN = 2300;
    uint256 private constant PER_SIBLING = 450;
    uint256 private constant PER_ROW = 3000;
    uint256 private constant PER_ROW_AND_AXIS = 560;
    uint256 private constant PER_PIECE = 1700;
    uint256 private constant PER_DOT_TERM = 75; // of a sum of products whose fills are 0
    uint256 private constant PER_FIRST_TERM = 250;
    uint256 private constant PER_OTHER_TERM = 750;

    function bound(StepVector calldata v) external pure returns (uint256 gas) {
        gas = FIXED + PER_ENCODED_BYTE * v.step.length + _openingCost(v.traceOpening) + _openingCost(v.constantsOpening);
        Step memory step = StepCodec.decode(v.step, v.elements[0]);
        uint256 rows = 1;
        for (uint256 i = 1; i < step.redDims.length; ++i) {
            rows *= step.redDims[i - 1];
        }
        uint256 length = step.redDims[step.redDims.length - 1];
        uint256 axes;
        uint256 pieces;
        for (uint256 i = 0; i < 3; ++i) {
            if (step.operands[i].at.length != 0) axes += step.operands[i].at.length - 1;
            pieces += rows * _piecesOfRow(step, i, length);
        }
        gas += rows * (PER_ROW + PER_ROW_AND_AXIS * axes) + PER_PIECE * pieces + rows * length * _termCost(step);
    }

    function _openingCost(Opening calldata opening) private pure returns (uint256) {
        return PER_LEAF * (opening.leaves.length / 256) + PER_RUN * (opening.runs.length / 7) + PER_SIBLING
            * opening.siblings.length;
    }

    function _piecesOfRow(Step memory step, uint256 i, uint256 length) private pure returns (uint256) {
        Operand memory operand = step.operands[i];
        bool isRead = i == 0 || (i == 1 && step.combine != Combine.FIRST) || step.combine == Combine.SELECT;
        if (!isRead || operand.kind == Source.NONE) return 0;
        // Elements at most a leaf apart are in neighbouring leaves, and so in one run.
        int256 strideBytes = operand.coefs[operand.coefs.length - operand.at.length] * int256(operand.width);
        bool jumps = strideBytes < -256 || strideBytes > 256 || (i == 0 && step.combine == Combine.INDEXED);
        return jumps ? length : 1;
    }

    function _termCost(Step memory step) private pure returns (uint256) {
        if (step.combine == Combine.FIRST) return PER_FIRST_TERM;
        bool isDot = step.combine == Combine.PRODUCT && step.reduce == Reduce.SUM && _fillsWithZero(step.operands[0])
            && _fillsWithZero(step.operands[1]);
        return isDot ? PER_DOT_TERM : PER_OTHER_TERM;
    }

    function _fillsWithZero(Operand memory operand) private pure returns (bool) {
        return operand.kind != Source.NONE && operand.fill == 0;
    }
}
