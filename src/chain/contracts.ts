/** A deployment on a chain, ready to be read and called. */

import type { Hash } from '../commit/hash.js';
import { sealDomain } from '../commit/seal.js';
import { UserError } from '../errors.js';
import { deploymentAddress } from './deploy.js';
import { displayUrl } from './endpoint.js';
import { abis } from './generated/contracts.js';
import { LogReader } from './logs.js';
import { type Parameters, parametersFromChain } from './parameters.js';
import type { Node } from './provider.js';
import { type Address, TypedContract } from './typed.js';

export interface Contracts {
  readonly node: Node;
  readonly logs: LogReader;
  /** The address of the Deployment, which is all that a user names. */
  readonly address: Address;
  readonly registry: TypedContract<typeof abis.ModelRegistry>;
  readonly verifier: TypedContract<typeof abis.StepVerifier>;
  readonly jobs: TypedContract<typeof abis.Jobs>;
  readonly matches: TypedContract<typeof abis.Matches>;
  readonly inputs: TypedContract<typeof abis.Inputs>;
  readonly parameters: Parameters;
  readonly sealDomain: Hash;
  /**
   * The address is the one that this version's code gives with these parameters, so the contracts are exactly the ones that came
   * with it. False for another version, or for something that only looks alike.
   */
  readonly sameBuild: boolean;
  /** No log of the deployment is in an earlier block. */
  readonly firstBlock: number;
}

export interface ConnectOptions {
  /** Where to start to look for logs; found by itself on nodes that know old states, otherwise block 0. */
  readonly firstBlock?: number;
  /** Most blocks of one log query; 10,000 when left out. */
  readonly logRangeBlocks?: number;
}

/** @throws UserError when there is no deployment at the address. */
export async function connect(node: Node, address: Address, options: ConnectOptions = {}): Promise<Contracts> {
  if ((await node.getCode(address)) === '0x') throw noDeployment(node, address, 'there is no contract');
  const deployment = new TypedContract(address, abis.Deployment, node);
  const parts = await Promise.all(
    (['registry', 'verifier', 'jobs', 'matches', 'inputs'] as const).map((part) => deployment.read(part, [])),
  ).catch((cause: unknown) => {
    throw noDeployment(node, address, 'the contract is not a Deployment', cause);
  });
  const [registry, verifier, jobsAddress, matches, inputs] = parts as [Address, Address, Address, Address, Address];
  const jobs = new TypedContract(jobsAddress, abis.Jobs, node);
  const parameters = parametersFromChain(await jobs.read('parameters', []));
  const domain = await jobs.read('sealDomain', []);
  const expected = sealDomain(node.chainId, jobsAddress);
  if (domain !== expected)
    throw noDeployment(
      node,
      address,
      `its seal domain is ${domain} and not ${expected}, so it speaks another protocol`,
    );
  for (const contract of [address, ...parts] as Address[]) node.watchCode(contract);
  const logs = new LogReader(node, options.logRangeBlocks);
  return {
    node,
    logs,
    address,
    registry: new TypedContract(registry, abis.ModelRegistry, node),
    verifier: new TypedContract(verifier, abis.StepVerifier, node),
    jobs,
    matches: new TypedContract(matches, abis.Matches, node),
    inputs: new TypedContract(inputs, abis.Inputs, node),
    parameters,
    sealDomain: domain,
    sameBuild: deploymentAddress(parameters) === address,
    firstBlock: options.firstBlock ?? (await firstBlockWithCode(node, address)),
  };
}

function noDeployment(node: Node, address: Address, why: string, cause?: unknown): UserError {
  return new UserError(
    'OG_NO_DEPLOYMENT',
    `There is no og deployment at ${address} on chain ${node.chainId} (${displayUrl(node.url)}): ${why}.`,
    'Check the address (--deployment or OG_DEPLOYMENT) and the chain; `og devnet` prints those of a new devnet.',
    { cause },
  );
}

/** By bisection. A node that has forgotten old states cannot say; then every block may be looked at. */
async function firstBlockWithCode(node: Node, address: Address): Promise<number> {
  let [without, has] = [-1, await node.getBlockNumber()];
  try {
    while (has - without > 1) {
      const middle = Math.floor((without + has) / 2);
      if ((await node.getCode(address, middle)) === '0x') without = middle;
      else has = middle;
    }
    return has;
  } catch {
    return 0;
  }
}
