/** A few of the strategies of `npm run liars`, on the small model; and that a lost game is seen to be one. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lieIn } from './lies.js';
import { STRATEGIES } from './register.js';
import { playStrategy, type Strategy } from './strategy.js';
import { Workshop } from './subject.js';

const test = suite('liars');
const small = { subject: 'small' } as const;
const workshop = new Workshop();
test.after(() => workshop.close());

test('every strategy has a name of its own', () => {
  const names = STRATEGIES.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  assert.ok(names.length >= 30, `${names.length} strategies`);
});

test('docs/security.md names every strategy', () => {
  const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
  const missing = STRATEGIES.filter(({ name }) => !page.includes(`\`${name}\``)).map(({ name }) => name);
  assert.equal(missing, []);
});

for (const name of ['right-output-wrong-trace', 'children-that-do-not-hash-by-a-challenger', 'claimant-is-gone'])
  test(name, async () => {
    const strategy = STRATEGIES.find((each) => each.name === name) as Strategy;
    const { problems, accounts } = await playStrategy(workshop, { ...strategy, stage: small });
    assert.equal(problems, []);
    assert.ok(accounts.length > 0);
  });

test('a lie that nobody watches becomes final, and is reported', async () => {
  const { problems } = await playStrategy(workshop, {
    name: 'unwatched',
    sentence: 'lies where nobody looks',
    stage: small,
    async play(stage) {
      const job = await stage.request();
      const { trace } = lieIn(stage, 3);
      const liar = stage.liar(trace, { moves: 0 });
      await stage.claim(job, liar.account, trace);
      const { job: state } = await stage.view(job);
      await stage.chain.devnet.passSeconds(stage.contracts.parameters.challengeWindowSeconds + 1);
      await stage.finalize(job, liar);
      stage.require(state.status === 'open', 'the job was to be open');
    },
  });
  assert.is(problems.length, 1);
  assert.match(problems[0] ?? '', 'a wrong result became final');
});

test('an honest party that loses its bond is reported', async () => {
  const { problems } = await playStrategy(workshop, {
    name: 'absent',
    sentence: 'challenges a right claim that nobody defends',
    stage: small,
    async play(stage) {
      const job = await stage.request();
      const gone = await stage.outsider('claimant');
      await stage.claim(job, gone, stage.truth);
      const liar = stage.liar(lieIn(stage, 3).trace);
      await stage.challenge(job, liar);
      await stage.play(([view]) => view?.matches[0]?.turn === 0);
      await stage.chain.devnet.passSeconds(stage.contracts.parameters.clockSeconds + 1);
      const [match] = (await stage.view(job)).matches;
      assert.ok(match && (await liar.send(stage.contracts.matches.call('callTime', [match.id]))));
      await stage.chain.devnet.passSeconds(stage.contracts.parameters.challengeWindowSeconds + 1);
      await stage.finalize(job, liar);
    },
  });
  assert.ok(
    problems.some((problem) => /the honest claim 1 has lost/.test(problem)),
    problems.join('; '),
  );
  assert.ok(
    problems.some((problem) => /the honest claimant has lost 50000000000000000 wei/.test(problem)),
    problems.join('; '),
  );
  assert.ok(
    problems.some((problem) => /a wrong result became final/.test(problem)),
    problems.join('; '),
  );
});

test.run();
