import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hash } from '../../src/commit/hash.js';
import type { Answer } from '../../src/dispute/trace.js';
import type { Reply, Runners } from '../../src/verify/runners.js';
import { type Contradiction, type OwnRuns, SharedVerifier } from '../../src/verify/shared-verifier.js';
import type { Inference } from '../../src/verify/verifier.js';
import { smallInput, smallTrace } from '../chain/small-model.js';
import { errorOf, eventually } from '../chain/world.js';

const truth = (seed: number): Answer => smallTrace(seed).answer;
const ANY = (): boolean => true;
const NONE = (): boolean => false;

function inference(seed: number): Inference {
  const { modelId, inputRoot } = truth(seed);
  return { modelId, inputRoot, input: smallInput(seed), artefactPlaces: async () => [] };
}

/** The answer of a liar who has computed something else. */
function lie(seed: number): Answer {
  return { ...truth(seed), traceRoot: `0x${'66'.repeat(32)}` };
}

/** Something that is asked for and answered when the test says so. */
class Desk<T> {
  readonly open: { readonly inputRoot: Hash; readonly end: (value: T | Error) => void }[] = [];
  /** By input root, in the order in which they were asked for. */
  readonly asked: Hash[] = [];

  ask({ inputRoot }: Inference, signal?: AbortSignal): Promise<T> {
    this.asked.push(inputRoot);
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
      const end = (value: T | Error): void => {
        this.open.splice(this.open.indexOf(entry), 1);
        if (value instanceof Error) reject(value);
        else resolve(value);
      };
      const entry = { inputRoot, end };
      this.open.push(entry);
    });
  }

  async end(seed: number, value: T | Error): Promise<void> {
    const { inputRoot } = truth(seed);
    const of = () => this.open.find((each) => each.inputRoot === inputRoot);
    await eventually(() => of() !== undefined);
    of()?.end(value);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function setUp({ queues = 1, parallel = 1 } = {}) {
  const own = new Desk<Answer>();
  const runners = Array.from({ length: queues }, () => new Desk<Reply>());
  const kept = new Map<Hash, Answer>();
  const contradictions: Contradiction[] = [];
  const rechecks: boolean[] = [];
  const processes: OwnRuns = {
    parallel,
    known: async ({ inputRoot }) => kept.get(inputRoot) ?? null,
    answer: async (asked) => {
      const answer = await own.ask(asked);
      kept.set(asked.inputRoot, answer);
      return answer;
    },
    slots: async () => [],
    forget: async () => undefined,
    close: async () => undefined,
  };
  const verifier = new SharedVerifier({
    own: processes,
    queues: runners.map(
      (desk, i): Runners => ({
        name: `queue ${i}`,
        ask: (each, signal) => desk.ask(each, signal),
        close: async () => {},
      }),
    ),
    onContradiction: (contradiction) => contradictions.push(contradiction),
    onRechecked: (same) => rechecks.push(same),
  });
  return { own, runners, verifier, contradictions, rechecks };
}

const said = (answer: Answer): Reply => ({ answer, runner: 'one' });

test('as long as a process is free here, nobody is asked', async () => {
  const { own, runners, verifier } = setUp();
  const opinion = verifier.opinion(inference(1), 0, ANY);
  await own.end(1, truth(1));
  assert.equal((await opinion).answer, truth(1));
  assert.equal((await opinion).heardFrom, []);
  assert.equal(runners[0]?.asked, []);
});

test('what runners say counts while nothing follows from it, and is run here as soon as there is time', async () => {
  const { own, runners, verifier, rechecks, contradictions } = setUp();
  const first = verifier.opinion(inference(1), 0, ANY);
  const second = verifier.opinion(inference(2), 0, ANY);
  await runners[0]?.end(2, said(truth(2)));
  const { answer, heardFrom, stands } = await second;
  assert.equal(answer, truth(2));
  assert.equal(heardFrom, ['one']);
  assert.ok(stands());
  assert.is(verifier.unchecked, 1);
  assert.is(verifier.queueLength, 0);
  await own.end(1, truth(1));
  await first;
  await own.end(2, truth(2));
  await eventually(() => verifier.unchecked === 0);
  assert.equal(rechecks, [true]);
  assert.equal(contradictions, []);
  assert.ok(stands());
});

test('when something would follow from it, this machine runs it itself, and before all else', async () => {
  const { own, runners, verifier, contradictions } = setUp();
  const others = [verifier.opinion(inference(1), 0, ANY), verifier.opinion(inference(3), 1, ANY)];
  const opinion = verifier.opinion(inference(2), 9, NONE);
  await runners[0]?.end(2, said(lie(2)));
  await own.end(1, truth(1));
  await own.end(2, truth(2));
  assert.equal((await opinion).answer, truth(2));
  assert.equal((await opinion).heardFrom, []);
  assert.equal(own.asked, [truth(1).inputRoot, truth(2).inputRoot, truth(3).inputRoot]);
  assert.is(contradictions.length, 1);
  assert.is(contradictions[0]?.runner, 'one');
  await own.end(3, truth(3));
  await Promise.all(others);
});

test('a runner that calls a wrong claim correct is found out, and nothing that runners have said counts any more', async () => {
  const { own, runners, verifier, rechecks, contradictions } = setUp();
  const busy = verifier.opinion(inference(1), 0, ANY);
  const believed = verifier.opinion(inference(2), 0, ANY);
  const alsoBelieved = verifier.opinion(inference(3), 0, ANY);
  await runners[0]?.end(2, said(lie(2)));
  await runners[0]?.end(3, said(truth(3)));
  const [two, three] = await Promise.all([believed, alsoBelieved]);
  await own.end(1, truth(1));
  await busy;
  await Promise.all([own.end(2, truth(2)), own.end(3, truth(3))]); // lots decide which is first
  await eventually(() => verifier.unchecked === 0);
  assert.is(contradictions.length, 1);
  assert.is(rechecks.filter((same) => !same).length, 1);
  assert.not.ok(two.stands());
  assert.not.ok(three.stands());
  assert.equal((await verifier.opinion(inference(2), 0, ANY)).answer, truth(2), 'what was computed here is known');
  const asked = runners[0]?.asked.length;
  const last = [verifier.opinion(inference(4), 0, ANY), verifier.opinion(inference(5), 0, ANY)];
  await own.end(4, truth(4));
  await own.end(5, truth(5));
  await Promise.all(last);
  assert.is(runners[0]?.asked.length, asked, 'and nobody is asked any more');
});

test('of several queues all have to say the same', async () => {
  for (const [replies, heard] of [
    [[truth(2), truth(2)], true],
    [[truth(2), lie(2)], false],
    [[truth(2), new Error('gone')], false],
  ] as const) {
    const { own, runners, verifier } = setUp({ queues: 2 });
    const busy = verifier.opinion(inference(1), 0, ANY);
    const opinion = verifier.opinion(inference(2), 0, ANY);
    for (const [i, reply] of replies.entries()) await runners[i]?.end(2, reply instanceof Error ? reply : said(reply));
    await own.end(1, truth(1));
    await busy;
    await own.end(2, truth(2));
    assert.is((await opinion).heardFrom.length > 0, heard);
    assert.equal((await opinion).answer, truth(2));
  }
});

test('a queue that fails, or never answers, costs nothing but its help', async () => {
  const { own, runners, verifier } = setUp();
  const opinions = [1, 2, 3].map((seed) => verifier.opinion(inference(seed), seed, ANY));
  await runners[0]?.end(2, new Error('cannot be reached'));
  for (const seed of [1, 2, 3]) await own.end(seed, truth(seed));
  for (const opinion of opinions) assert.equal((await opinion).heardFrom, []);
});

test('an answer of runners that is no longer enough is not waited for behind other answers of runners', async () => {
  const { own, runners, verifier } = setUp();
  const busy = verifier.opinion(inference(1), 0, ANY);
  for (const seed of [2, 3, 4, 5]) {
    const opinion = verifier.opinion(inference(seed), 0, ANY);
    await runners[0]?.end(seed, said(truth(seed)));
    await opinion;
  }
  const own4 = verifier.answer(inference(4), 7);
  const own5 = verifier.opinion(inference(5), 8, NONE);
  await new Promise((resolve) => setImmediate(resolve));
  await own.end(1, truth(1));
  await busy;
  await eventually(() => own.open.length === 1);
  assert.is(own.open[0]?.inputRoot, truth(5).inputRoot, 'somebody may be wrong there: it goes first');
  await own.end(5, truth(5));
  assert.equal((await own5).heardFrom, []);
  await own.end(4, truth(4));
  assert.equal(await own4, truth(4));
});

test('one process is left to what is urgent', async () => {
  const { own, runners, verifier } = setUp({ parallel: 2 });
  const busy = [verifier.opinion(inference(1), 0, ANY), verifier.opinion(inference(2), 0, ANY)];
  for (const seed of [3, 4]) {
    const opinion = verifier.opinion(inference(seed), 0, ANY);
    await runners[0]?.end(seed, said(truth(seed)));
    await opinion;
  }
  await own.end(1, truth(1));
  await own.end(2, truth(2));
  await Promise.all(busy);
  await eventually(() => own.open.length === 1);
  const urgent = verifier.opinion(inference(5), 0, ANY);
  await own.end(5, truth(5));
  assert.equal((await urgent).heardFrom, []);
});

test('closing ends what waits', async () => {
  const { verifier } = setUp();
  const opinions = [1, 2].map((seed) => errorOf(verifier.opinion(inference(seed), 0, ANY)));
  await new Promise((resolve) => setImmediate(resolve));
  await verifier.close();
  for (const error of opinions) assert.match((await error).message, 'closed');
  assert.match((await errorOf(verifier.answer(inference(3), 0))).message, 'closed');
});

test.run();
