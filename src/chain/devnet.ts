/** A chain of one's own: the anvil that comes with og, with the contracts on it. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { HDNodeWallet, Wallet } from 'ethers';
import { execa } from 'execa';
import getPort from 'get-port';
import type { Hex } from '../commit/hash.js';
import { UserError } from '../errors.js';
import { type Contracts, connect } from './contracts.js';
import { deploy } from './deploy.js';
import { DEVNET_PARAMETERS, type Parameters } from './parameters.js';
import { connectNode, DEVNET_CHAIN_ID, type Node } from './provider.js';
import { Sender } from './sender.js';
import type { Address } from './typed.js';

export interface DevnetOptions {
  /** A free one when left out. */
  readonly port?: number;
  /** 31337 when left out; other chain ids are for tests of real-chain behaviour. */
  readonly chainId?: number;
  /** A block every so many seconds. A block for each transaction, at once, when left out. */
  readonly blockTimeSeconds?: number;
  readonly gasLimit?: number;
  /** Accounts with money; 10 when left out. */
  readonly accounts?: number;
  readonly parameters?: Parameters;
}

export interface DevnetAccount {
  readonly address: Address;
  /** Known to everybody: it comes from anvil's mnemonic. */
  readonly privateKey: Hex;
}

export interface Devnet {
  readonly url: string;
  readonly chainId: number;
  readonly node: Node;
  readonly contracts: Contracts;
  /** Account 0 has deployed the contracts. */
  readonly accounts: readonly DevnetAccount[];
  /** The process, to see when it ends. */
  readonly exited: Promise<void>;
  sender(account: number): Sender;
  /** Moves the chain's clock on and mines a block. */
  passSeconds(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

const MNEMONIC = 'test test test test test test test test test test test junk';
const START_TIMEOUT_MS = 15_000;
const START_ATTEMPTS = 3;

/** Starts anvil and deploys to it. It ends with this process, or with `stop`. */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const chainId = options.chainId ?? Number(DEVNET_CHAIN_ID);
  const { process: anvil, port } = await startAnvil(options, chainId);
  const url = `http://127.0.0.1:${port}`;
  const node = await connectNode({ url, chainId, pollingMs: options.blockTimeSeconds === undefined ? 20 : 200 });
  const accounts = devnetAccounts(options.accounts ?? 10);
  const sender = (account: number): Sender => new Sender(node, new Wallet(keyOf(accounts, account)));
  const stop = async (): Promise<void> => {
    node.destroy();
    anvil.kill();
    await anvil;
  };
  try {
    const { address } = await deploy(node, sender(0), options.parameters ?? DEVNET_PARAMETERS);
    const contracts = await connect(node, address);
    return {
      url,
      chainId,
      node,
      contracts,
      accounts,
      exited: anvil.then(() => undefined),
      sender,
      async passSeconds(seconds) {
        await node.send('evm_increaseTime', [seconds]);
        await node.send('evm_mine', []);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** anvil's well-known accounts: the first `count` of its mnemonic. */
export function devnetAccounts(count: number): DevnetAccount[] {
  const parent = HDNodeWallet.fromPhrase(MNEMONIC, '', "m/44'/60'/0'/0");
  return Array.from({ length: count }, (_, i) => {
    const { address, privateKey } = parent.deriveChild(i);
    return { address: address as Address, privateKey: privateKey as Hex };
  });
}

function keyOf(accounts: readonly DevnetAccount[], index: number): Hex {
  const account = accounts[index];
  if (!account) throw new RangeError(`The devnet has ${accounts.length} accounts, no account ${index}.`);
  return account.privateKey;
}

const spawnAnvil = (args: readonly string[]) =>
  execa(anvilBinary(), args, { reject: false, stdin: 'ignore', buffer: false });
type AnvilProcess = ReturnType<typeof spawnAnvil>;

async function startAnvil(options: DevnetOptions, chainId: number): Promise<{ process: AnvilProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await getPort());
    const anvil = spawnAnvil(anvilArguments(options, chainId, port));
    const problem = await listening(anvil);
    if (problem === null) return { process: anvil, port };
    anvil.kill();
    // A free port can be taken by somebody else before anvil gets it.
    if (options.port !== undefined || attempt === START_ATTEMPTS)
      throw new UserError(
        'OG_DEVNET',
        `The devnet could not start on port ${port}: ${problem}`,
        'Choose another port (--port).',
      );
  }
}

function anvilArguments(options: DevnetOptions, chainId: number, port: number): string[] {
  return [
    ['--port', port],
    ['--chain-id', chainId],
    ['--mnemonic', MNEMONIC],
    ['--accounts', options.accounts ?? 10],
    // As real chains have it, so that nothing works here that does not work there (EIP-7825).
    ['--enable-tx-gas-limit'],
    options.gasLimit === undefined ? [] : ['--gas-limit', options.gasLimit],
    options.blockTimeSeconds === undefined ? [] : ['--block-time', options.blockTimeSeconds],
  ].flatMap((argument) => argument.map(String));
}

/** Waits until anvil answers; null when it does, otherwise what it said. */
async function listening(anvil: AnvilProcess): Promise<string | null> {
  let said = '';
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(`it did not answer in ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    const done = (problem: string | null): void => {
      clearTimeout(timer);
      resolve(problem);
    };
    anvil.stdout.on('data', (chunk: Buffer) => {
      said += said.length < 10_000 ? chunk.toString() : '';
      if (said.includes('Listening on')) done(null);
    });
    anvil.stderr.on('data', (chunk: Buffer) => {
      said += said.length < 10_000 ? chunk.toString() : '';
    });
    void anvil.then(({ shortMessage }) => done(said.trim() || (shortMessage ?? 'it ended at once')));
  });
}

/**
 * The binary itself, from the package that npm installs for this platform: a signal to npm's node shim would not reach it.
 *
 * @throws UserError when there is none for this platform.
 */
export function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  const fromHere = createRequire(import.meta.url);
  try {
    // The platform's package is a dependency of @foundry-rs/anvil, and may be installed below it.
    const shim = fromHere.resolve('@foundry-rs/anvil/package.json');
    return createRequire(pathToFileURL(shim)).resolve(`@foundry-rs/anvil-${process.platform}-${arch}/bin/${name}`);
  } catch (cause) {
    throw new UserError(
      'OG_NO_ANVIL',
      `There is no anvil for ${process.platform} on ${process.arch} in this installation, so a devnet cannot be started.`,
      'Install og again with optional dependencies, or start a node yourself and give its address (--rpc).',
      { cause },
    );
  }
}
