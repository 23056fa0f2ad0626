/**
 * `npm run exactness [-- --node <another node>]...`: traces the fixtures, models, the programs of the step vectors and random ones on this
 * processor and on emulated ones (x86 and arm64); with one and two threads; in kernels, with all products in ONNX Runtime, in whole graphs,
 * and with its basic optimisation; in onnxruntime-node and in onnxruntime-web; under this Node, the newest and every other that is named. All
 * roots must be equal, and where the reference evaluator is quick enough, its root. Two graphs of the ordinary kind run beside them: a
 * float32 MatMul and a u8 by s8 MatMulInteger. What a machine lacks for some of that (emulators, the network) is said and left out. Writes
 * bench/exactness.json; exits 1 when a root differs.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { type Place, places } from './places.js';
import { writeContrast, writePrograms } from './programs.js';

interface Outcome {
  readonly node: string;
  /** With its version. */
  readonly runtime: string;
  readonly roots: Record<string, string>;
  readonly contrast: Record<string, string>;
}

const WAYS = ['kernels', 'products', 'segments', 'optimised'] as const;

/** How the programs are run. */
interface Way {
  readonly runtime: 'onnxruntime-node' | 'onnxruntime-web';
  /** Everything in kernels that need not be in ONNX Runtime; all products of matrices in ONNX Runtime; whole graphs; and those optimised. */
  readonly way: (typeof WAYS)[number];
  readonly threads: number;
}

interface Row extends Omit<Way, 'runtime'>, Omit<Outcome, 'roots'> {
  readonly cpu: string;
  /** One hash of all roots. */
  readonly roots: string;
}

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { values: flags } = parseArgs({ options: { node: { type: 'string', multiple: true } } });

const NATIVE: readonly Way[] = WAYS.flatMap((way) => [
  { runtime: 'onnxruntime-node', way, threads: 1 },
  { runtime: 'onnxruntime-node', way, threads: 2 },
  { runtime: 'onnxruntime-web', way, threads: 1 },
]);
/** An emulator is slow, and not every combination says something new. */
const EMULATED: readonly Way[] = [
  { runtime: 'onnxruntime-node', way: 'kernels', threads: 2 },
  { runtime: 'onnxruntime-node', way: 'products', threads: 1 },
  { runtime: 'onnxruntime-node', way: 'segments', threads: 2 },
];

function outcome({ command: [program, ...first] }: Place, folder: string, { runtime, way, threads }: Way): Outcome {
  const script = [...first, root('bench/exactness/roots.mjs'), folder, `${threads}`, way, runtime];
  const printed = execFileSync(program, script, { maxBuffer: 2 ** 24, stdio: 'pipe' });
  return JSON.parse(printed.toString()) as Outcome;
}

const digest = (roots: Record<string, string>): string =>
  createHash('sha256').update(JSON.stringify(roots)).digest('hex').slice(0, 16);

const folder = mkdtempSync(join(tmpdir(), 'og-exactness-'));
try {
  const evaluated = await writePrograms(folder);
  writeContrast(folder);
  const missing: string[] = [];
  const rows: Row[] = [];
  let differing = 0;
  let expected: Outcome['roots'] = evaluated;
  const all = await places(folder, flags.node ?? [], (sentence) => missing.push(sentence));
  for (const place of all)
    for (const way of place.isEmulated ? EMULATED : NATIVE) {
      const { node, runtime, roots, contrast } = outcome(place, folder, way);
      if (rows.length === 0) expected = { ...roots, ...evaluated };
      const where = `${place.cpu}, Node ${node}, ${runtime}, ${way.way}, ${way.threads} threads`;
      for (const [name, value] of Object.entries(expected))
        if (roots[name] !== value) {
          differing++;
          console.error(`${name}: ${roots[name]} and not ${value} on ${where}`);
        }
      rows.push({ cpu: place.cpu, node, ...way, runtime, roots: digest(roots), contrast });
      console.error(`${where}: ${digest(roots)}`);
    }
  const programs = Object.keys(expected).length;
  const contrasts = Object.keys(rows[0]?.contrast ?? {});
  const head = ['CPU', 'Node', 'runtime', 'threads', 'way', `${programs} trace roots`, ...contrasts];
  const table = new Table({ head });
  for (const { cpu, node, runtime, threads, way, roots, contrast } of rows)
    table.push([cpu, node, runtime, threads, way, roots, ...contrasts.map((name) => contrast[name] ?? '')]);
  console.log(table.toString());
  for (const sentence of missing) console.log(`Left out: ${sentence}`);
  console.log(
    differing > 0
      ? `${differing} roots differ.`
      : `Equal roots in ${rows.length} runs; of ${Object.keys(evaluated).length} programs they are the evaluator's too.`,
  );
  writeFileSync(
    root('bench/exactness.json'),
    `${JSON.stringify({ command: 'npm run exactness', programs, missing, rows }, null, 2)}\n`,
  );
  process.exitCode = differing === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
