/** A watchtower with a queue: runners that die, a Redis that forgets, and a lie that is caught all the same. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { registerModel } from '../../src/chain/model-registry.js';
import { inputRootOf } from '../../src/commit/model.js';
import type { DecisionLine } from '../../src/watch/line.js';
import { tamper } from '../../src/worker/tamper.js';
import { smallInput, smallTrace } from '../chain/small-model.js';
import { CLIENT, eventually, LIAR, WATCHTOWER, WORKER, World } from '../chain/world.js';
import { noRedis, RedisServer } from '../helpers/redis.js';
import { build, Terminal } from './og.js';

const missing = noRedis();
const test = suite('a watchtower with runners');
const cases = missing ? test.skip : test;
if (missing) process.stdout.write(`Left out: ${missing}.\n`);

/** A process of og that says one JSON line for each decision. */
class Daemon {
  readonly lines: DecisionLine[] = [];
  private readonly running: ReturnType<Terminal['start']>;

  constructor(terminal: Terminal, ...args: readonly string[]) {
    this.running = terminal.start(...args, '--json');
    createInterface({ input: this.running.stdout }).on('line', (line) => {
      if (line.startsWith('{"')) this.lines.push(JSON.parse(line));
      else process.stderr.write(`${line}\n`); // an error, over several lines
    });
  }

  said(decision: string, job?: bigint): DecisionLine[] {
    return this.lines.filter((line) => line.decision === decision && (job === undefined || line.job === Number(job)));
  }

  /** The processes that it runs models in. */
  get children(): number[] {
    const { pid } = this.running;
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.running.kill(signal);
    await this.running;
  }
}

let redis: RedisServer;
let world: World;
let web: Server;
const daemons: Daemon[] = [];
const terminals: Terminal[] = [];

test.before(async () => {
  if (missing) return;
  await build();
  [redis, world] = await Promise.all([RedisServer.start(), World.create()]);
  const artefact = readFileSync(world.store.artefactPath(world.model.modelId));
  web = createServer((_, response) => response.end(artefact));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  const uri = `http://127.0.0.1:${(web.address() as AddressInfo).port}/small.og`;
  const noHash = `0x${'00'.repeat(32)}` as const;
  const provenance = { sourceSha256: noHash, fidelityHash: noHash, uri };
  await registerModel(world.contracts, world.devnet.sender(CLIENT), world.model.commitment.model, provenance);
});
test.after(async () => {
  for (const daemon of daemons) await daemon.end('SIGKILL');
  for (const terminal of terminals) terminal.close();
  web?.close();
  await redis?.kill();
  await world?.stop();
});

function daemon(environment: Record<string, string>, ...args: readonly string[]): Daemon {
  const terminal = new Terminal({ OG_QUEUE: redis.url, ...environment });
  terminals.push(terminal);
  const made = new Daemon(terminal, ...args);
  daemons.push(made);
  return made;
}

const runner = (name: string): Daemon => daemon({}, 'runner', '--name', name, '--parallel', '1');

async function claimed(seed: number, lie = false): Promise<bigint> {
  const input = smallInput(seed);
  const truth = smallTrace(seed);
  assert.is(truth.answer.inputRoot, inputRootOf(world.model.commitment.model, input));
  const job = await world.request({ input });
  await world.claim(lie ? LIAR : WORKER, job, lie ? tamper(truth, { slot: 3, element: 3 }) : truth);
  return job;
}

const verdict = (tower: Daemon, job: bigint): string => tower.said('judge', job).at(-1)?.reason ?? '';

cases(
  'two runners, one killed with -9 in mid-run, Redis killed and empty again: no job is lost, and a lie is caught',
  async () => {
    const tower = daemon(
      {
        OG_RPC_URL: world.devnet.url,
        OG_DEPLOYMENT: world.contracts.address,
        OG_PRIVATE_KEY: world.devnet.accounts[WATCHTOWER]!.privateKey,
      },
      'watch',
      '--parallel',
      '1',
    );
    const first = await claimed(1);
    await eventually(() => /is correct$/.test(verdict(tower, first)));

    // from here on the watchtower's own process is busy for as long as the test wants
    const [busy] = tower.children as [number];
    process.kill(busy, 'SIGSTOP');
    const hung = await claimed(2);
    await eventually(() => tower.said('wait', hung).length > 0);

    const one = runner('one');
    const second = await claimed(3);
    await eventually(() => /is correct, says one$/.test(verdict(tower, second)));
    const [inOne] = one.children as [number];
    process.kill(inOne, 'SIGSTOP');
    const third = await claimed(4);
    await eventually(async () => (await redis.with((client) => client.llen('og:runs-1:active'))) === 1);
    await one.end('SIGKILL');
    process.kill(inOne, 'SIGKILL');
    const two = runner('two');
    await eventually(() => /is correct, says two$/.test(verdict(tower, third)));

    await redis.kill();
    const fourth = await claimed(5);
    await eventually(() => tower.said('wait', fourth).length > 0);
    await redis.startAgain();
    await eventually(() => /is correct, says two$/.test(verdict(tower, fourth)));

    const lie = await claimed(6, true);
    await eventually(() => two.said('run').length >= 3);
    assert.equal(tower.said('judge', lie), [], 'no runner calls a claim wrong');
    process.kill(busy, 'SIGCONT');
    await eventually(() => tower.said('challenge', lie).length === 1);
    assert.match(verdict(tower, lie), /is wrong$/);
    await eventually(() => /is correct$/.test(verdict(tower, hung)));
    assert.is(tower.said('challenge').length, 1);
    assert.equal(
      tower.said('alert').filter(({ reason }) => reason.startsWith('runnerContradicted')),
      [],
    );
    await two.end('SIGTERM');
    await tower.end('SIGTERM');
  },
);

cases('doctor looks at the queue', async () => {
  const terminal = new Terminal({ OG_RPC_URL: 'http://127.0.0.1:9' });
  terminals.push(terminal);
  const found = async (url: string) => {
    const { json } = await terminal.og('doctor', '--json', '--queue', url);
    return json.findings.find(({ check }: { check: string }) => check === 'queue');
  };
  const nobody = await found(redis.url);
  assert.is(nobody.result, 'failed');
  assert.match(nobody.todo, 'og runner');
  const serving = runner('three');
  await eventually(() => serving.said('serve').length > 0);
  const ready = await found(redis.url);
  assert.is(ready.result, 'ok', ready.detail);
  assert.match(ready.detail, /0 runs wait, 1 runners/);
  const gone = await found('redis://:secret@127.0.0.1:9');
  assert.is(gone.result, 'failed');
  assert.match(gone.detail, /^redis:\/\/127\.0\.0\.1:9 cannot be used: .*ECONNREFUSED/);
  await serving.end('SIGTERM');
});

test('a runner says what is wrong with how it was started', async () => {
  await build();
  const terminal = new Terminal();
  terminals.push(terminal);
  for (const [args, code] of [
    [[], 'OG_BAD_QUEUE'],
    [['--queue', 'redis://a', '--queue', 'redis://b'], 'OG_BAD_QUEUE'],
    [['--queue', 'localhost:6379'], 'OG_BAD_QUEUE'],
    [['--queue', 'redis://a', '--name', 'two words'], 'OG_BAD_NAME'],
  ] as const) {
    const { exitCode, json } = await terminal.og('runner', ...args, '--json');
    assert.is(exitCode, 2);
    assert.is(json.error.code, code);
  }
});

test.run();
