import { type ConfigFile, readConfigFile } from './config-file.js';

export const DEFAULT_RPC_URL = 'http://127.0.0.1:8545';

/** What the shared flags were given (oclif has filled in OG_* variables already). */
export interface SettingFlags {
  readonly home?: string | undefined;
  readonly 'rpc-url'?: string | undefined;
  readonly 'chain-id'?: number | undefined;
  readonly deployment?: string | undefined;
  readonly account?: string | undefined;
  readonly 'password-file'?: string | undefined;
}

/** Where a command works, and for whom: flags, then OG_* variables, then og.config.json, then what is usual. */
export interface Settings {
  readonly home?: string;
  readonly rpcUrl: string;
  readonly chainId?: number;
  readonly deployment?: string;
  readonly account?: string;
  readonly passwordFile?: string;
}

export async function settingsOf(flags: SettingFlags, folder = process.cwd()): Promise<Settings> {
  const file: ConfigFile = await readConfigFile(folder);
  const all = {
    home: flags.home ?? file.home,
    rpcUrl: flags['rpc-url'] ?? file.rpcUrl ?? DEFAULT_RPC_URL,
    chainId: flags['chain-id'] ?? file.chainId,
    deployment: flags.deployment ?? file.deployment,
    account: flags.account ?? file.account,
    passwordFile: flags['password-file'] ?? file.passwordFile,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as Settings;
}
