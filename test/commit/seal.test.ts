import { AbiCoder, id, keccak256, Wallet } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { zeroHash } from '../../src/commit/merkle.js';
import { sealDomain, sealOf } from '../../src/commit/seal.js';

const abi = AbiCoder.defaultAbiCoder();
const JOBS = new Wallet(id('jobs')).address;
const CLAIMANT = new Wallet(id('claimant')).address;

test('domain and seal are what Solidity’s abi.encode and keccak256 give', () => {
  const domain = keccak256(abi.encode(['bytes32', 'uint256', 'address'], [id('og.seal.v1'), 31337n, JOBS]));
  assert.is(sealDomain(31337n, JOBS), domain);
  const seal = abi.encode(['bytes32', 'uint256', 'address', 'bytes32'], [domain, 7n, CLAIMANT, zeroHash(1)]);
  assert.is(sealOf(sealDomain(31337n, JOBS), 7n, CLAIMANT, zeroHash(1)), keccak256(seal));
});

test('an address counts the same in any case', () => {
  const domain = sealDomain(1n, JOBS);
  assert.is(sealDomain(1n, JOBS.toLowerCase()), domain);
  assert.is(sealOf(domain, 1n, CLAIMANT.toLowerCase(), zeroHash(0)), sealOf(domain, 1n, CLAIMANT, zeroHash(0)));
});

test('chain, contract, job, claimant and trace each change the seal', () => {
  const domain = sealDomain(1n, JOBS);
  const seals = [
    sealOf(domain, 1n, CLAIMANT, zeroHash(0)),
    sealOf(sealDomain(2n, JOBS), 1n, CLAIMANT, zeroHash(0)),
    sealOf(sealDomain(1n, CLAIMANT), 1n, CLAIMANT, zeroHash(0)),
    sealOf(domain, 2n, CLAIMANT, zeroHash(0)),
    sealOf(domain, 1n, JOBS, zeroHash(0)),
    sealOf(domain, 1n, CLAIMANT, zeroHash(1)),
  ];
  assert.is(new Set(seals).size, seals.length);
});

test('what is not an address, a hash or a uint256 is refused', () => {
  assert.throws(() => sealDomain(1n, '0x12'), /is not an address/);
  assert.throws(() => sealDomain(-1n, JOBS), /is not a uint256/);
  assert.throws(() => sealDomain(2n ** 256n, JOBS), /is not a uint256/);
  assert.throws(() => sealOf('0x12', 1n, CLAIMANT, zeroHash(0)), /is not a hash/);
});

test.run();
