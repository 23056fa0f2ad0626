import type { Devnet } from '../chain/devnet.js';
import { showWei } from './amounts.js';
import { out } from './colour.js';
import { showSeconds } from './durations.js';
import type { Json } from './json.js';
import { facts, table } from './table.js';

export function devnetFacts({ url, chainId, contracts, accounts }: Devnet): Json {
  return {
    rpcUrl: url,
    chainId,
    contracts: contractAddresses(contracts),
    parameters: { ...contracts.parameters },
    accounts: accounts.map(({ address, privateKey }) => ({ address, privateKey })),
  };
}

/** Every contract of a deployment by its part. */
export function contractAddresses(contracts: Devnet['contracts']): Record<string, string> {
  const { address, registry, verifier, jobs, matches, inputs, refunds } = contracts;
  return {
    deployment: address,
    registry: registry.address,
    verifier: verifier.address,
    jobs: jobs.address,
    matches: matches.address,
    inputs: inputs.address,
    refunds: refunds.address,
  };
}

export function showDevnet({ url, chainId, contracts, accounts }: Devnet): string {
  const { parameters } = contracts;
  return [
    facts([
      ['node', out.bold(url)],
      ['chain id', chainId],
      ...Object.entries(contractAddresses(contracts)),
      ['window', `${showSeconds(parameters.challengeWindowSeconds)} to challenge`],
      ['clock', `${showSeconds(parameters.clockSeconds)} for each side of a match`],
      ['bond', showWei(parameters.bondWei)],
    ]),
    '',
    table(
      ['account', 'private key (known to everybody: for play only)'],
      accounts.map(({ address, privateKey }) => [address, privateKey]),
    ),
    '',
    `To use it: ${out.bold(`export OG_RPC_URL=${url} OG_DEPLOYMENT=${contracts.address} OG_PRIVATE_KEY=<one of the keys>`)}`,
    'It runs until you stop it (Ctrl-C).',
  ].join('\n');
}
