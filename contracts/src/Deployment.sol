// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Inputs} from "./Inputs.sol";
import {Jobs} from "./Jobs.sol";
import {Matches} from "./Matches.sol";
import {ModelRegistry} from "./ModelRegistry.sol";
import {Refunds} from "./Refunds.sol";
import {StepVerifier} from "./StepVerifier.sol";
import {Parameters} from "./interfaces/IJobs.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";

/// @title One set of contracts that know one another for ever.
/// @notice Its address, and so theirs, follows from the parameters alone when it and the verifier are deployed through a CREATE2
/// proxy. The verifier has no state and no ties, so it comes first and apart: together they would exceed the 49,152 bytes of
/// init code that one transaction may bring (EIP-3860).
contract Deployment {
    ModelRegistry public immutable registry;
    StepVerifier public immutable verifier;
    Jobs public immutable jobs;
    Matches public immutable matches;
    Inputs public immutable inputs;
    Refunds public immutable refunds;

    constructor(Parameters memory parameters, StepVerifier verifier_) {
        assert(address(verifier_).code.length != 0);
        registry = new ModelRegistry();
        verifier = verifier_;
        // Jobs comes first and knows where the other three will be.
        (Jobs jobs_, Matches matches_) = (Jobs(_created(2)), Matches(_created(3)));
        (Inputs inputs_, Refunds refunds_) = (Inputs(_created(4)), Refunds(_created(5)));
        jobs = new Jobs(parameters, registry, matches_, inputs_, refunds_);
        matches = new Matches(registry, verifier_, jobs_, parameters.clockSeconds);
        inputs = new Inputs(registry, jobs_, parameters.inputDemandSeconds, parameters.inputDemandWei);
        refunds = new Refunds(jobs_, matches_, parameters.refundGasPriceWei, ParameterBounds.burnedShareWei(parameters));
        assert(jobs == jobs_ && matches == matches_ && inputs == inputs_ && refunds == refunds_);
    }

    /// @dev Address of the `nonce`-th contract that this one creates, `nonce` below 128: keccak256(rlp([address, nonce])).
    function _created(uint8 nonce) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), nonce)))));
    }
}
