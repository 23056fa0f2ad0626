import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GraphInput } from '../../src/compiler/onnx/graph.js';
import { fixShapes, type Shapes } from '../../src/compiler/shapes.js';
import { UserError } from '../../src/errors.js';

const input = (name: string, dims: GraphInput['dims']): GraphInput => ({ name, type: 'float32', dims });

function fix(inputs: GraphInput[], given: Shapes = {}): { shapes: Shapes; warnings: string[] } {
  const warnings: string[] = [];
  return { shapes: fixShapes(inputs, given, (warning) => warnings.push(warning)), warnings };
}

function refusal(inputs: GraphInput[], given: Shapes = {}): UserError {
  try {
    fix(inputs, given);
  } catch (error) {
    assert.instance(error, UserError);
    return error as UserError;
  }
  return assert.unreachable('it was accepted') as never;
}

test('fixed shapes stay', () => {
  assert.equal(fix([input('x', [1, 3])]), { shapes: { x: [1, 3] }, warnings: [] });
});

test('a lone batch dimension is 1, with a warning', () => {
  const { shapes, warnings } = fix([input('x', ['batch', 3]), input('y', [null, 4])]);
  assert.equal(shapes, { x: [1, 3], y: [1, 4] });
  assert.is(warnings.length, 2);
});

test('other unknown dimensions are refused with all inputs and an example', () => {
  const error = refusal([input('x', ['n', 3, 'h', 'w']), input('m', ['n', 'length']), input('k', [2])]);
  assert.match(error.message, /x=nx3xhxw, m=nxlength, k=2/);
  assert.is(error.hint, 'Fix it: --shape x=1x3x224x224 --shape m=1x128');
});

test('an input without a shape, and a vector of unknown length, are refused', () => {
  assert.match(refusal([input('x', null)]).message, /no shape declared/);
  assert.match(refusal([input('x', ['n'])]).hint!, /--shape x=1/);
});

test('a given shape fixes its symbols for other inputs', () => {
  const inputs = [input('ids', ['batch', 'length']), input('mask', ['batch', 'length'])];
  assert.equal(fix(inputs, { ids: [1, 16] }).shapes, { ids: [1, 16], mask: [1, 16] });
});

test('shapes that contradict the file are refused', () => {
  assert.match(refusal([input('x', [1, 3])], { x: [1, 4] }).message, /dimension 1 is 3 in the file/);
  assert.match(refusal([input('x', ['n', 3])], { x: [1, 3, 3] }).message, /3 dimensions and not 2/);
  assert.match(refusal([input('x', ['n', 3])], { x: [0, 3] }).message, /whole number from 1/);
  assert.match(refusal([input('x', ['n', 3])], { y: [1, 3] }).message, /no input named "y"/);
});

test.run();
