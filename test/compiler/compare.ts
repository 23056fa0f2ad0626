/** Compiles small graphs and compares their programs with the float model. */
import * as assert from 'uvu/assert';
import { DataType, encode, graph, model, type NodeProto, type TensorProto, valueInfo } from '../../fixtures/onnx.js';
import { Random } from '../../fixtures/random.js';
import { type Compiled, type CompileRequest, compile, type FloatSample } from '../../src/compiler/compile.js';
import type { FloatTensor } from '../../src/compiler/float-runtime.js';
import { toNumbers } from '../../src/compiler/onnx/tensor.js';
import { Executor } from '../../src/executor/executor.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { evaluate } from '../../src/program/evaluate.js';
import { packInputs, unpackOutputs } from '../../src/program/layout.js';
import type { Program } from '../../src/program/program.js';

export const runtime = loadFloatRuntime();

/** One input of a case: its shape, and what its values are drawn from. */
export interface CaseInput {
  readonly shape: readonly number[];
  /** Uniform in [low, high); whole numbers for an integer type. */
  readonly low?: number;
  readonly high?: number;
  readonly type?: 'float32' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool';
}

export interface Case {
  readonly inputs: Readonly<Record<string, CaseInput>>;
  readonly nodes: readonly NodeProto[];
  readonly outputs: readonly string[];
  readonly initializers?: readonly TensorProto[];
  readonly opset?: number;
}

const TYPES = {
  float32: DataType.FLOAT,
  int64: DataType.INT64,
  int32: DataType.INT32,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
  bool: DataType.BOOL,
};

export function modelOf({ inputs, nodes, outputs, initializers = [], opset = 17 }: Case): Uint8Array {
  return encode(
    model(
      graph({
        name: 'case',
        inputs: Object.entries(inputs).map(([name, { shape, type = 'float32' }]) =>
          valueInfo(name, shape, TYPES[type]),
        ),
        // The type is inferred.
        outputs: outputs.map((name) => ({ ...valueInfo(name, []), type: undefined }) as never),
        nodes,
        initializers,
      }),
      opset,
    ),
  );
}

function draw({ shape, low = -1, high = 1, type = 'float32' }: CaseInput, random: Random): FloatTensor {
  const length = shape.reduce((n, dim) => n * dim, 1);
  const values = Array.from({ length }, () => random.between(low, high));
  const dims = [...shape];
  const whole = values.map(Math.floor);
  switch (type) {
    case 'int64':
      return { type, dims, data: BigInt64Array.from(whole, BigInt) };
    case 'int32':
      return { type, dims, data: Int32Array.from(whole) };
    case 'int8':
      return { type, dims, data: Int8Array.from(whole) };
    case 'uint8':
      return { type, dims, data: Uint8Array.from(whole) };
    case 'bool':
      return { type, dims, data: Uint8Array.from(values, (value) => (value > (low + high) / 2 ? 1 : 0)) };
    default:
      return { type, dims, data: Float32Array.from(values) };
  }
}

export function samplesFor(inputs: Case['inputs'], count: number, seed = 1): FloatSample[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () =>
    Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, draw(input, random)])),
  );
}

/** Runs a program in the executor; loads it once. */
export function runner(): (program: Program, input: Int32Array) => Promise<Int32Array> {
  const loaded = new Map<Program, Promise<Executor>>();
  return async (program, input) => {
    let executor = loaded.get(program);
    if (!executor) {
      executor = Executor.load(program);
      loaded.set(program, executor);
    }
    return (await executor).run(input);
  };
}

export function compileCase(definition: Case, request: Partial<CompileRequest> = {}): Promise<Compiled> {
  return compile(
    { bytes: modelOf(definition), file: 'case.onnx', calibration: samplesFor(definition.inputs, 16), ...request },
    runtime,
  );
}

/** The largest error of each output on fresh samples, in units of the output's largest value. */
export async function errorsOf(definition: Case, compiled: Compiled, count = 2): Promise<number[]> {
  const { program } = compiled.artefact;
  const session = await runtime.open(modelOf(definition));
  const errors = definition.outputs.map(() => 0);
  const sizes = definition.outputs.map(() => 0);
  for (const sample of samplesFor(definition.inputs, count, 1)) {
    const expected = await session.run(sample);
    const inputs = Object.fromEntries(
      Object.entries(sample).map(([name, { dims, data }]) => [name, { shape: dims, data }]),
    );
    const actual = unpackOutputs(program, evaluate(program, packInputs(program, inputs)).at(-1)!);
    definition.outputs.forEach((name, i) => {
      const wanted = expected[name]!;
      assert.equal(actual[name]!.shape, wanted.dims, `shape of ${name}`);
      assert.equal(actual[name]!.type, wanted.type, `type of ${name}`);
      toNumbers(wanted).forEach((value, k) => {
        sizes[i] = Math.max(sizes[i]!, Math.abs(value));
        errors[i] = Math.max(errors[i]!, Math.abs(value - actual[name]!.data[k]!));
      });
    });
  }
  await session.close();
  return errors.map((error, i) => error / (sizes[i] || 1));
}

/** Asserts that a case compiles and that its outputs are within `tolerance` of the float model, relative to their size. */
export async function assertClose(
  definition: Case,
  tolerance = 2e-4,
  request: Partial<CompileRequest> = {},
): Promise<Compiled> {
  const compiled = await compileCase(definition, request);
  const errors = await errorsOf(definition, compiled);
  errors.forEach((error, i) => {
    assert.ok(error <= tolerance, `${definition.outputs[i]}: error ${error} is above ${tolerance}`);
  });
  return compiled;
}
