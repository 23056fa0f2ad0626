import { AbiCoder, keccak256, toUtf8Bytes, ZeroHash } from 'ethers';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { zeroHash } from '../../src/commit/merkle.js';
import {
  commitModel,
  depthFor,
  inputBytes,
  inputFromBytes,
  inputRootOf,
  outputBytes,
  outputFromBytes,
  outputRootOf,
  traceForest,
} from '../../src/commit/model.js';
import { encodeStep } from '../../src/program/encode.js';
import { evaluate } from '../../src/program/evaluate.js';
import type { Program } from '../../src/program/program.js';
import { randomInput, randomProgram } from '../helpers/random-program.js';
import { naiveRoot, rootFromProof } from '../helpers/verify.js';

const program: Program = randomProgram(11, { steps: 5, maxElements: 600 });
const commitment = commitModel(program);
const { model } = commitment;

test('depths are the least that hold the slots and the largest slot', () => {
  assert.equal([0, 1, 2, 3, 4, 5, 256, 257].map(depthFor), [0, 0, 1, 2, 2, 3, 8, 9]);
  assert.is(model.stepCount, 5);
  assert.is(model.slotDepth, 3);
});

test('the program tree has the steps’ hashes from leaf 1 on, and 32 zero bytes elsewhere', () => {
  const leaves = [ZeroHash, ...program.steps.map((step) => keccak256(encodeStep(program, step)))];
  assert.is(model.programRoot, naiveRoot(leaves, 3, ZeroHash));
  leaves.forEach((leaf, slot) => {
    assert.is(commitment.stepProof(slot).length, 3);
    assert.is(rootFromProof(leaf, slot, commitment.stepProof(slot)), model.programRoot);
    if (slot > 0) assert.is(keccak256(commitment.encodedSteps[slot] as Uint8Array), leaf);
  });
  assert.is(commitment.encodedSteps[0]?.length, 0);
});

test('the model id is keccak256 of the header as Solidity encodes it', () => {
  const types = [
    'bytes32',
    'bytes32',
    'bytes32',
    'uint32',
    'uint8',
    'uint8',
    'uint8',
    'uint8',
    'uint32',
    'uint8',
    'uint32',
    'uint8',
  ];
  assert.is(commitment.modelId, keccak256(AbiCoder.defaultAbiCoder().encode(types, Object.values(model))));
});

test('the layout hash is over sorted JSON, whatever order and extra fields an object has', () => {
  const layout = (name: string, size: number) =>
    `{"name":"${name}","offset":0,"scale":1,"shape":[${size}],"type":"float32"}`;
  const elements = program.outputs[0]?.shape.join(',') ?? '';
  const json = `{"inputs":[${layout('x', program.input.elements)}],"outputs":[${layout('y', 0).replace('[0]', `[${elements}]`)}]}`;
  assert.is(model.layoutHash, keccak256(toUtf8Bytes(json)));
  const reordered = program.inputs.map(({ type, shape, scale, offset, name }) => ({
    type,
    note: 'x',
    shape,
    scale,
    offset,
    name,
  }));
  assert.is(commitModel({ ...program, inputs: reordered }).modelId, commitment.modelId);
});

test('names of steps are not part of the id; a constant’s value is', () => {
  const steps = program.steps.map((step) => ({ ...step, name: 'renamed', origin: { node: '', operator: '' } }));
  assert.is(commitModel({ ...program, steps }).modelId, commitment.modelId);
  const constants = program.constants.map((constant, i) =>
    i === 0 ? { ...constant, data: constant.data.with(0, (constant.data[0] as number) ^ 1) } : constant,
  );
  assert.is.not(commitModel({ ...program, constants }).modelId, commitment.modelId);
});

test('a program without constants has one zero leaf for them', () => {
  const { model } = commitModel({ ...program, steps: [], constants: [] });
  assert.is(model.constantsRoot, zeroHash(0));
  assert.equal([model.constantSlotDepth, model.constantTensorDepth, model.slotDepth], [0, 0, 0]);
});

test('input and output roots are the first and the last slot’s', () => {
  const slots = evaluate(program, randomInput(program, 1));
  const trace = traceForest(commitment, slots);
  assert.is(inputRootOf(model, slots[0]!), trace.slotRoot(0));
  assert.is(outputRootOf(model, slots.at(-1)!), trace.slotRoot(model.stepCount));
});

test('inputs and outputs have no padding and come back from their bytes', () => {
  const slots = evaluate(program, randomInput(program, 2));
  const input = inputBytes(model, slots[0]!);
  assert.is(input.length, model.inputElements * model.inputWidth);
  assert.equal(inputFromBytes(model, input), slots[0]);
  const output = outputBytes(model, slots.at(-1)!);
  assert.is(output.length, model.outputElements * model.outputWidth);
  assert.equal(outputFromBytes(model, output), slots.at(-1));
});

test('a trace or tensor of another size is refused', () => {
  const slots = evaluate(program, randomInput(program, 3));
  assert.throws(() => traceForest(commitment, slots.slice(1)), /has 6 slots, not 5/);
  assert.throws(
    () => traceForest(commitment, slots.with(2, new Int32Array(1000))),
    /Slot 2 has \d+ elements, not 1000/,
  );
  assert.throws(() => inputRootOf(model, new Int32Array(10_000)), /input has \d+ elements, not 10000/);
  assert.throws(() => outputFromBytes(model, new Uint8Array(1)), /output has \d+ bytes, not 1/);
});

test.run();
