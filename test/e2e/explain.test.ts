/** A match as evidence: written by who can ask the chain, checked by somebody who cannot, each a process of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EvidenceBundle } from '../../src/cli/evidence-file.js';
import { challengeJob } from '../../src/watch/challenge.js';
import { playOwnClaims } from '../../src/worker/play.js';
import { tamper } from '../../src/worker/tamper.js';
import { LIAR, WATCHTOWER, World } from '../chain/world.js';
import { build, Terminal } from './og.js';

const test = suite('a match as evidence');
let world: World;
let reader: Terminal;
/** Has the evidence, and no chain. */
let stranger: Terminal;
let artefact: string;

test.before(async () => {
  await build();
  world = await World.create();
  reader = new Terminal({ OG_RPC_URL: world.devnet.url, OG_DEPLOYMENT: world.contracts.address });
  stranger = new Terminal({ OG_RPC_URL: 'http://127.0.0.1:9' });
  artefact = world.store.artefactPath(world.model.modelId);

  const { contracts, store, verifier, devnet } = world;
  const jobId = await world.request();
  const trace = tamper(world.truth, { slot: 3, element: 33 });
  await world.claim(LIAR, jobId, trace);
  const sender = devnet.sender(WATCHTOWER);
  const challenging = challengeJob({ contracts, store, verifier, sender, jobId, pollMs: 20 });
  await playOwnClaims({ contracts, sender: devnet.sender(LIAR), jobId, trace, pollMs: 20 });
  assert.is((await challenging).outcome, 'won');
});
test.after(async () => {
  await world?.stop();
  reader?.close();
  stranger?.close();
});

/** What the stranger was given, with something changed. */
function given(name: string, change: (bundle: EvidenceBundle) => unknown): string {
  const bundle = JSON.parse(readFileSync(join(reader.folder, 'evidence.json'), 'utf8')) as EvidenceBundle;
  writeFileSync(join(stranger.folder, name), JSON.stringify(change(bundle)));
  return name;
}

const otherDigit = (hex: string, at: number): string =>
  `${hex.slice(0, at)}${hex[at] === '0' ? '1' : '0'}${hex.slice(at + 1)}`;

test('--out writes what --verify finds true without a chain, down to the element', async () => {
  const told = await reader.og('explain', '1-2', '--model', artefact, '--out', 'evidence.json', '--json');
  assert.is(told.exitCode, 0, told.stderr);
  assert.is(told.json.evidence, 'evidence.json');
  assert.equal([told.json.found.slot, told.json.found.name, told.json.found.element], [3, 'sum', 33]);

  const file = given('evidence.json', (bundle) => bundle);
  const checked = await stranger.og('explain', '--verify', file, '--model', artefact, '--json');
  assert.is(checked.exitCode, 0, checked.stdout + checked.stderr);
  assert.is(checked.json.ok, true);
  const plain = await stranger.og('explain', '--verify', file, '1-2');
  assert.is(plain.exitCode, 0, plain.stdout + plain.stderr);
  assert.match(plain.stdout, /claim 1 is wrong/);
  assert.match(plain.stdout, new RegExp(`that element is ${world.truth.slots[3]?.[33]}`));
});

test('evidence that was tampered with does not hold: exit code 4', async () => {
  const changes: Record<string, (bundle: EvidenceBundle) => unknown> = {
    'another loser': (bundle) => ({ ...bundle, ending: { ...bundle.ending, losers: [false, true] } }),
    'another seal': ({ claims: [first, second], ...bundle }) => ({
      ...bundle,
      claims: [{ ...first, seal: otherDigit(first.seal, 10) }, second],
    }),
    'another claimant': ({ claims: [first, second], ...bundle }) => ({
      ...bundle,
      claims: [{ ...first, claimant: second.claimant }, second],
    }),
    'one digit of what was signed': ({ transactions, ...bundle }) => ({
      ...bundle,
      transactions: transactions.map((each, i) =>
        i === transactions.length - 1 && each.signed
          ? { ...each, signed: otherDigit(each.signed, Math.floor(each.signed.length / 2)) }
          : each,
      ),
    }),
    'a move left out': ({ transactions, ...bundle }) => ({
      ...bundle,
      transactions: transactions.filter((_, i) => i !== 3),
    }),
    'another input': ({ job, ...bundle }) => ({ ...bundle, job: { ...job, inputRoot: otherDigit(job.inputRoot, 20) } }),
  };
  for (const [name, change] of Object.entries(changes)) {
    const file = given('changed.json', change);
    const { exitCode, json, stdout } = await stranger.og('explain', '--verify', file, '--json');
    assert.is(exitCode, 4, `${name}: ${stdout}`);
    assert.is(json.ok, false, name);
  }
});

test('what is no evidence is refused by name: exit code 2', async () => {
  for (const [file, args, code] of [
    [given('odd.json', () => ({ schema: 'og.evidence.v9' })), [], 'OG_BAD_EVIDENCE'],
    [given('odd.json', ({ claims: _, ...bundle }) => bundle), [], 'OG_BAD_EVIDENCE'],
    [given('evidence.json', (bundle) => bundle), ['1-3'], 'OG_OTHER_MATCH'],
  ] as const) {
    const content = readFileSync(join(stranger.folder, file), 'utf8');
    writeFileSync(join(stranger.folder, 'given.json'), content);
    const { exitCode, json } = await stranger.og('explain', '--verify', 'given.json', ...args, '--json');
    assert.is(exitCode, 2);
    assert.is(json.error.code, code);
  }
  const missing = await stranger.og('explain', '--verify', 'nowhere.json', '--json');
  assert.is(missing.exitCode, 2);
  assert.is((await stranger.og('explain', '--json')).json.error.code, 'OG_NO_MATCH');
});

test.run();
