/**
 * `npm run exactness [-- --node <another node>]...`: traces models and random programs on this processor and, where `qemu-x86_64` is on the path
 * (Debian: qemu-user), on emulated ones; with one and two threads; in kernels, in whole graphs, and with ONNX Runtime's basic optimisation;
 * under this Node and every other that is named. All roots must be equal. Two graphs of the ordinary kind run beside them: a
 * float32 MatMul and a u8 by s8 MatMulInteger. Writes bench/exactness.json; exits 1 when a root differs.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { writeContrast, writePrograms } from './programs.js';

interface Outcome {
  readonly node: string;
  readonly roots: Record<string, string>;
  readonly contrast: Record<string, string>;
}

interface Place {
  readonly cpu: string;
  /** What goes before the script. */
  readonly command: readonly string[];
}

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { values: flags } = parseArgs({ options: { node: { type: 'string', multiple: true } } });

/** SSE4.2 only; AVX2 without VNNI; the newest that the emulator knows all instructions of. */
const EMULATED = ['Nehalem', 'Haswell', 'max'];

function hasEmulator(): boolean {
  try {
    execFileSync('qemu-x86_64', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function places(): Place[] {
  const native = [process.execPath, ...(flags.node ?? [])].map((node) => ({
    cpu: cpus()[0]?.model.trim() ?? 'native',
    command: [node],
  }));
  const emulated = EMULATED.map((cpu) => ({
    cpu: `${cpu} (emulated)`,
    command: ['qemu-x86_64', '-cpu', cpu, process.execPath],
  }));
  return hasEmulator() ? [...native, ...emulated] : native;
}

function outcome({ command }: Place, folder: string, threads: number, way: string): Outcome {
  const [program, ...first] = command as [string, ...string[]];
  const script = [...first, root('bench/exactness/roots.mjs'), folder, `${threads}`, way];
  return JSON.parse(execFileSync(program, script, { maxBuffer: 2 ** 24 }).toString()) as Outcome;
}

/** One hash for the roots of all programs. */
const digest = (roots: Record<string, string>): string =>
  createHash('sha256').update(JSON.stringify(roots)).digest('hex').slice(0, 16);

const folder = mkdtempSync(join(tmpdir(), 'og-exactness-'));
try {
  await writePrograms(folder);
  writeContrast(folder);
  const rows: {
    cpu: string;
    node: string;
    threads: number;
    way: string;
    roots: string;
    contrast: Outcome['contrast'];
  }[] = [];
  let programs = 0;
  let differing = 0;
  let expected: Outcome['roots'] | null = null;
  for (const place of places()) {
    const isEmulated = place.command[0] === 'qemu-x86_64';
    for (const way of isEmulated ? ['kernels'] : ['kernels', 'segments', 'optimised'])
      for (const threads of isEmulated ? [1] : [1, 2]) {
        const { node, roots, contrast } = outcome(place, folder, threads, way);
        expected ??= roots;
        programs = Object.keys(roots).length;
        for (const [name, value] of Object.entries(expected))
          if (roots[name] !== value) {
            differing++;
            console.error(`${name}: ${roots[name]} and not ${value} on ${place.cpu}, ${way}, ${threads} threads`);
          }
        rows.push({ cpu: place.cpu, node, threads, way, roots: digest(roots), contrast });
        console.error(`${place.cpu}, Node ${node}, ${way}, ${threads} threads: ${digest(roots)}`);
      }
  }
  const contrasts = Object.keys(rows[0]?.contrast ?? {});
  const table = new Table({ head: ['CPU', 'Node', 'threads', 'way', `${programs} trace roots`, ...contrasts] });
  for (const { cpu, node, threads, way, roots, contrast } of rows)
    table.push([cpu, node, threads, way, roots, ...contrasts.map((name) => contrast[name] ?? '')]);
  console.log(table.toString());
  console.log(differing === 0 ? `All roots are equal in ${rows.length} runs.` : `${differing} roots differ.`);
  writeFileSync(
    root('bench/exactness.json'),
    `${JSON.stringify({ command: 'npm run exactness', programs, rows }, null, 2)}\n`,
  );
  process.exitCode = differing === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
