// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {Multicallable} from "solady/utils/Multicallable.sol";

import {IJobs} from "./interfaces/IJobs.sol";
import {IMatches, Match, Phase} from "./interfaces/IMatches.sol";
import {IRefunds} from "./interfaces/IRefunds.sol";

contract Refunds is IRefunds {
    /// @notice More than a reveal with any move that does not end a match takes through here.
    uint256 public constant MOVE_GAS = 250_000;

    uint256 private constant TRANSACTION_GAS = 21_000;
    uint256 private constant ZERO_BYTE_GAS = 4;
    uint256 private constant NONZERO_BYTE_GAS = 16;
    /// @dev What is not measured, from below: writing a promise and its event; a word that was zero costs more; and the end of a
    /// match clears a word (EIP-3529).
    uint256 private constant RECORD_GAS = 8_000;
    uint256 private constant FRESH_WORD_GAS = 17_100;
    uint256 private constant CLEARED_WORD_GAS = 4_800;

    IJobs public immutable jobs;
    IMatches public immutable matches;
    uint256 private immutable _maxGasPriceWei;
    uint256 private immutable _burnedShareWei;

    /// @inheritdoc IRefunds
    mapping(uint256 matchId => mapping(uint8 side => uint256)) public promisedWei;
    /// @inheritdoc IRefunds
    mapping(uint256 matchId => mapping(uint8 side => mapping(address account => uint256))) public owedWei;

    constructor(IJobs jobs_, IMatches matches_, uint256 maxGasPriceWei, uint256 burnedShareWei) {
        jobs = jobs_;
        matches = matches_;
        _maxGasPriceWei = maxGasPriceWei;
        _burnedShareWei = burnedShareWei;
    }

    /// @inheritdoc IRefunds
    function assist(uint256 matchId, bytes[] calldata calls) external {
        uint256 gasAtStart = gasleft();
        Match memory before = matches.getMatch(matchId);
        Multicallable(address(matches)).multicall(calls);
        Match memory afterwards = matches.getMatch(matchId);
        (uint8 side, uint256 limitWei) = _helped(matchId, before, afterwards);

        uint256 promised = promisedWei[matchId][side];
        uint256 owed = owedWei[matchId][side][msg.sender];
        uint256 gasUsed = TRANSACTION_GAS + _calldataGas() + RECORD_GAS;
        if (promised == 0) gasUsed += FRESH_WORD_GAS;
        if (owed == 0) gasUsed += FRESH_WORD_GAS;
        if (afterwards.phase == Phase.Over) gasUsed -= CLEARED_WORD_GAS;
        gasUsed += gasAtStart - gasleft();
        uint256 amountWei = gasUsed * _gasPriceWei();
        amountWei = FixedPointMathLib.min(amountWei, FixedPointMathLib.min(limitWei, _burnedShareWei - promised));
        promisedWei[matchId][side] = promised + amountWei;
        owedWei[matchId][side][msg.sender] = owed + amountWei;
        emit Assisted(matchId, side, msg.sender, gasUsed, amountWei);
    }

    /// @inheritdoc IRefunds
    function collect(uint256 matchId, uint8 side, address account) external {
        uint256 amountWei = owedWei[matchId][side][account];
        require(amountWei != 0, Refunds_NothingOwed(matchId, side, account));
        owedWei[matchId][side][account] = 0;
        emit Collected(matchId, side, account, amountWei);
        (uint256 claimId0, uint256 claimId1) = (matchId >> 64, matchId & type(uint64).max);
        (uint256 winner, uint256 loser) = side == 0 ? (claimId0, claimId1) : (claimId1, claimId0);
        jobs.refund(winner, loser, account, amountWei);
    }

    /// @dev The side that the calls moved for, and the most that this one call may be worth.
    function _helped(uint256 matchId, Match memory before, Match memory afterwards)
        private
        view
        returns (uint8 side, uint256 limitWei)
    {
        require(before.phase != Phase.Over, Refunds_NoMove(matchId));
        if (afterwards.phase == Phase.Over) {
            require(afterwards.losers == 1 || afterwards.losers == 2, Refunds_NoMove(matchId));
            return (afterwards.losers == 1 ? 1 : 0, type(uint256).max);
        }
        require(afterwards.turn != before.turn, Refunds_NoMove(matchId));
        return (before.turn, MOVE_GAS * _gasPriceWei());
    }

    /// @dev Only what is burned: a block's producer could pay a higher price to itself.
    function _gasPriceWei() private view returns (uint256) {
        return FixedPointMathLib.min(block.basefee, _maxGasPriceWei);
    }

    /// @dev EIP-2028; the floor of EIP-7623 is left out, so it is never more than was paid.
    function _calldataGas() private pure returns (uint256) {
        uint256 zeros = LibBit.countZeroBytesCalldata(msg.data);
        return ZERO_BYTE_GAS * zeros + NONZERO_BYTE_GAS * (msg.data.length - zeros);
    }
}
