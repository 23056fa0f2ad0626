// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Gas for those who move for somebody else's claim.
/// @notice Moves of a match may be made by anyone, so a correct claim whose claimant is gone is not lost. Whoever makes them
/// through here gets their base fees back once that claim is final, out of what the loser's bond has burned. Those fees have been burned
/// too, so a liar who plays against itself gains nothing by it: what it loses is the burned share, one way or the other.
interface IRefunds {
    /// @param gasUsed Of the transaction, as far as it is paid back.
    /// @param amountWei What `account` gets if the claim of `side` becomes final and the other one has lost.
    event Assisted(
        uint256 indexed matchId, uint8 indexed side, address indexed account, uint256 gasUsed, uint256 amountWei
    );
    event Collected(uint256 indexed matchId, uint8 indexed side, address indexed account, uint256 amountWei);

    /// @notice The calls moved for no side: nothing was done in the match, or as much by one as by the other.
    error Refunds_NoMove(uint256 matchId);
    error Refunds_NothingOwed(uint256 matchId, uint8 side, address account);

    /// @notice Makes the calls on {IMatches}, in order: a side's reveal, when it is due, and one move or the call of time. Promises the
    /// caller the base fee of this transaction, at most `refundGasPriceWei` a unit of gas: of a move that does not end the match for
    /// up to `MOVE_GAS` units, of the last one up to what is left of the burned share of one bond.
    /// Reverts with what the calls revert with, and with {Refunds_NoMove}.
    function assist(uint256 matchId, bytes[] calldata calls) external;

    /// @notice Credits `account` in {IJobs} with what it was promised. Reverts unless the claim of `side` is the winner of its job and the
    /// other one has lost (to whomever), and when nothing is owed.
    function collect(uint256 matchId, uint8 side, address account) external;

    /// @notice What was promised to all helpers of a side together, never more than the burned share of a bond.
    function promisedWei(uint256 matchId, uint8 side) external view returns (uint256);
    /// @notice What was promised to one of them and not collected.
    function owedWei(uint256 matchId, uint8 side, address account) external view returns (uint256);
}
