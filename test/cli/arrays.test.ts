import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { zipSync } from 'fflate';
import { TensorProto_DataType, TensorProtoSchema } from 'onnx-buf';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { npy, npz } from '../../fixtures/npy.js';
import { type DeclaredInput, readInputs } from '../../src/cli/arrays/inputs.js';
import { readJsonArray } from '../../src/cli/arrays/json.js';
import { readNpy } from '../../src/cli/arrays/npy.js';
import { readSamples } from '../../src/cli/arrays/samples.js';
import { asType } from '../../src/cli/arrays/tensor.js';
import { float16Bits, float16Value } from '../../src/compiler/float16.js';
import { UserError } from '../../src/errors.js';

const test = suite('arrays');
let folder: string;
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'og-arrays-'));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const message = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    assert.instance(error, UserError);
    return (error as UserError).message;
  }
  throw new Error('it was accepted');
};
const floats = (dims: number[]) => ({
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i),
});
const x: DeclaredInput = { name: 'x', type: 'float32', shape: [2, 3] };
const y: DeclaredInput = { name: 'y', type: 'int64', shape: [1] };

/** A `.npy` of any type, written by hand from the format's description. */
function rawNpy(descr: string, shape: string, body: Uint8Array, fortran = 'False'): Uint8Array {
  const fields = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const header = `${fields.padEnd(117)}\n`;
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.from([header.length, 0]),
    Buffer.from(header),
    body,
  ]);
}

test('npy: every element type', () => {
  assert.equal(readNpy(npy(floats([2, 3])), 'f'), { type: 'float32', dims: [2, 3], data: floats([2, 3]).data });
  assert.equal(readNpy(rawNpy('|b1', '(3,)', Uint8Array.of(1, 0, 1)), 'f').data, Uint8Array.of(1, 0, 1));
  const int64 = readNpy(rawNpy('<i8', '(1,)', new Uint8Array(BigInt64Array.of(-5n).buffer)), 'f');
  assert.equal(int64, { type: 'int64', dims: [1], data: BigInt64Array.of(-5n) });
  assert.equal(readNpy(rawNpy('<f2', '()', Uint8Array.of(0, 0x3c)), 'f'), {
    type: 'float16',
    dims: [],
    data: Uint16Array.of(0x3c00),
  });
});

test('npy: column-major order becomes row-major', () => {
  const columns = new Uint8Array(Float32Array.of(0, 3, 1, 4, 2, 5).buffer);
  assert.equal(readNpy(rawNpy('<f4', '(2, 3)', columns, 'True'), 'f').data, Float32Array.of(0, 1, 2, 3, 4, 5));
});

test('npy: what cannot be read is said in one sentence', () => {
  assert.match(
    message(() => readNpy(Buffer.from('hello'), 'a.npy')),
    /a\.npy is not a NumPy array/,
  );
  assert.match(
    message(() => readNpy(rawNpy('>f4', '(1,)', new Uint8Array(4)), 'a.npy')),
    />f4/,
  );
  assert.match(
    message(() => readNpy(rawNpy('<c8', '(1,)', new Uint8Array(8)), 'a.npy')),
    /type "c8"/,
  );
  assert.match(
    message(() => readNpy(npy(floats([2, 3])).slice(0, -4), 'a.npy')),
    /says 6 elements and holds 5/,
  );
  assert.match(
    message(() => readNpy(npy(floats([2, 3])).slice(0, -3), 'a.npy')),
    /is not a NumPy array/,
  );
});

test('float16: every bit pattern there and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), (bits) => {
      const value = float16Value(bits);
      if (Number.isNaN(value)) return;
      assert.is(float16Bits(value), bits);
    }),
    { numRuns: 2000 },
  );
  assert.is(float16Bits(1 + 2 ** -11), 0x3c00, 'ties go to the even one');
  assert.is(float16Bits(65_519), 0x7bff);
  assert.is(float16Bits(65_520), 0x7c00);
});

test('json: nested lists, ragged lists, other things', () => {
  assert.equal(readJsonArray('[[1,2],[3,4.5]]', 'f'), {
    type: null,
    dims: [2, 2],
    data: Float64Array.of(1, 2, 3, 4.5),
  });
  assert.equal(readJsonArray('7', 'f').dims, []);
  assert.match(
    message(() => readJsonArray('[[1],[1,2]]', 'a.json')),
    /ragged/,
  );
  assert.match(
    message(() => readJsonArray('{"a":1}', 'a.json')),
    /not an array of numbers/,
  );
  assert.match(
    message(() => readJsonArray('[1,', 'a.json')),
    /is not JSON/,
  );
});

test('a number becomes the type of the input when nothing is lost but precision', () => {
  const tensor = readJsonArray('[1, 255]', 'f');
  assert.equal(asType(tensor, 'uint8', 'x').data, Uint8Array.of(1, 255));
  assert.equal(asType(tensor, 'int64', 'x').data, BigInt64Array.of(1n, 255n));
  assert.match(
    message(() => asType(readJsonArray('[0, 256]', 'f'), 'uint8', 'input "x"')),
    /Element 1 of input "x" is 256/,
  );
  assert.match(
    message(() => asType(readJsonArray('[0.5]', 'f'), 'int32', 'input "x"')),
    /Element 0 of input "x" is 0\.5/,
  );
});

test('inputs: the only input needs no name', () => {
  const path = file('one.npy', npy(floats([2, 3])));
  assert.equal(readInputs([path], [x]).get('x')?.tensor.dims, [2, 3]);
  assert.equal(readInputs([`x=${path}`], [x]).get('x')?.tensor.dims, [2, 3]);
});

test('inputs: names come from flags, from npz files, from TensorProtos', () => {
  const one = file('x.npy', npy(floats([2, 3])));
  const two = file('y.json', '[4]');
  assert.equal([...readInputs([`x=${one}`, `y=${two}`], [x, y]).keys()], ['x', 'y']);
  const both = file('both.npz', npz({ x: floats([2, 3]), y: floats([1]) }));
  assert.equal([...readInputs([both], [x, y]).keys()], ['x', 'y']);
  const message = create(TensorProtoSchema, {
    name: 'x',
    dims: [2n, 3n],
    dataType: TensorProto_DataType.FLOAT,
    floatData: [0, 1, 2, 3, 4, 5],
  });
  const proto = file('t.pb', toBinary(TensorProtoSchema, message));
  assert.equal(readInputs([proto, `y=${two}`], [x, y]).get('x')?.tensor.data, floats([2, 3]).data);
});

test('inputs: a path may hold "="', () => {
  const path = file('a=b.npy', npy(floats([2, 3])));
  assert.ok(readInputs([path], [x]).has('x'));
  assert.ok(readInputs([`x=${path}`], [x]).has('x'));
});

test('inputs: a flat JSON list of the right length takes the declared shape', () => {
  assert.equal(readInputs([file('flat.json', '[0,1,2,3,4,5]')], [x]).get('x')?.tensor.dims, [2, 3]);
  assert.throws(() => readInputs([file('flat.npy', npy(floats([6])))], [x]), /is 6; the model takes 2x3/);
});

test('inputs: what is wrong is one sentence', () => {
  const good = file('good.npy', npy(floats([2, 3])));
  assert.match(
    message(() => readInputs([], [x])),
    /^Input x \(float32 2x3\) is missing\.$/,
  );
  assert.match(
    message(() => readInputs([join(folder, 'none.npy')], [x])),
    /^There is no file .*none\.npy\.$/,
  );
  assert.match(
    message(() => readInputs([folder], [x])),
    /is a folder, not a file/,
  );
  assert.match(
    message(() => readInputs([file('wide.npy', npy(floats([3, 2])))], [x])),
    /^Input "x" \(wide\.npy\) is 3x2; the model takes 2x3\.$/,
  );
  assert.match(
    message(() => readInputs([`z=${good}`], [x])),
    /^The model has no input named "z"\.$/,
  );
  assert.match(
    message(() => readInputs([`x=${good}`, `x=${good}`], [x])),
    /given twice/,
  );
  assert.match(
    message(() => readInputs([good], [x, y])),
    /2 inputs, and good\.npy does not say which/,
  );
  assert.match(
    message(() => readInputs([file('x.txt', '1')], [x])),
    /not an array file/,
  );
  assert.match(
    message(() => readInputs([file('broken.pb', 'not a tensor at all')], [x])),
    /not an ONNX TensorProto|type/,
  );
  assert.match(
    message(() => readInputs([file('broken.npz', 'zip?')], [x])),
    /not an \.npz file/,
  );
});

test('samples: a leading sample dimension, or a multiple of the batch', () => {
  const stacked = file('stacked.npy', npy(floats([4, 2, 3])));
  assert.is(readSamples(stacked, [x]).length, 4);
  assert.equal(readSamples(stacked, [x])[1], {
    x: { type: 'float32', dims: [2, 3], data: Float32Array.of(6, 7, 8, 9, 10, 11) },
  });
  assert.is(readSamples(file('long.npy', npy(floats([6, 3]))), [x]).length, 3);
  assert.match(
    message(() => readSamples(file('odd.npy', npy(floats([5, 3]))), [x])),
    /odd\.npy is 5x3; samples of it are 2x3/,
  );
});

test('samples: npz with several inputs, as many samples of each', () => {
  const path = file('s.npz', npz({ x: floats([2, 2, 3]), y: floats([2, 1]) }));
  const samples = readSamples(path, [x, y]);
  assert.is(samples.length, 2);
  assert.equal(samples[1]?.y?.data, BigInt64Array.of(1n));
  assert.throws(
    () => readSamples(file('t.npz', npz({ x: floats([2, 2, 3]), y: floats([3, 1]) })), [x, y]),
    /2 samples/,
  );
});

test('samples: a folder of files, and a folder of folders', () => {
  const flat = join(folder, 'flat');
  mkdirSync(flat);
  for (const name of ['a.npy', 'b.npy']) writeFileSync(join(flat, name), npy(floats([2, 3])));
  writeFileSync(join(flat, 'README'), 'not an array');
  assert.is(readSamples(flat, [x]).length, 2);
  const deep = join(folder, 'deep');
  for (const name of ['0', '1', '2']) {
    mkdirSync(join(deep, name), { recursive: true });
    writeFileSync(join(deep, name, 'x.npy'), npy(floats([2, 3])));
    writeFileSync(join(deep, name, 'input_1.json'), '[7]');
  }
  assert.is(readSamples(deep, [x, y]).length, 3);
  rmSync(join(deep, '1', 'input_1.json'));
  assert.match(
    message(() => readSamples(deep, [x, y])),
    /no file for input "y"/,
  );
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  assert.match(
    message(() => readSamples(empty, [x])),
    /no calibration samples/,
  );
  assert.match(
    message(() => readSamples(join(folder, 'nowhere'), [x])),
    /There is no file/,
  );
});

test('npz: an entry that is no array', () => {
  const path = file('bad.npz', zipSync({ 'x.npy': Buffer.from('nope') }));
  assert.match(
    message(() => readInputs([path], [x])),
    /The array "x" of bad\.npz is not a NumPy array/,
  );
});

test.run();
