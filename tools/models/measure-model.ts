/** Everything that is measured of one model. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { commitModel } from '../../src/commit/model.js';
import { type Kind, kindOf, LEAST_COSINE } from '../../src/compiler/closeness-bar.js';
import { compile } from '../../src/compiler/compile.js';
import { readModel } from '../../src/compiler/onnx/read.js';
import { packSample } from '../../src/compiler/pack-sample.js';
import { traceSource } from '../../src/dispute/trace.js';
import { Executor } from '../../src/executor/executor.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { programRunner } from '../../src/executor/program-runner.js';
import { unpackOutputs } from '../../src/program/layout.js';
import { LEAST_EQUAL, quantumOf } from './bars.js';
import type { RealModel } from './catalogue.js';
import { type Closeness, Comparison } from './closeness.js';
import { compareElements, findLies } from './lies.js';

export interface Measured {
  readonly model: string;
  readonly kind: Kind;
  readonly steps: number;
  readonly activationBits: number;
  readonly parameters: number;
  readonly compileMs: number;
  /** Against float ONNX Runtime on samples that were not calibrated on. */
  readonly closeness: Closeness;
  readonly samples: number;
  /** The same when it is compiled without samples: the report of `og compile`. */
  readonly cosineUncalibrated: number | null;
  readonly rounds: number;
  readonly worstStep: { readonly index: number; readonly node: string; readonly gas: number };
  readonly matchGas: number;
  readonly runMs: number;
  readonly traceMs: number;
  readonly liesFound: number;
  readonly elementsCompared: number;
  /** Bars that are missed, as sentences; none when all is well. */
  readonly missed: readonly string[];
}

const CALIBRATION_SAMPLES = 16;
const HELD_OUT_SAMPLES = 8;
const TREE_ROWS = 1_000;
const QUANTISED_SAMPLES = 100;
const LIES = 20;
const ELEMENTS = 500;
const RUNS = 5;

const heldOutCount: Readonly<Record<Kind, number>> = {
  dense: HELD_OUT_SAMPLES,
  recurrent: HELD_OUT_SAMPLES,
  trees: TREE_ROWS,
  quantised: QUANTISED_SAMPLES,
};

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

async function medianMs(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  return times.sort((x, y) => x - y)[Math.floor(RUNS / 2)]!;
}

/** What of the bars a model misses. */
function missedBars(kind: Kind, { cosine, equal, quanta }: Closeness): string[] {
  if (kind === 'trees') return equal === 1 ? [] : [`${equal * 100} % of the outputs are equal, and all have to be`];
  if (kind === 'quantised')
    return [
      ...(quanta > 1.001 ? [`an output is ${quanta} quanta off, and 1 is allowed`] : []),
      ...(equal < LEAST_EQUAL
        ? [`${equal * 100} % of the outputs are equal, and ${LEAST_EQUAL * 100} % have to be`]
        : []),
    ];
  return cosine >= LEAST_COSINE[kind] ? [] : [`the cosine similarity is ${cosine}, below ${LEAST_COSINE[kind]}`];
}

/** @throws when it does not compile, evaluator and runtime differ, or a lie is not found. */
export async function measureModel(model: RealModel): Promise<Measured> {
  const bytes = readFileSync(model.path);
  const file = basename(model.path);
  const source = readModel(bytes, file);
  const kind = kindOf(source.graphProto);
  const runtime = loadFloatRuntime();
  const { runProgram, close } = programRunner();
  const request = { bytes, file, shapes: model.shapes, runProgram };
  const calibration = range(CALIBRATION_SAMPLES).map(model.calibration);
  const started = performance.now();
  const { artefact, price } = await compile({ ...request, calibration }, runtime);
  const compileMs = performance.now() - started;
  const { program } = artefact;
  // A parameter that must be constant has no value without samples.
  const isWhole = program.inputs.length === source.graph.inputs.length;
  const uncalibrated = isWhole ? await compile(request, runtime) : null;
  await close();

  const executor = await Executor.load(program);
  const session = await runtime.open(bytes);
  try {
    const comparison = new Comparison();
    const count = heldOutCount[kind];
    for (const sample of range(count).map(model.heldOut)) {
      const expected = await session.run({ ...sample });
      const actual = unpackOutputs(program, await executor.run(packSample(program, sample)));
      for (const { name } of program.outputs)
        comparison.add(expected[name]!, actual[name]!, kind === 'quantised' ? quantumOf(source, name) : 1);
    }
    const input = packSample(program, model.heldOut(0));
    const slots = await executor.trace(input);
    const truth = traceSource(commitModel(program), slots);
    const closeness = comparison.result();
    return {
      model: model.name,
      kind,
      steps: program.steps.length,
      activationBits: artefact.options.activationBits ?? artefact.options.bits,
      parameters: program.constants.reduce((sum, { data }) => sum + data.length, 0),
      compileMs,
      closeness,
      samples: count,
      cosineUncalibrated: uncalibrated?.fidelity.cosine ?? null,
      rounds: price.rounds,
      worstStep: {
        index: price.worstStep.index + 1,
        node: program.steps[price.worstStep.index]!.origin.node,
        gas: price.worstStep.gas,
      },
      matchGas: price.matchGas,
      runMs: await medianMs(() => executor.run(input)),
      traceMs: await medianMs(() => executor.trace(input)),
      elementsCompared: compareElements(truth, ELEMENTS, 3),
      liesFound: findLies(truth, LIES, 5),
      missed: missedBars(kind, closeness),
    };
  } finally {
    await session.close();
    await executor.close();
  }
}
