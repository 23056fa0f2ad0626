import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Forest } from '../../src/commit/forest.js';
import { commitModel, traceForest } from '../../src/commit/model.js';
import { MissingLeaf, openedTensor } from '../../src/commit/opened-element.js';
import { elementReads } from '../../src/commit/reads.js';
import { evaluate, stepEvaluator } from '../../src/program/evaluate.js';
import { type Program, slotCount, slotShape } from '../../src/program/program.js';
import { NO_VIEW, type Operand, type Step, scalar, type View } from '../../src/program/step.js';
import { computeElement } from '../helpers/one-step.js';
import { randomInput, randomProgram } from '../helpers/random-program.js';

const anElement = fc.record({ seed: fc.nat(100_000), step: fc.nat(), element: fc.nat() });

function drawn({ seed, step, element }: { seed: number; step: number; element: number }) {
  const program = randomProgram(seed, { steps: 4, maxElements: 400 });
  const commitment = commitModel(program);
  const slots = evaluate(program, randomInput(program, seed));
  const slot = 1 + (step % program.steps.length);
  const at = element % slotShape(program, slot).elements;
  return { program, commitment, slots, trace: traceForest(commitment, slots), slot, at };
}

test('the leaves that are named are enough to compute the element, whatever the step', () => {
  fc.assert(
    fc.property(anElement, (choice) => {
      const { commitment, slots, trace, slot, at } = drawn(choice);
      const reads = elementReads(commitment, slots, slot, at);
      const openings = [trace.open(reads.trace), commitment.constants.open(reads.constants)] as const;
      assert.is(computeElement(commitment, slot, at, trace.root, ...openings), slots[slot]?.[at]);
    }),
    { numRuns: 200 },
  );
});

const leavesOf = (forest: Forest, tensorDepth: number) => ({
  leaves: new Map(Array.from({ length: 2 ** forest.depth }, (_, i) => [i, forest.leaf(i)])),
  tensorDepth,
});

test('they are exactly those that the evaluator reads (a select names both branches)', () => {
  fc.assert(
    fc.property(anElement, (choice) => {
      const { program, commitment, slots, trace, slot, at } = drawn(choice);
      const { tensorDepth, constantTensorDepth } = commitment.model;
      const [fromTrace, fromConstants] = [new Set<number>(), new Set<number>()];
      const step = program.steps[slot - 1] as Step;
      const watched = Array.from({ length: slotCount(program) }, (_, k) =>
        openedTensor(leavesOf(trace, tensorDepth), k, slotShape(program, k).width, (p) => fromTrace.add(p)),
      );
      const constantLeaves = leavesOf(commitment.constants, constantTensorDepth);
      const watchedConstants = program.constants.map(({ name, width }, k) => ({
        name,
        width,
        data: openedTensor(constantLeaves, k, width, (p) => fromConstants.add(p)),
      }));
      stepEvaluator({ ...program, constants: watchedConstants }, step, watched)(at);
      const named = elementReads(commitment, slots, slot, at);
      const read = { trace: sorted(fromTrace), constants: sorted(fromConstants) };
      if (step.combine !== 'select') assert.equal(named, read);
      else
        for (const tree of ['trace', 'constants'] as const)
          assert.equal(sorted(new Set([...named[tree], ...read[tree]])), named[tree]);
    }),
    { numRuns: 100 },
  );
});

const sorted = (positions: Set<number>) => [...positions].sort((x, y) => x - y);

const view = (coefs: number[], over: Partial<View> = {}): View => ({ ...NO_VIEW, coefs, ...over });
const slot0 = (over: View): Operand => ({ source: { kind: 'slot', index: 0 }, weight: 1, view: over });
const constant = (index: number, over: View): Operand => ({
  source: { kind: 'constant', index },
  weight: 1,
  view: over,
});

/** 512 bytes of input, one step. */
function programOf(step: Partial<Step>, constants: number[][] = []): Program {
  const plain: Step = {
    name: 'step',
    origin: { node: 'n', operator: 'O' },
    outDims: [512],
    redDims: [],
    combine: 'first',
    reduce: 'none',
    a: slot0(view([1])),
    b: scalar(0),
    c: scalar(0),
    mult: scalar(1),
    add: scalar(0),
    index: { stride: 0, extent: 1 },
    shift: 0,
    post: 'none',
    lo: -128,
    hi: 127,
    lookup: null,
    width: 1,
  };
  return {
    input: { elements: 512, width: 1 },
    inputs: [],
    outputs: [],
    constants: constants.map((data, i) => ({ name: `c${i}`, width: 1, data: Int32Array.from(data) })),
    steps: [{ ...plain, ...step }],
  };
}

const input = Int32Array.from({ length: 512 }, (_, i) => (i % 2 === 0 ? 100 : -100));
const readsOf = (program: Program, element: number, values = input) =>
  elementReads(commitModel(program), [values], 1, element);

test('an element in the second leaf is read there', () => {
  assert.equal(readsOf(programOf({}), 255), { trace: [0], constants: [] });
  assert.equal(readsOf(programOf({}), 256), { trace: [1], constants: [] });
});

test('a reduction reads the leaves of all its terms', () => {
  const sums = programOf({ outDims: [2], redDims: [256], reduce: 'sum', a: slot0(view([1, 2])) });
  assert.equal(readsOf(sums, 0), { trace: [0, 1], constants: [] });
});

test('where a view is out of range nothing is read', () => {
  const padded = slot0(view([0], { axes: [{ stride: 1, extent: 512, base: -300, coefs: [1] }] }));
  const program = programOf({ a: padded });
  assert.equal(readsOf(program, 299), { trace: [], constants: [] });
  assert.equal(readsOf(program, 300), { trace: [0], constants: [] });
});

test('an operand that the combine does not use is not read; a divisor is, by division only', () => {
  const ones = Array.from({ length: 512 }, () => 1);
  const unused = { b: constant(0, view([1])), c: constant(0, view([1])) };
  assert.equal(readsOf(programOf(unused, [ones]), 300), { trace: [1], constants: [] });
  assert.equal(readsOf(programOf({ ...unused, post: 'divide' }, [ones]), 300), { trace: [1], constants: [1] });
});

test('multiplier and addend are read', () => {
  const finish = { mult: constant(0, view([0])), add: constant(1, view([1])) };
  const program = programOf(finish, [[2], Array.from({ length: 512 }, () => 0)]);
  assert.equal(readsOf(program, 300), { trace: [1], constants: [0, 3] });
});

test('of a table the entry that the value selects is read', () => {
  const table = Array.from({ length: 512 }, (_, i) => i % 100);
  const program = programOf({ lookup: { constant: 0, base: -300, length: 512 } }, [table]);
  assert.equal(readsOf(program, 0), { trace: [0], constants: [1] }); // 100 reads entry 400
  assert.equal(readsOf(program, 1), { trace: [0], constants: [0] }); // -100 reads entry 200
});

test('an indexed read opens the element that the index value selects', () => {
  const step: Partial<Step> = {
    outDims: [1],
    combine: 'indexed',
    a: slot0(view([0])),
    b: slot0(view([0], { offset: 1 })),
    index: { stride: 4, extent: 128 },
  };
  const reads = (index: number) => readsOf(programOf(step), 0, input.with(1, index));
  assert.equal(reads(63), { trace: [0], constants: [] });
  assert.equal(reads(64), { trace: [0, 1], constants: [] });
  assert.equal(reads(-5), { trace: [0], constants: [] });
  assert.equal(reads(127), { trace: [0, 1], constants: [] });
});

test('beyond the tensor’s end nothing is read', () => {
  assert.equal(readsOf(programOf({ outDims: [500] }), 500), { trace: [], constants: [] });
});

test('a missing leaf is found out', () => {
  assert.throws(
    () => openedTensor({ leaves: new Map(), tensorDepth: 4 }, 0, 4)[3],
    (error: unknown) => error instanceof MissingLeaf,
  );
});

test('no step makes slot 0', () => {
  assert.throws(() => elementReads(commitModel(programOf({})), [input], 0, 0), /No step makes slot 0/);
});

test.run();
