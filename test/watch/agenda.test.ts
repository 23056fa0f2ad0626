import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type JobId, jobId, timestamp } from '../../src/units.js';
import { Agenda } from '../../src/watch/agenda.js';
import { NEVER } from '../../src/watch/due.js';

const [one, two, three] = [1, 2, 3].map(jobId) as [JobId, JobId, JobId];
const free = (): boolean => true;
const at = (now: number) => timestamp(now);
/** All that are due, in their order; each is looked at, and stays as it was. */
function due(agenda: Agenda, now: number, nowMs = 0): JobId[] {
  const found: JobId[] = [];
  for (;;) {
    const id = agenda.next(at(now), nowMs, (each) => !found.includes(each));
    if (id === null) return found;
    found.push(id);
  }
}
function look(agenda: Agenda, id: JobId, deadline: number, quietUntil: number, nowMs = 0): void {
  agenda.begin(id);
  agenda.looked(id, { deadline: at(deadline), quietUntil: at(quietUntil) }, nowMs);
}

test('the nearest deadline comes first, and before it what was not looked at yet', () => {
  const agenda = new Agenda();
  for (const id of [one, two, three]) agenda.touch(id);
  look(agenda, one, 90, 0);
  look(agenda, two, 80, 0);
  assert.equal(due(agenda, 50), [three], 'each is looked at once for each time the chain was read');
  agenda.chainWasRead();
  assert.equal(due(agenda, 50), [three, two, one]);
  assert.is(
    agenda.next(at(50), 0, (id) => id !== three),
    two,
  );
});

test('what a job that was not looked at is expected to ask for decides when it is; a look decides from then on', () => {
  const agenda = new Agenda();
  for (const id of [one, two, three]) agenda.touch(id);
  agenda.expect(one, { deadline: at(70), quietUntil: at(0) }, at(50), 0);
  agenda.expect(two, { deadline: at(60), quietUntil: at(60) }, at(50), 0);
  agenda.expect(three, { deadline: at(3), quietUntil: at(0) }, at(50), 0);
  assert.equal(due(agenda, 50), [three, one]);
  look(agenda, one, 90, 90);
  agenda.expect(one, { deadline: at(1), quietUntil: at(0) }, at(50), 0);
  agenda.chainWasRead();
  assert.equal(due(agenda, 60), [three, two]);
  agenda.touch(two);
  assert.equal(due(agenda, 50), [three, two], 'something has happened to it');
});

test('a quiet job is left alone until its time has come, or something happens to it, or a minute has passed', () => {
  const agenda = new Agenda();
  agenda.touch(one);
  look(agenda, one, 100, 101);
  agenda.chainWasRead();
  assert.equal(due(agenda, 100), []);
  assert.equal(due(agenda, 101), [one]);
  agenda.stir(one);
  assert.equal(due(agenda, 50), [one]);
  look(agenda, one, 100, NEVER, 1_000);
  agenda.chainWasRead();
  assert.equal(due(agenda, 50, 60_999), []);
  assert.equal(due(agenda, 50, 61_000), [one]);
});

test('what happens during a look makes for another one', () => {
  const agenda = new Agenda();
  agenda.touch(one);
  agenda.begin(one);
  agenda.stir(one);
  agenda.looked(one, { deadline: at(100), quietUntil: NEVER }, 0);
  assert.is(agenda.next(at(50), 0, free), one);
});

test('a look that failed leaves nothing quiet', () => {
  const agenda = new Agenda();
  agenda.touch(one);
  look(agenda, one, 100, NEVER);
  agenda.touch(one);
  agenda.begin(one);
  agenda.chainWasRead();
  assert.equal(due(agenda, 50), [one]);
});

test('a job that is forgotten during a look stays forgotten', () => {
  const agenda = new Agenda();
  agenda.touch(one);
  agenda.begin(one);
  agenda.forget(one);
  agenda.looked(one, { deadline: at(100), quietUntil: at(0) }, 0);
  agenda.rest(one, 0);
  agenda.recovered(one);
  agenda.stir(one);
  agenda.chainWasRead();
  assert.equal(due(agenda, 50), []);
});

test('a job in which something failed rests longer each time, until something is written to it', () => {
  const agenda = new Agenda();
  agenda.touch(one);
  agenda.begin(one);
  agenda.rest(one, 0);
  agenda.chainWasRead();
  assert.equal(
    [999, 1_000].map((nowMs) => due(agenda, 50, nowMs).length),
    [0, 1],
  );
  agenda.rest(one, 0);
  assert.equal(
    [1_999, 2_000].map((nowMs) => due(agenda, 50, nowMs).length),
    [0, 1],
  );
  for (let i = 0; i < 10; i++) agenda.rest(one, 0);
  assert.equal(
    [29_999, 30_000].map((nowMs) => due(agenda, 50, nowMs).length),
    [0, 1],
  );
  agenda.stir(one);
  assert.equal(due(agenda, 50), [], 'news of its verdict mend nothing');
  agenda.rest(one, 0, false);
  assert.equal(due(agenda, 50, 1_000), [one], 'nobody is to blame');
  agenda.rest(one, 0);
  agenda.touch(one);
  assert.equal(due(agenda, 50), [one]);
  agenda.forget(one);
  assert.equal(due(agenda, 50), []);
});

test.run();
