/** `--input-value` flags. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseInputValues } from '../../src/cli/input-values.js';

test('names and numbers, words for truth values', () => {
  assert.equal(parseInputValues(['sr=16000', 'sizes=1,3,-2.5', 'training=false', 'a=b=1e-3']), {
    sr: [16_000],
    sizes: [1, 3, -2.5],
    training: [0],
    'a=b': [0.001],
  });
});

test('what is no value is refused', () => {
  for (const flag of ['sr', '=1', 'sr=', 'sr=fast', 'sr=1,,2', 'sr=Infinity'])
    assert.throws(() => parseInputValues([flag]), /is not the value of an input/, flag);
  assert.throws(() => parseInputValues(['sr=1', 'sr=2']), /given twice/);
});

test.run();
