import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Recent } from '../../src/watch/recent.js';

test('what was used longest ago goes first, and the newest one stays however large it is', () => {
  const recent = new Recent<string, number>(10, (bytes) => bytes);
  recent.set('a', 4);
  recent.set('b', 4);
  assert.is(recent.get('a'), 4);
  recent.set('c', 4);
  assert.equal([...recent.all()], [4, 4]);
  assert.is(recent.get('b'), undefined);
  assert.is(recent.get('a'), 4);
  recent.set('a', 6);
  assert.equal(
    ['a', 'c'].map((key) => recent.get(key)),
    [6, 4],
    'a value takes the place of the one before',
  );
  recent.set('d', 100);
  assert.equal([...recent.all()], [100]);
  recent.delete('d');
  recent.set('e', 10);
  recent.delete('nothing');
  assert.equal([...recent.all()], [10], 'what is gone does not count');
});

test.run();
