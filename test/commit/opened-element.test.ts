/** The vectors that StepVerifier.sol is tested with, computed from their openings in TypeScript. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { vectorFiles } from '../../fixtures/vectors/files.js';
import { fromHex } from '../../src/commit/hash.js';
import { MissingLeaf, openedElement } from '../../src/commit/opened-element.js';
import { readOpening } from '../../src/commit/verify-opening.js';
import { COMBINES } from '../../src/program/step.js';

const vectors = vectorFiles()['steps.json'] ?? [];
const opened = vectors.map((vector) => {
  const { trace, traceOpening, constants, constantsOpening } = vector;
  const slots = readOpening(traceOpening, trace.root, trace.depth);
  const weights = readOpening(constantsOpening, constants.root, constants.depth);
  if (!slots || !weights) throw new Error(`An opening of ${vector.name} is wrong.`);
  return {
    ...vector,
    step: fromHex(vector.step),
    trace: { leaves: slots, tensorDepth: trace.tensorDepth },
    constants: { leaves: weights, tensorDepth: constants.tensorDepth },
  };
});

test('every element is what its vector says', () => {
  assert.ok(opened.length > 300);
  for (const { name, step, slot, elements, expected, trace, constants } of opened)
    elements.forEach((element, i) => {
      assert.is(openedElement(step, slot, element, trace, constants), expected[i], `${name}, element ${element}`);
    });
});

/** A select opens both of its branches and uses one. */
const SELECT = COMBINES.indexOf('select');

test('without a leaf of its opening it cannot be computed', () => {
  for (const { name, step, slot, elements, trace, constants } of opened) {
    if (trace.leaves.size === 0 || step[1] === SELECT) continue;
    const [missing] = trace.leaves.keys();
    const fewer = { ...trace, leaves: new Map([...trace.leaves].filter(([position]) => position !== missing)) };
    assert.throws(
      () => elements.map((element) => openedElement(step, slot, element, fewer, constants)),
      (error: unknown) => error instanceof MissingLeaf,
      name,
    );
  }
});

test('a step that reads its own slot or a later one is refused', () => {
  const reading = opened.find(({ slot, trace }) => slot > 1 && trace.leaves.size > 0);
  if (!reading) throw new Error('No vector reads a slot.');
  const { step, elements, trace, constants } = reading;
  assert.throws(() => openedElement(step, 0, elements[0]!, trace, constants), /reads slot/);
});

test('beyond the output everything is 0', () => {
  const { step, slot, trace, constants } = opened[0]!;
  assert.is(openedElement(step, slot, 2 ** 31, trace, constants), 0);
});

test.run();
