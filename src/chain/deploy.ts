/**
 * Deploying the contracts. The address follows from the code and the parameters alone (CREATE2 through the well-known proxy), so
 * that everybody who deploys the same thing on a chain finds it already there.
 */
import { AbiCoder, concat, getCreate2Address, getCreateAddress, keccak256, type ParamType } from 'ethers';
import type { Hex } from '../commit/hash.js';
import { UserError } from '../errors.js';
import { abis, deploymentBytecode, verifierBytecode } from './generated/contracts.js';
import type { Parameters } from './parameters.js';
import type { Node } from './provider.js';
import type { Sender, Sent } from './sender.js';
import { type Address, interfaceOf } from './typed.js';

/** The deterministic deployment proxy, at the same address on nearly every chain, and the transaction that makes it. */
export const CREATE2_PROXY: Address = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
const PROXY_MAKER: Address = '0x3fAB184622Dc19b6109349B94811493BF2a45362';
const PROXY_COST_WEI = 100_000n * 100_000_000_000n;
/** Signed by nobody: its signature is made up, so nobody can send anything else from the address it recovers to. */
const PROXY_TRANSACTION =
  '0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' +
  'ffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222' +
  '222222222222222222a02222222222222222222222222222222222222222222222222222222222222222';

const SALT: Hex = `0x${'00'.repeat(32)}`;

export interface Deployed {
  readonly address: Address;
  /** Null when the contracts were there already. */
  readonly sent: Sent | null;
}

const addressOf = (creation: Hex): Address => getCreate2Address(CREATE2_PROXY, SALT, keccak256(creation)) as Address;

/** The verifier has no parameters: it is at the same address on every chain. */
export const verifierAddress = (): Address => addressOf(verifierBytecode);

function creationCode(parameters: Parameters): Hex {
  const types = interfaceOf(abis.Deployment).deploy.inputs as readonly ParamType[];
  return concat([deploymentBytecode, AbiCoder.defaultAbiCoder().encode(types, [parameters, verifierAddress()])]) as Hex;
}

/** Where a deployment with these parameters is, on any chain; needs no node. */
export function deploymentAddress(parameters: Parameters): Address {
  return addressOf(creationCode(parameters));
}

/** Of the parts that a Deployment creates it is the fifth (Deployment.sol). */
export const refundsAddress = (deployment: string): Address =>
  getCreateAddress({ from: deployment, nonce: 5 }) as Address;

/** Deploys unless it is there already. */
export async function deploy(node: Node, sender: Sender, parameters: Parameters): Promise<Deployed> {
  const address = deploymentAddress(parameters);
  if ((await node.getCode(address)) !== '0x') return { address, sent: null };
  if ((await node.getCode(CREATE2_PROXY)) === '0x') await makeProxy(node, sender);
  await create(node, sender, verifierAddress(), verifierBytecode);
  return { address, sent: await create(node, sender, address, creationCode(parameters)) };
}

/** Creates a contract through the proxy; null when it is there already. */
async function create(node: Node, sender: Sender, address: Address, creation: Hex): Promise<Sent | null> {
  if ((await node.getCode(address)) !== '0x') return null;
  const sent = await sender.send({ to: CREATE2_PROXY, data: concat([SALT, creation]) as Hex, kind: 'deploy' });
  if ((await node.getCode(address)) === '0x')
    throw new Error(`The deployment was mined (${sent.txHash}) but there is no contract at ${address}.`);
  return sent;
}

/** The transaction names its gas price and no chain, so it works where transactions without a chain id (EIP-155) are accepted. */
async function makeProxy(node: Node, sender: Sender): Promise<void> {
  const missingWei = PROXY_COST_WEI - (await node.getBalance(PROXY_MAKER));
  if (missingWei > 0n) await sender.send({ to: PROXY_MAKER, data: '0x', kind: 'fundProxyMaker', valueWei: missingWei });
  try {
    const { hash } = await node.broadcastTransaction(PROXY_TRANSACTION);
    const { status } = await sender.receipt(hash as Hex);
    if (status !== 1) throw new Error(`Its transaction ${hash} reverted.`);
  } catch (cause) {
    throw new UserError(
      'OG_NO_CREATE2_PROXY',
      `Chain ${node.chainId} does not have the deterministic deployment proxy (${CREATE2_PROXY}) and refused the transaction that makes it.`,
      'Ask the operators of the chain how they provide it; see https://github.com/Arachnid/deterministic-deployment-proxy.',
      { cause },
    );
  }
}
