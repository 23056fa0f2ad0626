/** The model whose jobs are posted, and as many different inputs for it as there are jobs. */
import { Random } from '../../fixtures/random.js';
import type { Compiled } from '../../src/compiler/compile.js';
import { Executor } from '../../src/executor/executor.js';
import { encodeArtefact } from '../../src/program/artefact.js';
import { widthRange } from '../../src/program/range.js';
import type { Model, Store } from '../../src/store/store.js';
import { benchModels } from '../models.js';

const CALIBRATION_SAMPLES = 8;

/** Compiles a model of `npm run bench` whose name contains `part`, and keeps it in each of the stores. */
export async function compileInto(stores: readonly Store[], part: string): Promise<{ name: string; model: Model }> {
  const [found] = benchModels(part);
  if (!found) throw new RangeError(`No model of the bench has "${part}" in its name.`);
  const { compile } = await import('../../src/compiler/compile.js');
  const { loadFloatRuntime } = await import('../../src/executor/float.js');
  const { artefact }: Compiled = await compile(
    {
      bytes: await found.bytes(),
      file: found.name,
      shapes: found.shapes,
      calibration: Array.from({ length: CALIBRATION_SAMPLES }, (_, i) => found.sample(i + 1)),
      async runProgram(program, input) {
        const executor = await Executor.load(program);
        try {
          return await executor.run(input);
        } finally {
          await executor.close();
        }
      },
    },
    loadFloatRuntime(),
  );
  const bytes = encodeArtefact(artefact);
  const [model] = await Promise.all(stores.map((store) => store.putArtefact(bytes)));
  return { name: found.name, model: model as Model };
}

/** Packed: any whole numbers of the input's width are an input. Another seed, another input. */
export function inputOf({ commitment }: Model, seed: number): Int32Array {
  const { elements, width } = commitment.program.input;
  const { lo, hi } = widthRange(width);
  const random = new Random(seed);
  return Int32Array.from({ length: elements }, () => random.integer(lo, hi));
}
