/** The same inferences without a watchtower: each process is handed its share and loops over it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Hash } from '../../src/commit/hash.js';
import type { BareAnswer, BareRequest, BareResult } from './bare.js';

export class BareLoop {
  private readonly children: readonly ChildProcess[];

  /** @param parallel processes, with so many threads each. */
  constructor(folder: string, parallel: number, threads: number) {
    const file = fileURLToPath(new URL('bare.ts', import.meta.url));
    this.children = Array.from({ length: parallel }, () =>
      fork(file, [folder, String(threads)], { serialization: 'advanced', execArgv: ['--import', 'tsx'] }),
    );
  }

  /** Loading the model and handing over do not count. */
  async run(modelId: Hash, inputs: readonly Int32Array[]): Promise<{ seconds: number; answers: BareAnswer[] }> {
    const count = this.children.length;
    const results = await Promise.all(
      this.children.map(async (child, at): Promise<BareResult> => {
        const request: BareRequest = { modelId, inputs: inputs.filter((_, i) => i % count === at) };
        child.send(request);
        const [result] = (await once(child, 'message')) as [BareResult];
        return result;
      }),
    );
    const startedMs = Math.min(...results.map((each) => each.startedMs));
    const endedMs = Math.max(...results.map((each) => each.endedMs));
    const answers = inputs.map((_, i) => results[i % count]?.answers[Math.floor(i / count)] as BareAnswer);
    return { seconds: (endedMs - startedMs) / 1000, answers };
  }

  close(): void {
    for (const child of this.children) child.kill();
  }
}
