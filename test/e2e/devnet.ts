import getPort from 'get-port';
import type { Terminal } from './og.js';

export interface RunningDevnet {
  readonly rpcUrl: string;
  readonly deployment: string;
  readonly accounts: readonly { address: string; privateKey: string }[];
  /** Settings of the person with this account. */
  as(account: number): Record<string, string>;
  passSeconds(seconds: number): Promise<void>;
  stop(): Promise<number | undefined>;
}

/** `og devnet` in a process of its own, as soon as it has printed its facts. */
export async function runDevnet(terminal: Terminal, ...flags: readonly string[]): Promise<RunningDevnet> {
  const running = terminal.start('devnet', '--json', '--port', String(await getPort()), ...flags);
  const { rpcUrl, contracts, accounts } = JSON.parse(await firstObject(running.stdout));
  const rpc = (method: string, params: readonly unknown[]): Promise<Response> =>
    fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
  return {
    rpcUrl,
    accounts,
    deployment: contracts.deployment,
    as: (account) => ({
      OG_RPC_URL: rpcUrl,
      OG_DEPLOYMENT: contracts.deployment,
      OG_PRIVATE_KEY: accounts[account].privateKey,
    }),
    async passSeconds(seconds) {
      await rpc('evm_increaseTime', [seconds]);
      await rpc('evm_mine', []);
    },
    async stop() {
      running.kill('SIGINT');
      return (await running).exitCode;
    },
  };
}

/** Reads until the braces close. */
async function firstObject(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/^\}$/m.test(text)) resolve(text);
    });
    stream.on('end', () => reject(new Error(`og devnet ended: ${text}`)));
  });
}
