/** Everything that goes wrong around the daemons, at moments that the seed draws. */
import { rmSync, writeFileSync } from 'node:fs';
import { Random } from '../../fixtures/random.js';
import type { Node } from '../../src/chain/provider.js';
import { type Faults, FaultyRpc, NO_FAULTS } from '../../test/helpers/faulty-rpc.js';
import type { Daemon } from './daemon.js';

export interface WeatherCounts {
  kills: number;
  reorgs: number;
  deepestReorg: number;
  feeSpikes: number;
  fullDisks: number;
  hungRuns: number;
  lags: number;
  lies: number;
}

/** Three calls in ten fail: most with an error at once, some with no answer, some with something that is no answer. */
const UNRELIABLE: Partial<Faults> = { failRate: 0.22, silentRate: 0.03, garbageRate: 0.066 };

type Lie = NonNullable<Faults['lie']>;

const LIES: readonly Lie[] = [
  (method, params, result) => (method === 'eth_call' && typeof params[1] === 'object' ? otherWord(result) : result),
  (method, _, result) => (method === 'eth_getLogs' ? (result as unknown[]).slice(0, -1) : result),
  (method, _, result) => (method === 'eth_getTransactionReceipt' ? null : result),
  (method, _, result) => (method === 'eth_getBalance' ? '0x0' : result),
];

/** The last digit of each 32 bytes is another. */
function otherWord(result: unknown): unknown {
  if (typeof result !== 'string') return result;
  return result.replace(/([0-9a-f]{63})([0-9a-f])/gi, (_, word, digit) => word + (digit === '0' ? '1' : '0'));
}

export type CallCounts = Record<(typeof CALL_FAULTS)[number], number>;

const CALL_FAULTS = ['requests', 'failed', 'silent', 'garbage', 'lagged', 'lied'] as const;
/** Of all requests, so many must have failed in one way or another. */
const LEAST_FAILED = 0.25;

export class Weather {
  readonly counts: WeatherCounts = {
    kills: 0,
    reorgs: 0,
    deepestReorg: 0,
    feeSpikes: 0,
    fullDisks: 0,
    hungRuns: 0,
    lags: 0,
    lies: 0,
  };
  private readonly random: Random;
  private over = false;
  private readonly storms: Promise<void>[] = [];

  constructor(
    seed: number,
    private readonly node: Node,
    private readonly proxies: readonly FaultyRpc[],
    private readonly daemons: readonly Daemon[],
    private readonly fullDiskFlag: string,
    /** On average; a busy machine takes longer to start a process, and needs more. */
    private readonly killEverySeconds: number,
  ) {
    this.random = new Random(seed ^ 0x5f5f);
  }

  static async proxies(url: string, seed: number): Promise<FaultyRpc[]> {
    const seeds = [1, 2, 3].map((each) => seed * 10 + each);
    return Promise.all(seeds.map((each) => FaultyRpc.start(url, UNRELIABLE, each)));
  }

  /** What has come to the nodes' callers. */
  get calls(): CallCounts {
    const sum = (kind: keyof CallCounts): number => this.proxies.reduce((total, { counts }) => total + counts[kind], 0);
    return Object.fromEntries(CALL_FAULTS.map((kind) => [kind, sum(kind)])) as CallCounts;
  }

  /** What was to happen and did not, in sentences: a run without it has shown nothing. */
  missing(): string[] {
    const { calls, counts } = this;
    const never = Object.entries({ ...counts, ...calls }).filter(([, count]) => count === 0);
    const failed = (calls.failed + calls.silent + calls.garbage) / calls.requests;
    const idle = this.daemons.filter(({ kills }) => kills === 0);
    return [
      ...never.map(([kind]) => `no ${kind}: what was planned never happened`),
      ...idle.map(({ name }) => `${name} was never killed`),
      ...(failed < LEAST_FAILED ? [`only ${Math.round(failed * 100)} % of the requests failed`] : []),
    ];
  }

  begin(): void {
    this.repeat(this.killEverySeconds / 2, this.killEverySeconds * 1.5, () => this.kill());
    this.repeat(15, 30, () => this.reorganise());
    this.repeat(20, 40, () => this.spike());
    this.repeat(20, 40, () => this.fillDisk());
    this.repeat(10, 20, () => this.hang());
    this.repeat(1, 5, () => this.badNode());
  }

  async end(): Promise<void> {
    this.over = true;
    await Promise.all(this.storms);
    rmSync(this.fullDiskFlag, { force: true });
  }

  private repeat(fromSeconds: number, toSeconds: number, what: () => Promise<void>): void {
    const storm = async (): Promise<void> => {
      for (;;) {
        await this.pause(this.random.between(fromSeconds, toSeconds));
        if (this.over) return;
        await what();
      }
    };
    this.storms.push(storm());
  }

  private async pause(seconds: number): Promise<void> {
    const until = Date.now() + seconds * 1_000;
    while (!this.over && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 200));
  }

  private async kill(): Promise<void> {
    this.daemons[this.random.integer(0, this.daemons.length - 1)]?.killAndStart();
    this.counts.kills++;
  }

  private async reorganise(): Promise<void> {
    const depth = this.random.integer(1, 10);
    await this.node.send('anvil_reorg', [depth, []]);
    // Anvil goes on from the times of the blocks that it took back; other chains keep to the time of day.
    await this.node.send('evm_setNextBlockTimestamp', [Math.floor(Date.now() / 1000) + 1]).catch(() => undefined);
    this.counts.reorgs++;
    this.counts.deepestReorg = Math.max(this.counts.deepestReorg, depth);
  }

  private async spike(): Promise<void> {
    const gwei = this.random.integer(20, 200);
    await this.node.send('anvil_setNextBlockBaseFeePerGas', [`0x${(BigInt(gwei) * 10n ** 9n).toString(16)}`]);
    this.counts.feeSpikes++;
  }

  private async fillDisk(): Promise<void> {
    writeFileSync(this.fullDiskFlag, '');
    this.counts.fullDisks++;
    await this.pause(this.random.between(5, 15));
    rmSync(this.fullDiskFlag, { force: true });
  }

  private async hang(): Promise<void> {
    const daemon = this.daemons[this.random.integer(0, this.daemons.length - 1)];
    if (daemon?.hangARun()) this.counts.hungRuns++;
  }

  /** One of the nodes, and no more, shows an old chain or lies for a while. */
  private async badNode(): Promise<void> {
    const proxy = this.proxies[this.random.integer(0, this.proxies.length - 1)] as FaultyRpc;
    const lies = this.random.unit() < 0.5;
    if (lies) this.counts.lies++;
    else this.counts.lags++;
    const lie = lies ? (LIES[this.random.integer(0, LIES.length - 1)] as Lie) : null;
    proxy.set(lies ? { lie } : { lagBlocks: this.random.integer(1, 50) });
    await this.pause(this.random.between(5, 20));
    proxy.set({ ...NO_FAULTS, ...UNRELIABLE });
  }
}
