import { readFileSync } from 'node:fs';
import { create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, StringStringEntryProtoSchema, TensorProto_DataLocation } from 'onnx-buf';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DataType, decode, encode, graph, model, node, tensor, valueInfo } from '../../../fixtures/onnx.js';
import { readModel } from '../../../src/compiler/onnx/read.js';
import { decodeTensor, toNumbers } from '../../../src/compiler/onnx/tensor.js';
import { UserError } from '../../../src/errors.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const small = (): Uint8Array =>
  encode(
    model(
      graph({
        name: 'g',
        inputs: [valueInfo('x', ['n', 3])],
        outputs: [valueInfo('y', ['n', 3])],
        nodes: [node('Add', ['x', 'k'], ['y'])],
        initializers: [tensor('k', [3], Float32Array.of(1, 2, 3))],
      }),
      17,
    ),
  );

function refuses(bytes: Uint8Array, message: RegExp): void {
  try {
    readModel(bytes, '/some/where/model.onnx');
  } catch (error) {
    assert.instance(error, UserError);
    assert.match((error as UserError).message, message);
    assert.ok((error as UserError).hint, 'it says what to try');
    assert.not.match((error as UserError).message, /some.where/);
    return;
  }
  assert.unreachable('it was read');
}

test('what is not an ONNX file is said so', () => {
  refuses(new Uint8Array(), /model\.onnx is empty/);
  refuses(text('version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 12\n'), /Git LFS pointer/);
  refuses(text('<!DOCTYPE html><html><body>404</body></html>'), /text file/);
  refuses(text('{"a": 1}'), /text file/);
  refuses(
    Uint8Array.from({ length: 300 }, (_, i) => (i * 89) & 0xff),
    /cannot be read as ONNX|no ONNX graph/,
  );
});

test('a file that is cut short is said so', () => {
  const bytes = readFileSync('fixtures/digits/digits.onnx');
  for (const length of [5, 100, 5_000, bytes.length - 1])
    refuses(new Uint8Array(bytes.subarray(0, length)), /cut short|no ONNX graph|values/);
});

test('a model without a graph, and one of a version that is too old', () => {
  refuses(toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, producerName: 'é' })), /no ONNX graph/);
  const old = decode(small());
  old.irVersion = 1n;
  refuses(encode(old), /version 1/);
});

test('weights in another file are named', () => {
  const external = decode(small());
  const weights = external.graph!.initializer[0]!;
  weights.rawData = new Uint8Array();
  weights.dataLocation = TensorProto_DataLocation.EXTERNAL;
  weights.externalData = [create(StringStringEntryProtoSchema, { key: 'location', value: 'weights.bin' })];
  refuses(encode(external), /"k" is not in the ONNX file: its values are in weights\.bin/);
});

test('inputs, opset and initialisers', () => {
  const read = readModel(small(), 'a/b/small.onnx');
  assert.is(read.file, 'small.onnx');
  assert.equal(read.opset, { '': 17 });
  assert.equal(read.graph.inputs, [{ name: 'x', type: 'float32', dims: ['n', 3] }]);
  assert.equal([...toNumbers(read.graph.initializers.get('k')!)], [1, 2, 3]);
});

test('an initialiser that is listed among the inputs is no input', () => {
  const listed = decode(small());
  listed.graph!.input.push(valueInfo('k', [3]));
  assert.equal(
    readModel(encode(listed), 'm').graph.inputs.map(({ name }) => name),
    ['x'],
  );
});

test('large initialisers share the memory of the file', () => {
  const bytes = new Uint8Array(readFileSync('fixtures/digits/digits.onnx'));
  const { initializers } = readModel(bytes, 'm').graph;
  const shared = [...initializers.values()].filter(({ data }) => data.buffer === bytes.buffer);
  const aligned = [...initializers.values()].length;
  assert.ok(shared.length <= aligned);
  for (const { data } of shared) assert.is(data.byteOffset % 4, 0);
});

test('every way of storing numbers', () => {
  const half = tensor('h', [3], Uint16Array.of(0x3c00, 0xc100, 0x0001), DataType.FLOAT16);
  assert.equal([...toNumbers(decodeTensor(half, ''))], [1, -2.5, 2 ** -24]);
  const listed = tensor('l', [2], Float32Array.of(0, 0));
  listed.rawData = new Uint8Array();
  listed.floatData = [1.5, -2];
  assert.equal([...toNumbers(decodeTensor(listed, ''))], [1.5, -2]);
  const whole = tensor('w', [2], BigInt64Array.of(-5n, 7n));
  assert.equal([...toNumbers(decodeTensor(whole, ''))], [-5, 7]);
  const short = tensor('s', [3], Float32Array.of(1, 2, 3));
  short.rawData = short.rawData.subarray(0, 8);
  assert.throws(() => decodeTensor(short, ''), /2 values, and its shape 3 needs 3/);
});

test.run();
