import type { Safety } from '../chain/provider.js';
import { parseGasPrice } from './amounts.js';
import { type ConfigFile, readConfigFile } from './config-file.js';

export const DEFAULT_RPC_URL = 'http://127.0.0.1:8545';

/** What the shared flags were given (oclif has filled in OG_* variables already). */
export interface SettingFlags {
  readonly home?: string | undefined;
  /** oclif gives a list, but a variable of the environment as it is. */
  readonly rpc?: readonly string[] | string | undefined;
  readonly 'rpc-timeout'?: number | undefined;
  readonly safety?: Safety | undefined;
  readonly 'max-fee'?: bigint | undefined;
  readonly 'chain-id'?: number | undefined;
  readonly deployment?: string | undefined;
  readonly account?: readonly string[] | string | undefined;
  readonly 'password-file'?: string | undefined;
}

/** Where a command works, and for whom: flags, then OG_* variables, then og.config.json, then what is usual. */
export interface Settings {
  readonly home?: string;
  /** The first goes first. */
  readonly rpcUrls: readonly string[];
  readonly rpcTimeoutSeconds?: number;
  readonly safety?: Safety;
  /** Most for a unit of gas. */
  readonly maxFeePerGasWei?: bigint;
  readonly chainId?: number;
  readonly deployment?: string;
  /** Keystores to sign with; the first is who one is. */
  readonly accounts?: readonly string[];
  readonly passwordFile?: string;
}

export async function settingsOf(flags: SettingFlags, folder = process.cwd()): Promise<Settings> {
  const file: ConfigFile = await readConfigFile(folder);
  const all = {
    home: flags.home ?? file.home,
    rpcUrls: listed(flags.rpc ?? file.rpcUrl) ?? [DEFAULT_RPC_URL],
    rpcTimeoutSeconds: flags['rpc-timeout'],
    safety: flags.safety ?? file.safety,
    maxFeePerGasWei:
      flags['max-fee'] ?? (file.maxFee === undefined ? undefined : parseGasPrice(file.maxFee, '"maxFee"')),
    chainId: flags['chain-id'] ?? file.chainId,
    deployment: flags.deployment ?? file.deployment,
    accounts: listed(flags.account ?? file.account),
    passwordFile: flags['password-file'] ?? file.passwordFile,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as Settings;
}

/** One or several, each of which may hold several with commas; undefined when there is none. */
export function listed(value: readonly string[] | string | undefined): readonly string[] | undefined {
  const all = [value ?? []].flat().flatMap((text) => text.split(',').map((each) => each.trim()));
  const named = all.filter((each) => each !== '');
  return named.length === 0 ? undefined : named;
}
