/** A deployment on a chain, ready to be read and called. */

import type { Hash } from '../commit/hash.js';
import { sealDomain } from '../commit/seal.js';
import { NetworkError, UserError } from '../errors.js';
import { deploymentAddress } from './deploy.js';
import { displayUrl } from './endpoint.js';
import { abis } from './generated/contracts.js';
import { LogReader } from './logs.js';
import { type Parameters, parametersFromChain } from './parameters.js';
import type { Node } from './provider.js';
import { NodeFailure } from './rpc-failure.js';
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
  readonly refunds: TypedContract<typeof abis.Refunds>;
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

type Parts = [Address, Address, Address, Address, Address, Address];

/** @throws UserError when there is no deployment at the address. */
export async function connect(node: Node, address: Address, options: ConnectOptions = {}): Promise<Contracts> {
  const deployment = new TypedContract(address, abis.Deployment, node);
  // A node that lags may not have it yet.
  const at = await node.decisionBlock();
  const [code, parts] = await Promise.all([
    node.getCode(address, at.number),
    Promise.all(
      (['registry', 'verifier', 'jobs', 'matches', 'inputs', 'refunds'] as const).map((part) =>
        deployment.read(part, [], at),
      ),
    ).catch((cause: unknown) => cause as Error),
  ]);
  if (code === '0x') throw noDeployment(node, address, 'there is no contract');
  if (parts instanceof NetworkError && parts.code !== 'OG_NO_CONTRACT') throw parts;
  if (parts instanceof Error) throw noDeployment(node, address, 'the contract is not a Deployment', parts);
  const [registry, verifier, jobsAddress, matches, inputs, refunds] = parts as readonly Address[] as Parts;
  const jobs = new TypedContract(jobsAddress, abis.Jobs, node);
  const [rawParameters, domain, firstBlock] = await Promise.all([
    jobs.read('parameters', [], at),
    jobs.read('sealDomain', [], at),
    options.firstBlock ?? firstBlockWithCode(node, address),
  ]);
  const parameters = parametersFromChain(rawParameters);
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
    refunds: new TypedContract(refunds, abis.Refunds, node),
    parameters,
    sealDomain: domain,
    sameBuild: deploymentAddress(parameters) === address,
    firstBlock,
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

/** Blocks that are looked at together: they go in one request. */
const PROBES = 7;

/** By search in the old states. A node that has forgotten them cannot say; then every block may be looked at. */
async function firstBlockWithCode(node: Node, address: Address): Promise<number> {
  let [without, has] = [-1, await node.getBlockNumber()];
  try {
    while (has - without > 1) {
      const probes = spread(without, has, PROBES);
      const codes = await Promise.all(probes.map((block) => node.getCode(address, block)));
      const found = codes.findIndex((code) => code !== '0x');
      [without, has] = [(found === -1 ? probes.at(-1) : probes[found - 1]) ?? without, probes[found] ?? has];
    }
    return has;
  } catch (error) {
    if (error instanceof NetworkError && !(error instanceof NodeFailure && error.failure === 'unknown')) throw error;
    return 0;
  }
}

/** Up to `count` numbers between two others, evenly spread. */
function spread(above: number, below: number, count: number): number[] {
  const all = Array.from({ length: count }, (_, i) => above + Math.ceil(((below - above) * (i + 1)) / (count + 1)));
  return [...new Set(all)].filter((each) => each > above && each < below);
}
