/** A process of its own: loads an artefact, traces it once on the zero input, and prints its peak memory in bytes. */
import { existsSync, readFileSync } from 'node:fs';
import { commitModel, traceForest } from '../src/commit/model.js';
import { Executor } from '../src/executor/executor.js';
import { decodeArtefact } from '../src/program/artefact.js';

const path = process.argv[2] as string;
const { program } = decodeArtefact(readFileSync(path), path);
const executor = await Executor.load(program);
const slots = await executor.trace(new Int32Array(program.input.elements));
const { root } = traceForest(commitModel(program), slots);
await executor.close();
// Linux hands a parent's maxRSS on to its child; VmHWM is the process's own.
const own = /VmHWM:\s+(\d+) kB/.exec(
  existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '',
)?.[1];
const peakBytes = 1024 * (own === undefined ? process.resourceUsage().maxRSS : Number(own));
console.log(JSON.stringify({ root, peakBytes }));
