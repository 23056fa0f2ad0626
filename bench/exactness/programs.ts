/** What `npm run exactness` runs: models, the programs of the step vectors and random ones as artefacts, and two float and integer graphs as the contrast. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataType, encode, graph, model, node, tensor, valueInfo } from '../../fixtures/onnx.js';
import { Random } from '../../fixtures/random.js';
import { handMade } from '../../fixtures/vectors/hand-made.js';
import { commitModel, traceForest } from '../../src/commit/model.js';
import { type CompileRequest, compile, type FloatSample } from '../../src/compiler/compile.js';
import { packSample } from '../../src/compiler/pack-sample.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { programRunner } from '../../src/executor/program-runner.js';
import { type Artefact, encodeArtefact } from '../../src/program/artefact.js';
import { evaluate } from '../../src/program/evaluate.js';
import type { Program } from '../../src/program/program.js';
import { randomInput, randomProgram } from '../../test/helpers/random-program.js';
import { fixtures } from '../../tools/models/catalogue.js';
import { benchModels } from '../models.js';

/** They cover every combine, reduce, post and lookup many times. */
const RANDOM_PROGRAMS = 60;
/** Beside the fixtures: a convolutional net that people use, and a kernel written for it. */
const BENCH_MODELS = ['classifier', 'layer: depthwise'];
const CALIBRATION = [0, 1, 2, 3];

const fileOf = (name: string): string => `${name.replaceAll(/\W+/g, '-')}.og`;

function write(folder: string, name: string, artefact: Artefact, input: Int32Array): string {
  const file = fileOf(name);
  writeFileSync(join(folder, file), encodeArtefact(artefact));
  writeFileSync(join(folder, `${file}.input`), new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
  return file;
}

const plain = (program: Program): Artefact => ({
  program,
  source: { file: 'none', sha256: '', opset: {}, producer: '' },
  options: { bits: 16, shapes: {} },
  ranges: {},
  fidelity: null,
  notes: [],
});

interface Source extends Omit<CompileRequest, 'runProgram'> {
  readonly file: string;
  readonly input: FloatSample;
}

async function sources(): Promise<Source[]> {
  const made = fixtures().map(({ name, path, shapes, calibration, heldOut }) => ({
    bytes: readFileSync(path),
    file: name,
    shapes,
    calibration: CALIBRATION.map(calibration),
    input: heldOut(0),
  }));
  const others = BENCH_MODELS.flatMap((name) => benchModels(name).slice(0, 1)).map(
    async ({ name, bytes, shapes, sample }) => ({
      bytes: await bytes(),
      file: name,
      shapes,
      calibration: CALIBRATION.map((seed) => sample(seed + 1)),
      input: sample(1000),
    }),
  );
  return [...made, ...(await Promise.all(others))];
}

/** @returns the trace roots by file that the reference evaluator says are right, of the programs that are small enough for it. */
export async function writePrograms(folder: string): Promise<Record<string, string>> {
  const { runProgram, close } = programRunner();
  for (const { input, ...request } of await sources()) {
    const { artefact } = await compile({ ...request, runProgram }, loadFloatRuntime());
    write(folder, request.file, artefact, packSample(artefact.program, input));
  }
  await close();
  const small = [
    ...handMade().map((each, i) => ({ ...each, name: `vectors ${i}` })),
    ...Array.from({ length: RANDOM_PROGRAMS }, (_, seed) => {
      const program = randomProgram(seed, { maxElements: 200 });
      return { name: `random ${seed}`, program, input: randomInput(program, seed) };
    }),
  ];
  return Object.fromEntries(
    small.map(({ name, program, input }) => [
      write(folder, name, plain(program), input),
      traceForest(commitModel(program), evaluate(program, input)).root,
    ]),
  );
}

/** Graphs without inputs, whose results differ from machine to machine. */
export function writeContrast(folder: string): void {
  const random = new Random(1);
  const [rows, inner] = [64, 777];
  const outputs = (type: DataType) => [valueInfo('y', [rows, rows], type)];
  const save = (
    name: string,
    op: string,
    type: DataType,
    a: Float32Array | Uint8Array,
    b: Float32Array | Int8Array,
  ): void =>
    writeFileSync(
      join(folder, name),
      encode(
        model(
          graph({
            name: 'contrast',
            inputs: [],
            outputs: outputs(type),
            nodes: [node('Identity', ['a'], ['x']), node(op, ['x', 'b'], ['y'])],
            initializers: [tensor('a', [rows, inner], a), tensor('b', [inner, rows], b)],
          }),
          17,
        ),
      ),
    );
  const floats = (): Float32Array => Float32Array.from({ length: rows * inner }, () => random.between(-1, 1));
  save('float32 MatMul.onnx', 'MatMul', DataType.FLOAT, floats(), floats());
  const unsigned = Uint8Array.from({ length: rows * inner }, () => random.integer(200, 255));
  const signed = Int8Array.from({ length: rows * inner }, () => random.integer(100, 127));
  save('u8 by s8 MatMulInteger.onnx', 'MatMulInteger', DataType.INT32, unsigned, signed);
}
