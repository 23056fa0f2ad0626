/** A process of its own that runs inferences in a bare loop, as a watchtower's child process does: trace, root, spot check. */
import type { Hash } from '../../src/commit/hash.js';
import { Store } from '../../src/store/store.js';
import { ModelRunner } from '../../src/verify/model-runner.js';

export interface BareRequest {
  readonly modelId: Hash;
  readonly inputs: readonly Int32Array[];
}

export interface BareAnswer {
  readonly traceRoot: Hash;
  readonly outputRoot: Hash;
  readonly output: Int32Array;
}

export interface BareResult {
  /** When the first run began and the last one ended, by the clock that all processes share. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly answers: readonly BareAnswer[];
}

const [folder, threads] = process.argv.slice(2);
const runner = new ModelRunner(new Store(folder), { threads: Number(threads) });
process.on('disconnect', () => process.exit());
process.on('message', async ({ modelId, inputs }: BareRequest) => {
  const loaded = await runner.load(modelId, []);
  const startedMs = Date.now();
  const answers: BareAnswer[] = [];
  for (const input of inputs) {
    const { traceRoot, outputRoot, output } = (await runner.run(loaded, input)).answer;
    answers.push({ traceRoot, outputRoot, output });
  }
  const result: BareResult = { startedMs, endedMs: Date.now(), answers };
  process.send?.(result);
});
