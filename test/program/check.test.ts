import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkProgram } from '../../src/program/check.js';
import type { Program } from '../../src/program/program.js';
import type { Step } from '../../src/program/step.js';
import { randomProgram } from '../helpers/random-program.js';
import { constant, identityView, program, read, scalar, slot, step } from '../helpers/tiny-program.js';

const x = read(slot(0));

function refusal(candidate: Program): string {
  try {
    checkProgram(candidate);
  } catch (error) {
    return (error as Error).message;
  }
  return 'legal';
}

const oneStep = (changes: Partial<Step>, more: Partial<Program> = {}): string =>
  refusal(program(8, [step(8, x, changes)], more));

test('a copy is legal and holds what the input can hold', () => {
  assert.equal(checkProgram(program(8, [step(8, x)])), [
    { lo: -32_768, hi: 32_767 },
    { lo: -32_768, hi: 32_767 },
  ]);
});

test('the clamp bounds what a step holds', () => {
  assert.equal(checkProgram(program(8, [step(8, x, { lo: 0, hi: 9, width: 1 })]))[1], { lo: 0, hi: 9 });
});

test('a step may not read its own slot, a later one, or one that does not exist', () => {
  assert.match(oneStep({ a: read(slot(1)) }), /Step 1 .*slot 1, which is not before slot 1/);
  assert.match(oneStep({ a: read(slot(7)) }), /slot 7/);
  assert.match(oneStep({ a: read(constant(0)) }), /constant 0, and there are 0/);
});

test('a view may not read past its source on either side', () => {
  assert.match(
    oneStep({ a: read(slot(0), { ...identityView, offset: 1 }) }),
    /reads positions 1 to 8 of slot 0, which has 8/,
  );
  assert.match(oneStep({ a: read(slot(0), { ...identityView, offset: -1 }) }), /reads positions -1 to 6/);
});

test('an axis keeps a view inside its source', () => {
  const padded = { offset: 0, coefs: [0], axes: [{ stride: 1, extent: 8, base: -3, coefs: [1] }], fill: 0 };
  assert.is(refusal(program(8, [step(14, read(slot(0), padded), { outDims: [14] })])), 'legal');
  const tooLong = { ...padded, axes: [{ ...padded.axes[0]!, extent: 9 }] };
  assert.match(refusal(program(8, [step(14, read(slot(0), tooLong))])), /positions 0 to 8/);
});

test('nobody has to keep or to compute more than a machine can', () => {
  assert.match(oneStep({}, { input: { elements: 2 ** 30, width: 1 } }), /trace has 10\d{8} elements/);
  const still = { ...identityView, coefs: [0, 0] };
  const loops = { outDims: [2 ** 21], redDims: [2 ** 20], a: read(slot(0), still), reduce: 'max' } as const;
  assert.match(oneStep(loops), /loops take 2199023255552 turns/);
});

test('an indexed read counts the farthest element it can reach', () => {
  const gather = { combine: 'indexed', a: read(slot(0), { ...identityView, coefs: [0] }), b: x } as const;
  assert.is(oneStep({ ...gather, index: { stride: 1, extent: 8 } }), 'legal');
  assert.match(oneStep({ ...gather, index: { stride: 2, extent: 8 } }), /positions 0 to 14/);
});

test('every value stays below 2^53', () => {
  assert.is(oneStep({ mult: scalar(2 ** 37) }), 'legal');
  assert.match(oneStep({ mult: scalar(2 ** 38) }), /acc·mult can reach 9007199254740992, which is not below 2\^53/);
  assert.match(oneStep({ add: scalar(2 ** 53 - 1) }), /acc·mult \+ add/);
  assert.match(oneStep({ add: scalar(2 ** 53 - 2 ** 16), shift: 52 }), /the value before the shift/);
  assert.match(oneStep({ mult: scalar(2 ** 30), shift: -8 }), /the shifted value/);
});

test('a dot product is bounded by its weights, channel by channel, and by nothing looser', () => {
  const rows = 2;
  const terms = 4;
  const at = (weight: number): Program => ({
    ...program(terms, [
      step(rows, read(slot(0), { offset: 0, coefs: [0, 1], axes: [], fill: 0 }), {
        redDims: [terms],
        combine: 'product',
        reduce: 'sum',
        b: read(constant(0), { offset: 0, coefs: [terms, 1], axes: [], fill: 0 }),
        mult: read(constant(1), { offset: 0, coefs: [1, 0], axes: [], fill: 0 }),
      }),
    ]),
    constants: [
      { name: 'w', width: 4, data: Int32Array.of(1, -1, 1, 1, 100, 100, -100, weight) },
      { name: 'm', width: 4, data: Int32Array.of(2 ** 30, 1) },
    ],
  });
  // Row 0 reaches 4·32768·2^30 = 2^47; the largest weight times the largest multiplier would be beyond 2^53.
  assert.is(refusal(at(2 ** 20)), 'legal');
});

test('a partial sum counts even where the whole sum is small', () => {
  const sum = (weight: number): string =>
    oneStep({
      a: read(slot(0), { ...identityView, coefs: [0, 1] }, weight),
      outDims: [8],
      redDims: [8],
      reduce: 'sum',
      shift: 40,
    });
  assert.is(sum(2 ** 34), 'legal');
  assert.match(sum(2 ** 35), /a partial sum/);
});

test('a radicand stays below 2^52', () => {
  assert.is(oneStep({ mult: scalar(2 ** 36), post: 'sqrt', lo: 0, hi: 2 ** 27, width: 4 }), 'legal');
  assert.match(oneStep({ mult: scalar(-(2 ** 37)), post: 'sqrt', lo: 0, hi: 2 ** 27, width: 4 }), /radicand/);
});

test('multiplier, addend and divisor do not move with a reduction index', () => {
  const reducing = { redDims: [8], reduce: 'sum', a: read(slot(0), { ...identityView, coefs: [0, 1] }) } as const;
  const moving = read(slot(0), { ...identityView, coefs: [0, 1] });
  assert.match(oneStep({ ...reducing, mult: moving }), /operand mult moves with a reduction index/);
  assert.match(oneStep({ ...reducing, add: moving }), /operand add moves/);
  assert.match(oneStep({ ...reducing, c: moving, post: 'divide' }), /operand c moves/);
  assert.is(oneStep({ ...reducing, c: moving, shift: 10 }), 'legal');
});

test('what a step holds must fit its width, and so must constants', () => {
  assert.match(oneStep({ width: 1 }), /its output holds -32768 to 32767, which does not fit 1 bytes/);
  const wide = { constants: [{ name: 'k', width: 1 as const, data: Int32Array.of(300) }] };
  assert.match(oneStep({}, wide), /constant "k" holds 300 to 300/);
});

test('a table has the length it says, and its values bound the step', () => {
  const table = { constants: [{ name: 't', width: 1 as const, data: Int32Array.of(5, 6, 7) }] };
  const lookup = { constant: 0, base: 0, length: 3 };
  assert.equal(checkProgram(program(8, [step(8, x, { lookup, width: 1 })], table))[1], { lo: 5, hi: 7 });
  assert.match(oneStep({ lookup: { ...lookup, length: 4 } }, table), /table has 3 entries and not 4/);
});

test('fields out of range are named', () => {
  assert.match(oneStep({ shift: 53 }), /shift is 53/);
  assert.match(oneStep({ lo: 5, hi: 4 }), /upper clamp is 4/);
  assert.match(oneStep({ outDims: [0] }), /dimension of its output is 0/);
  assert.match(oneStep({ outDims: [2 ** 16, 2 ** 16] }), /4294967296 elements/);
  assert.match(oneStep({ redDims: [2] }), /reduces nothing/);
  assert.match(oneStep({ a: read(slot(0), { ...identityView, coefs: [1, 1] }) }), /2 coefficients for 1 loops/);
});

test('layouts lie inside their slots and have unique names', () => {
  const base = program(8, [step(8, x)]);
  const output = base.outputs[0]!;
  assert.match(refusal({ ...base, outputs: [{ ...output, offset: 1 }] }), /output "y" lies outside its slot of 8/);
  assert.match(refusal({ ...base, outputs: [output, output] }), /two outputs are named "y"/);
  assert.match(refusal({ ...base, outputs: [] }), /it has no output/);
  assert.match(refusal({ ...base, outputs: [{ ...output, scale: 0 }] }), /the scale 0/);
  assert.match(refusal({ ...base, steps: [] }), /it has no steps/);
});

test('a program may have no inputs, and a tensor no elements', () => {
  const base = program(8, [step(8, x)]);
  const [input] = base.inputs;
  checkProgram({ ...base, input: { elements: 1, width: 1 }, inputs: [], steps: [step(8, scalar(3), { hi: 3 })] });
  checkProgram({ ...base, outputs: [...base.outputs, { ...base.outputs[0]!, name: 'z', shape: [3, 0], offset: 8 }] });
  assert.match(refusal({ ...base, inputs: [{ ...input!, shape: [-1] }] }), /dimension of input "x" is -1/);
  assert.match(refusal({ ...base, input: { elements: 0, width: 1 }, inputs: [] }), /number of input elements is 0/);
});

test('random legal programs hold what the check says, at the extremes of every slot', async () => {
  const { evaluate } = await import('../../src/program/evaluate.js');
  const { randomInput } = await import('../helpers/random-program.js');
  for (let seed = 1; seed <= 60; seed++) {
    const candidate = randomProgram(seed);
    const ranges = checkProgram(candidate);
    evaluate(candidate, randomInput(candidate, seed)).forEach((data, k) => {
      for (const value of data)
        assert.ok(value >= ranges[k]!.lo && value <= ranges[k]!.hi, `seed ${seed}, slot ${k}: ${value}`);
    });
  }
});

test.run();
