/**
 * Accounts: standard encrypted keystores (V3), one file each, in the folder where `cast wallet` keeps its own; or, for development,
 * a key in an environment variable. A key is never taken from the command line and never written in plain.
 */
import { scrypt as openSslScrypt } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { encryptKeystoreJson, getAddress, isKeystoreJson, scrypt, Wallet } from 'ethers';
import { UserError } from '../errors.js';
import type { Address } from './typed.js';

/** Asks a person for the password of a keystore. */
export type AskPassword = (keystore: string) => Promise<string>;

export interface KeystoreInfo {
  readonly name: string;
  readonly file: string;
  /** Null when the file does not say; some tools leave it out. */
  readonly address: Address | null;
}

/** Where secrets may come from; the process's environment by default. */
export type Environment = Readonly<Record<string, string | undefined>>;

// OpenSSL's scrypt is several times faster than ethers' own, and does not hold up the event loop.
scrypt.register(
  (password, salt, N, r, p, length) =>
    new Promise((resolve, reject) => {
      const maxmem = 256 * N * r;
      openSslScrypt(password, salt, length, { N, r, p, maxmem }, (error, key) =>
        error ? reject(error) : resolve(key),
      );
    }),
);

/** `OG_KEYSTORE_DIR`, or Foundry's folder. */
export function keystoreFolder(environment: Environment = process.env): string {
  return environment['OG_KEYSTORE_DIR'] ?? join(homedir(), '.foundry', 'keystores');
}

export async function listKeystores(folder: string = keystoreFolder()): Promise<KeystoreInfo[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UserError('OG_KEYSTORE_FOLDER', `The keystore folder ${folder} cannot be read: ${error.message}`);
  });
  const found = await Promise.all(
    names.sort((x, y) => (x < y ? -1 : 1)).map(async (name) => readKeystore(join(folder, name)).catch(() => null)),
  );
  return found.filter((info) => info !== null).map(({ name, file, address }) => ({ name, file, address }));
}

export interface NewKeystoreOptions {
  readonly folder?: string;
  /** An existing key to keep; a new one when left out. */
  readonly privateKey?: string;
  /** Cost of guessing a password (scrypt's N), a power of two; 131,072 when left out. */
  readonly scryptN?: number;
}

/** Makes an account. Never overwrites a file. */
export async function createKeystore(
  name: string,
  password: string,
  options: NewKeystoreOptions = {},
): Promise<KeystoreInfo> {
  if (!/^[\w.-]+$/.test(name) || name.startsWith('.'))
    throw new UserError(
      'OG_KEYSTORE_NAME',
      `"${name}" cannot be the name of an account: use letters, digits, "-", "_" and ".".`,
    );
  if (password === '') throw new UserError('OG_PASSWORD', `The account "${name}" needs a password.`, PASSWORD_HINT);
  const folder = options.folder ?? keystoreFolder();
  const { address, privateKey } = options.privateKey
    ? walletOf(options.privateKey, 'the given key')
    : Wallet.createRandom();
  const cost = { scrypt: { N: options.scryptN ?? 131_072 } };
  const { Crypto: crypto, ...rest } = JSON.parse(
    await encryptKeystoreJson({ address, privateKey }, password, cost),
  ) as {
    Crypto: unknown;
  };
  const json = JSON.stringify({ ...rest, crypto }); // ethers writes a capital C, the standard does not
  const file = join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(file, json, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const why = taken ? 'there is one already' : (error as Error).message;
    throw new UserError(
      'OG_KEYSTORE_WRITE',
      `The keystore ${file} was not written: ${why}.`,
      taken ? 'Choose another name.' : undefined,
    );
  }
  return { name, file, address: address as Address };
}

export interface AccountChoice {
  /** Name of a keystore in the folder, or the path of one. */
  readonly account?: string | undefined;
  readonly folder?: string | undefined;
  readonly environment?: Environment;
  /** How to ask when no password is in the environment; without it, that is an error. */
  readonly askPassword?: AskPassword | undefined;
}

/**
 * The account to sign with: the one that is named; else OG_PRIVATE_KEY; else the only keystore in the folder. The password is
 * OG_PASSWORD, the first line of the file OG_PASSWORD_FILE, or asked for.
 */
export async function openAccount(choice: AccountChoice = {}): Promise<Wallet> {
  const environment = choice.environment ?? process.env;
  const key = environment['OG_PRIVATE_KEY'];
  if (choice.account === undefined && key) return walletOf(key.trim(), 'OG_PRIVATE_KEY');
  const keystore = await findKeystore(choice.account, choice.folder ?? keystoreFolder(environment));
  const password = await passwordFor(keystore.name, environment, choice.askPassword);
  try {
    const wallet = await Wallet.fromEncryptedJson(keystore.json, password);
    return new Wallet(wallet.privateKey);
  } catch {
    throw new UserError(
      'OG_WRONG_PASSWORD',
      `The password does not open the account "${keystore.name}" (${keystore.file}).`,
      PASSWORD_HINT,
    );
  }
}

/** The address of an account, without its password where the keystore says it. */
export async function addressOfAccount(choice: AccountChoice = {}): Promise<Address> {
  const environment = choice.environment ?? process.env;
  if (choice.account !== undefined || !environment['OG_PRIVATE_KEY']) {
    const { address } = await findKeystore(choice.account, choice.folder ?? keystoreFolder(environment));
    if (address) return address;
  }
  return (await openAccount(choice)).address as Address;
}

const PASSWORD_HINT = 'Set OG_PASSWORD_FILE (or OG_PASSWORD), or run og in a terminal, where it asks.';

interface Keystore extends KeystoreInfo {
  readonly json: string;
}

async function findKeystore(account: string | undefined, folder: string): Promise<Keystore> {
  if (account !== undefined) {
    const file = basename(account) === account ? join(folder, account) : account;
    return readKeystore(file);
  }
  const all = await listKeystores(folder);
  const [only] = all;
  if (only && all.length === 1) return readKeystore(only.file);
  const which =
    all.length === 0 ? 'there is none' : `there are ${all.length}: ${all.map(({ name }) => name).join(', ')}`;
  throw new UserError(
    'OG_NO_ACCOUNT',
    `No account was named, and in ${folder} ${which}.`,
    all.length === 0
      ? 'Make one with `og account new`, or set OG_PRIVATE_KEY for development.'
      : 'Name one (--account or OG_ACCOUNT).',
  );
}

async function readKeystore(file: string): Promise<Keystore> {
  let json: string;
  try {
    json = await readFile(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'there is no such file' : (error as Error).message;
    throw new UserError('OG_NO_ACCOUNT', `The keystore ${file} cannot be read: ${why}.`, 'See `og account list`.');
  }
  if (!isKeystoreJson(json))
    throw new UserError('OG_NOT_A_KEYSTORE', `${file} is not a V3 keystore.`, 'See `og account list`.');
  const { address } = JSON.parse(json) as { address?: string };
  const written = address?.replace(/^0x/, '');
  return { name: basename(file), file, json, address: written ? (getAddress(`0x${written}`) as Address) : null };
}

async function passwordFor(name: string, environment: Environment, ask?: AskPassword): Promise<string> {
  if (environment['OG_PASSWORD'] !== undefined) return environment['OG_PASSWORD'];
  const file = environment['OG_PASSWORD_FILE'];
  if (file) {
    const text = await readFile(file, 'utf8').catch((error: Error) => {
      throw new UserError('OG_PASSWORD', `OG_PASSWORD_FILE (${file}) cannot be read: ${error.message}`);
    });
    return text.split(/\r?\n/)[0] ?? '';
  }
  if (ask) return ask(name);
  throw new UserError('OG_PASSWORD', `The account "${name}" needs its password.`, PASSWORD_HINT);
}

function walletOf(privateKey: string, source: string): Wallet {
  try {
    return new Wallet(privateKey);
  } catch {
    // ethers' error would show the key.
    throw new UserError('OG_BAD_KEY', `${source} is not a private key.`, 'It is 32 bytes in hex: 0x and 64 digits.');
  }
}
