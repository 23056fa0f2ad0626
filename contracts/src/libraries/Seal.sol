// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title Seals (docs/protocol.md, "Claims"): a commitment to a trace that is of no use to anybody but the claimant.
library Seal {
    bytes32 private constant TAG = keccak256("og.seal.v1");

    function domain(uint256 chainId, address jobs) internal pure returns (bytes32) {
        return keccak256(abi.encode(TAG, chainId, jobs));
    }

    function compute(bytes32 sealDomain, uint256 jobId, address claimant, bytes32 traceRoot)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(sealDomain, jobId, claimant, traceRoot));
    }
}
