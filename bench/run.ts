/**
 * `npm run bench [-- --only <part of a name>] [-- --quick]`: what exactness costs. For each model, in one process and in turn: the float32 model in
 * ONNX Runtime (all its optimisations on), the exact run, the trace, the trace with its root, with one thread and with two. Then compile
 * time, artefact size, peak memory of a trace in a process of its own, start-up of the command line, and hashing.
 *
 * Writes bench/results.json and the tables of docs/performance.md.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hashChunks } from '../src/commit/keccak.js';
import { tensorTree } from '../src/commit/merkle.js';
import { commitModel, traceForest } from '../src/commit/model.js';
import { type Compiled, compile } from '../src/compiler/compile.js';
import { packSample } from '../src/compiler/pack-sample.js';
import { Executor } from '../src/executor/executor.js';
import { loadFloatRuntime } from '../src/executor/float.js';
import { programRunner } from '../src/executor/program-runner.js';
import { openSession } from '../src/executor/runtime.js';
import { encodeArtefact } from '../src/program/artefact.js';
import { slotShape } from '../src/program/program.js';
import { traceArtefact } from './child.js';
import { type Budget, interleaved, type Spread, spreadOf } from './measure.js';
import { type BenchModel, benchModels, LARGE_DETECTOR } from './models.js';
import type { ModelResult, Results } from './results.js';
import { performancePage } from './tables.js';

const root = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean' }, large: { type: 'boolean' } },
});
const BUDGET: Budget = flags.quick
  ? { milliseconds: 500, leastRounds: 3, mostRounds: 50 }
  : { milliseconds: 2000, leastRounds: 5, mostRounds: 200 };
const CALIBRATION_SAMPLES = 8;
const RESULTS = 'bench/results.json';
const scratch = mkdtempSync(join(tmpdir(), 'og-bench-'));

async function compiled(model: BenchModel): Promise<{ compiled: Compiled; ms: number }> {
  const { runProgram, close } = programRunner();
  const bytes = await model.bytes();
  const start = performance.now();
  const result = await compile(
    {
      bytes,
      file: model.name,
      shapes: model.shapes,
      calibration: Array.from({ length: CALIBRATION_SAMPLES }, (_, i) => model.sample(i + 1)),
      runProgram,
    },
    loadFloatRuntime(),
  );
  const ms = performance.now() - start;
  await close();
  return { compiled: result, ms };
}

/** Peak memory of runs, traces and a root. */
function peak(model: BenchModel, { artefact }: Compiled): number {
  const path = join(scratch, `${model.name.replaceAll(/\W+/g, '-')}.og`);
  writeFileSync(path, encodeArtefact(artefact));
  return traceArtefact(path).peakBytes;
}

async function measureModel(model: BenchModel): Promise<ModelResult> {
  const { compiled: made, ms: compileMs } = await compiled(model);
  const { program } = made.artefact;
  const commitment = commitModel(program);
  const sample = model.sample(1000);
  const input = packSample(program, sample);
  const { Tensor } = await import('onnxruntime-node');
  const feeds = Object.fromEntries(
    Object.entries(sample).map(([name, { type, dims, data }]) => [
      name,
      new Tensor(type as never, data as never, dims),
    ]),
  );
  const byThreads: ModelResult['threads'] = {};
  for (const threads of [1, 2]) {
    const float = await openSession(await model.bytes(), { threads, optimize: 'all' });
    const executor = await Executor.load(program, { threads });
    const times = await interleaved(
      {
        float: () => float.run(feeds as never),
        run: () => executor.run(input),
        trace: () => executor.trace(input),
        traceAndRoot: async () => {
          const { slots, trees } = await executor.traceTrees(input, commitment.model.tensorDepth);
          return traceForest(commitment, slots, trees).root;
        },
      },
      BUDGET,
    );
    await float.release();
    await executor.close();
    byThreads[threads] = times;
  }
  const shapes = Array.from({ length: program.steps.length + 1 }, (_, slot) => slotShape(program, slot));
  return {
    model: model.name,
    steps: program.steps.length,
    parameters: program.constants.reduce((sum, { data }) => sum + data.length, 0),
    traceBytes: shapes.reduce((sum, { elements, width }) => sum + elements * width, 0),
    artefactBytes: encodeArtefact(made.artefact).length,
    compileMs: Math.round(compileMs),
    peakBytes: peak(model, made),
    rounds: made.price.rounds,
    pricedMatchGas: made.price.matchGas,
    threads: byThreads,
  };
}

function hashing(): Results['hashing'] {
  const bytes = new Uint8Array(2 ** 24).map((_, i) => i * 7 + (i >> 9));
  const elements = Int32Array.from({ length: 2 ** 22 }, (_, i) => ((i * 7919) % 65_536) - 32_768);
  const perSecond = (size: number, work: () => void): number => {
    for (let i = 0; i < 3; i++) work();
    const times = Array.from({ length: 9 }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    });
    return Math.round(size / spreadOf(times).leastMs / 1000);
  };
  return {
    nodesMBs: perSecond(bytes.length, () => hashChunks(bytes, 64)),
    leavesMBs: perSecond(bytes.length, () => hashChunks(bytes, 256)),
    int16TreeMBs: perSecond(2 * elements.length, () => tensorTree(elements, 2, 22)),
  };
}

/** The whole process, as a user waits for it. `dist` must be built. */
function startUp(): Results['startUp'] {
  const time = (parameters: readonly string[]): Spread => {
    const times = Array.from({ length: flags.quick ? 3 : 9 }, () => {
      const start = performance.now();
      execFileSync(process.execPath, [root('bin/run.js'), ...parameters], { stdio: 'ignore' });
      return performance.now() - start;
    });
    return spreadOf(times);
  };
  const artefact = join(scratch, 'digits.og');
  execFileSync(
    process.execPath,
    [
      root('bin/run.js'),
      'compile',
      root('fixtures/digits/digits.onnx'),
      '--calibration',
      root('fixtures/digits/calibration.npz'),
      '-o',
      artefact,
    ],
    { stdio: 'ignore' },
  );
  const run = ['run', artefact, '--input', `image=${root('fixtures/digits/seven.npy')}`];
  return { version: time(['--version']), runDigits: time(run), runDigitsTraced: time([...run, '--trace']) };
}

try {
  const before = loadavg()[0] as number;
  const models: ModelResult[] = [];
  for (const model of benchModels(flags.only)) {
    process.stderr.write(`${model.name}\n`);
    models.push(await measureModel(model));
  }
  // Memory does not depend on what else the machine does: without --large the last figure stays.
  let { detector640PeakBytes } = JSON.parse(readFileSync(root(RESULTS), 'utf8')) as Results;
  if (flags.large) {
    process.stderr.write(`${LARGE_DETECTOR.name}\n`);
    detector640PeakBytes = peak(LARGE_DETECTOR, (await compiled(LARGE_DETECTOR)).compiled);
  }
  const results: Results = {
    command: 'npm run bench',
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    node: process.version,
    loadBefore: before,
    hashing: hashing(),
    startUp: startUp(),
    detector640PeakBytes,
    models,
  };
  if (flags.only === undefined && !flags.quick) {
    writeFileSync(root(RESULTS), `${JSON.stringify(results, null, 2)}\n`);
    const page = root('docs/performance.md');
    writeFileSync(page, performancePage(readFileSync(page, 'utf8'), results));
  } else console.log(JSON.stringify(results, null, 2));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
