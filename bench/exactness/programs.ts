/** What `npm run exactness` runs: the project's models and random programs as artefacts, and two float and integer graphs as the contrast. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataType, encode, graph, model, node, tensor, valueInfo } from '../../fixtures/onnx.js';
import { Random } from '../../fixtures/random.js';
import { compile } from '../../src/compiler/compile.js';
import { Executor } from '../../src/executor/executor.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { type Artefact, encodeArtefact } from '../../src/program/artefact.js';
import { packInputs } from '../../src/program/layout.js';
import type { Program } from '../../src/program/program.js';
import { randomInput, randomProgram } from '../../test/helpers/random-program.js';
import { benchModels } from '../models.js';

/** They cover every combine, reduce, post and lookup many times. */
const RANDOM_PROGRAMS = 60;
const MODELS = ['digits', 'mlp', 'bert', 'classifier', 'layer: depthwise'];

function write(folder: string, name: string, artefact: Artefact, input: Int32Array): void {
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.og`);
  writeFileSync(file, encodeArtefact(artefact));
  writeFileSync(`${file}.input`, new Uint8Array(input.buffer, input.byteOffset, input.byteLength));
}

const plain = (program: Program): Artefact => ({
  program,
  source: { file: 'none', sha256: '', opset: {}, producer: '' },
  options: { bits: 16, shapes: {} },
  ranges: {},
  fidelity: null,
  notes: [],
});

export async function writePrograms(folder: string): Promise<void> {
  for (const each of MODELS.flatMap((name) => benchModels(name).slice(0, 1))) {
    const { artefact } = await compile(
      {
        bytes: each.bytes(),
        file: each.name,
        shapes: each.shapes,
        calibration: [1, 2, 3, 4].map(each.sample),
        async runProgram(program, input) {
          const executor = await Executor.load(program);
          const output = await executor.run(input);
          await executor.close();
          return output;
        },
      },
      loadFloatRuntime(),
    );
    const tensors = Object.entries(each.sample(1000)).map(
      ([name, { dims, data }]) => [name, { shape: dims, data: data as never }] as const,
    );
    write(folder, each.name, artefact, packInputs(artefact.program, Object.fromEntries(tensors)));
  }
  for (let seed = 0; seed < RANDOM_PROGRAMS; seed++) {
    const program = randomProgram(seed, { maxElements: 200 });
    write(folder, `random ${seed}`, plain(program), randomInput(program, seed));
  }
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
