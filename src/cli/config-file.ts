import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Safety } from '../chain/provider.js';
import { UserError } from '../errors.js';

export const CONFIG_FILE = 'og.config.json';

/** What `og.config.json` may hold. Flags and OG_* variables go before it. */
export interface ConfigFile {
  readonly rpcUrl?: string | string[] | undefined;
  readonly safety?: Safety | undefined;
  /** Gwei, or with a unit. */
  readonly maxFee?: string | undefined;
  readonly chainId?: number | undefined;
  readonly deployment?: string | undefined;
  readonly account?: string | string[] | undefined;
  readonly passwordFile?: string | undefined;
  readonly home?: string | undefined;
}

/** Reads the configuration of a folder; empty when there is none. */
export async function readConfigFile(folder: string): Promise<ConfigFile> {
  const path = join(folder, CONFIG_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UserError('OG_BAD_CONFIG', `${path} cannot be read: ${(error as Error).message}.`);
  }
  return checked(path, text);
}

async function checked(path: string, text: string): Promise<ConfigFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError('OG_BAD_CONFIG', `${path} is not JSON: ${(error as Error).message}.`);
  }
  const { z } = await import('zod');
  const schema = z.strictObject({
    rpcUrl: z.union([z.string(), z.array(z.string())]).optional(),
    safety: z.enum(['latest', 'safe', 'finalized']).optional(),
    maxFee: z.string().optional(),
    chainId: z.int().positive().optional(),
    deployment: z.string().optional(),
    account: z.union([z.string(), z.array(z.string())]).optional(),
    passwordFile: z.string().optional(),
    home: z.string().optional(),
  });
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') throw unknownKey(path, issue.keys[0]!, Object.keys(schema.shape));
  const where = issue.path.length > 0 ? `"${issue.path.join('.')}" in ${path}` : path;
  throw new UserError('OG_BAD_CONFIG', `${where} is not right: ${issue.message}.`);
}

function unknownKey(path: string, key: string, known: readonly string[]): UserError {
  const hint = /private|mnemonic|secret/i.test(key)
    ? 'A key does not belong in a file like this: keep it in a keystore (og account new) and name the account.'
    : `It may hold ${known.join(', ')}.`;
  return new UserError('OG_BAD_CONFIG', `"${key}" in ${path} is not a setting of og.`, hint);
}
