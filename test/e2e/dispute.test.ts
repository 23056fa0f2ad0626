/** Liars against the commands that catch them, each in a process of its own. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RunningDevnet, runDevnet } from './devnet.js';
import { build, fixture, Terminal } from './og.js';

const test = suite('liars caught, process by process');
const SEVEN = fixture('digits/seven.npy');
let home: Terminal;
let devnet: RunningDevnet;

test.before(async () => {
  await build();
  home = new Terminal();
  devnet = await runDevnet(home, '--window', '10m', '--clock', '10m');
  await home.og('compile', fixture('digits/digits.onnx'), '-c', fixture('digits/calibration.npz'));
  assert.is((await home.with(devnet.as(1)).og('register', 'digits.og')).exitCode, 0);
});
test.after(async () => {
  await devnet?.stop();
  home?.close();
});

test('challenge: finds the step, wins, and says "wrong" with exit code 4', async () => {
  const liar = home
    .with(devnet.as(3))
    .start('submit', '-m', 'digits.og', '-i', SEVEN, '--tamper', '3:500', '--play', '--json');
  const jobId = await claimedJob(liar.stdout);
  const tower = home.with(devnet.as(4));
  const dry = await tower.og('challenge', jobId, '--dry-run', '--json');
  assert.is(dry.exitCode, 4);
  assert.is(dry.json.verdict, 'wrong');
  assert.is(dry.json.claimId, null);
  const { exitCode, json, stderr } = await tower.og('challenge', jobId, '--json');
  assert.is(exitCode, 4, stderr);
  assert.is(json.foundStep, 3);
  assert.is(json.found.element, 500);
  assert.is(json.outcome, 'won');
  assert.ok(json.rounds > 0 && json.gasUsed > 0 && json.matchGasUsed > json.gasUsed);
  assert.is((await liar).exitCode, 0);
  const match = await tower.og('match', String(json.matchId), '--json');
  assert.equal([match.json.phase, match.json.ending, match.json.place.element], ['over', 'proof', 500]);
});

test('watch: notices, disputes, and the right answer becomes final', async () => {
  const watching = home.with(devnet.as(5)).start('watch', '--json');
  const lines = jsonLines(watching.stdout);
  const liar = home
    .with(devnet.as(3))
    .start('submit', '-m', 'digits.og', '-i', SEVEN, '--tamper', '5', '--play', '--json');
  const job = Number(await claimedJob(liar.stdout));
  const seen = await lines.until((line) => line.job === job && line.decision === 'proveStep');
  const ofJob = seen.filter((line) => line.job === job);
  for (const decision of ['judge', 'challenge', 'revealAndMove', 'proveStep'])
    assert.ok(
      ofJob.some((line) => line.decision === decision),
      decision,
    );
  assert.is(ofJob.find((line) => line.decision === 'judge')?.verdict, 'wrong');
  assert.is((await liar).exitCode, 0);
  await devnet.passSeconds(601);
  await lines.until((line) => line.job === job && line.decision === 'finalize');
  watching.kill('SIGINT');
  assert.is((await watching).exitCode, 0, 'a signal is the way to end it');
  assert.is((await home.with(devnet.as(1)).og('result', String(job), '--json')).json.status, 'final');
});

test('watch: a liar that says nothing loses by time', async () => {
  const liar = await home.with(devnet.as(3)).og('submit', '-m', 'digits.og', '-i', SEVEN, '--tamper', '4', '--json');
  const job = liar.json.jobId as number;
  const watching = home.with(devnet.as(5)).start('watch', '--json');
  const lines = jsonLines(watching.stdout);
  await lines.until((line) => line.job === job && line.decision === 'revealAndMove');
  await devnet.passSeconds(601);
  await lines.until((line) => line.job === job && line.decision === 'callTime');
  watching.kill('SIGTERM');
  await watching;
  const { json } = await home.with(devnet.as(1)).og('job', String(job), '--json');
  assert.equal(json.claims.map(({ status }: { status: string }) => status)[0], 'lost');
  assert.is(json.matches[0].ending, 'time');
});

test('worker: answers a request and collects the fee', async () => {
  const client = home.with(devnet.as(1));
  const asked = await client.og('request', '-m', 'digits.og', '-i', SEVEN, '--fee', '0.002', '--json');
  const job = asked.json.jobId as number;
  const working = home.with(devnet.as(6)).start('worker', '--model', 'digits.og', '--min-fee', '0.001', '--json');
  const lines = jsonLines(working.stdout);
  await lines.until((line) => line.job === job && line.decision === 'submit');
  await devnet.passSeconds(601);
  await lines.until((line) => line.job === job && line.decision === 'finalize');
  working.kill('SIGINT');
  assert.is((await working).exitCode, 0);
  assert.is((await client.og('result', String(job), '--json')).json.status, 'final');
});

interface Line {
  readonly job: number | null;
  readonly decision: string;
  readonly verdict?: string;
}

/** Collects JSON lines; what was read stays. */
function jsonLines(stream: NodeJS.ReadableStream): { until(wanted: (line: Line) => boolean): Promise<Line[]> } {
  const lines: Line[] = [];
  let rest = '';
  let told = (): void => {};
  stream.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map((part) => JSON.parse(part) as Line));
    told();
  });
  return {
    async until(wanted) {
      const giveUpAt = Date.now() + 60_000;
      while (!lines.some(wanted)) {
        if (Date.now() > giveUpAt) throw new Error(`It did not come: ${JSON.stringify(lines.slice(-8), null, 1)}`);
        await new Promise<void>((resolve) => {
          told = resolve;
          setTimeout(resolve, 500).unref();
        });
      }
      return lines;
    },
  };
}

/** The number of the job, as soon as `submit --play` has printed what it posted. */
async function claimedJob(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for (;;) {
    const chunk = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    text += chunk.toString();
    const match = /"jobId": (\d+)/.exec(text);
    if (match) return match[1] as string;
  }
}

test.run();
