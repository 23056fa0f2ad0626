// A process of its own: traces every program of a folder and prints what came out, as one line of JSON. Plain JavaScript over dist/, so that any
// Node runs it, under an emulator too. Arguments: folder, threads, way (kernels, products, segments or optimised), runtime (a package's name).
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitModel, traceForest } from '../../dist/commit/model.js';
import { Executor } from '../../dist/executor/executor.js';
import { loadRuntime } from '../../dist/executor/runtime.js';
import { decodeArtefact } from '../../dist/program/artefact.js';
import { useRuntime } from './runtime.mjs';

const [folder, threadsText, way, runtime] = process.argv.slice(2);
useRuntime(runtime);
const ort = await loadRuntime();
const threads = Number(threadsText);
const options = {
  kernels: {},
  products: { integers: false, leastProduct: 0 },
  segments: { leastProduct: null },
  optimised: { leastProduct: null, optimize: true },
}[way];
const roots = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith('.og'))) {
  const { program } = decodeArtefact(readFileSync(join(folder, file)), file);
  const bytes = readFileSync(join(folder, `${file}.input`));
  const input = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  // Programs are small: threads share them all the same.
  const sharing = { leastRounds: 0, roundsPerCall: 1024 };
  const executor = await Executor.load(program, { ...options, threads, sharing });
  const commitment = commitModel(program);
  const { slots, trees } = await executor.traceTrees(input, commitment.model.tensorDepth);
  roots[file] = traceForest(commitment, slots, trees).root;
  await executor.close();
}
const contrast = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith('.onnx'))) {
  const session = await ort.InferenceSession.create(readFileSync(join(folder, file)), { intraOpNumThreads: threads });
  const results = await session.run({});
  const { data } = results[session.outputNames[0]];
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  contrast[file] = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
const version = ort.env.versions[runtime.replace('onnxruntime-', '')];
console.log(JSON.stringify({ node: process.version, runtime: `${runtime} ${version}`, roots, contrast }));
