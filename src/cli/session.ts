/** A command's connection to a chain: the node, the contracts, the account. ethers is only loaded here. */
import type { Contracts } from '../chain/contracts.js';
import type { Node } from '../chain/provider.js';
import type { Sender } from '../chain/sender.js';
import type { Address } from '../chain/typed.js';
import { UserError } from '../errors.js';
import { type SettingFlags, type Settings, settingsOf } from './settings.js';

export interface Session {
  readonly settings: Settings;
  readonly contracts: Contracts;
}

/** Nobody means to pay more, whatever a node says that gas costs. */
const DEFAULT_MAX_FEE_PER_GAS_WEI = 500n * 10n ** 9n;

/** Connects to the node and to og's contracts on its chain. */
export async function openSession(flags: SettingFlags): Promise<Session> {
  const settings = await settingsOf(flags);
  const [node, { connect }] = await Promise.all([openNode(settings), import('../chain/contracts.js')]);
  return { settings, contracts: await connect(node, await deploymentOn(node, settings)) };
}

export async function openNode({ rpcUrls, rpcTimeoutSeconds, safety, chainId }: Settings): Promise<Node> {
  const { connectNode } = await import('../chain/provider.js');
  return connectNode({
    url: rpcUrls,
    ...(chainId === undefined ? {} : { chainId }),
    ...(safety === undefined ? {} : { safety }),
    ...(rpcTimeoutSeconds === undefined ? {} : { timeoutMs: rpcTimeoutSeconds * 1000 }),
  });
}

/** The one that was named; else where the usual parameters put it: the same address on every chain. */
async function deploymentOn(node: Node, { deployment }: Settings): Promise<Address> {
  if (deployment !== undefined) return addressOf(deployment, '--deployment');
  const [{ deploymentAddress }, { DEVNET_PARAMETERS, STANDARD_PARAMETERS }] = await Promise.all([
    import('../chain/deploy.js'),
    import('../chain/parameters.js'),
  ]);
  return deploymentAddress(node.isDevnet ? DEVNET_PARAMETERS : STANDARD_PARAMETERS);
}

/** @param what names the value in an error. */
export async function addressOf(text: string, what: string): Promise<Address> {
  const { getAddress } = await import('ethers');
  try {
    return getAddress(text) as Address;
  } catch {
    throw new UserError(
      'OG_BAD_ADDRESS',
      `${what} is "${text}", which is not an address.`,
      'It is 0x and 40 hex digits.',
    );
  }
}

/** The account that the command signs with, and those that help it. */
export async function openSender({
  settings,
  contracts,
}: Pick<Session, 'settings'> & { readonly contracts: Pick<Contracts, 'node'> }): Promise<Sender> {
  const [{ openAccount }, { Sender }] = await Promise.all([
    import('../chain/keystore.js'),
    import('../chain/sender.js'),
  ]);
  const signers = [];
  // One after the other: each may ask for its password.
  for (const choice of accountChoices(settings)) signers.push(await openAccount(choice));
  const maxFeePerGasWei = settings.maxFeePerGasWei ?? DEFAULT_MAX_FEE_PER_GAS_WEI;
  return new Sender(contracts.node, signers, { maxFeePerGasWei });
}

/** What the keystores are opened with. */
export function accountChoices({ accounts, passwordFile }: Settings) {
  const environment = { ...process.env, ...(passwordFile === undefined ? {} : { OG_PASSWORD_FILE: passwordFile }) };
  const askWith = process.stdin.isTTY ? askPassword : undefined;
  return (accounts ?? [undefined]).map((account) => ({ account, environment, askPassword: askWith }));
}

async function askPassword(keystore: string): Promise<string> {
  return ask(`Password of the account "${keystore}":`);
}

/** Asks on stderr, so that stdout stays the result's. */
export async function ask(message: string): Promise<string> {
  const { password } = await import('@inquirer/prompts');
  return password({ message, mask: '*' }, { output: process.stderr });
}
