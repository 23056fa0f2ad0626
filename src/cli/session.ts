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

/** Connects to the node and to og's contracts on its chain. */
export async function openSession(flags: SettingFlags): Promise<Session> {
  const settings = await settingsOf(flags);
  const [node, { connect }] = await Promise.all([openNode(settings), import('../chain/contracts.js')]);
  return { settings, contracts: await connect(node, await deploymentOn(node, settings)) };
}

export async function openNode({ rpcUrl, chainId }: Settings): Promise<Node> {
  const { connectNode } = await import('../chain/provider.js');
  return connectNode({ url: rpcUrl, ...(chainId === undefined ? {} : { chainId }) });
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

/** The account that the command signs with. */
export async function openSender({ settings, contracts }: Session): Promise<Sender> {
  const [{ openAccount }, { Sender }] = await Promise.all([
    import('../chain/keystore.js'),
    import('../chain/sender.js'),
  ]);
  return new Sender(contracts.node, await openAccount(accountChoice(settings)));
}

/** What the keystores are opened with. */
export function accountChoice({ account, passwordFile }: Settings) {
  const environment = { ...process.env, ...(passwordFile === undefined ? {} : { OG_PASSWORD_FILE: passwordFile }) };
  return { account, environment, askPassword: process.stdin.isTTY ? askPassword : undefined };
}

async function askPassword(keystore: string): Promise<string> {
  return ask(`Password of the account "${keystore}":`);
}

/** Asks on stderr, so that stdout stays the result's. */
export async function ask(message: string): Promise<string> {
  const { password } = await import('@inquirer/prompts');
  return password({ message, mask: '*' }, { output: process.stderr });
}
