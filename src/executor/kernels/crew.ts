/**
 * Threads that run kernels over one shared memory, this one among them. Chunks of a stage are taken from one shared number, so a thread that is
 * late, or that the machine gives no time, is waited for only where it has taken a chunk.
 */
import { Worker } from 'node:worker_threads';
import { link, type Memory, type Module } from '../../wasm/instance.js';
import { CONTROL, type CrewMember, crewMember, MOST_CHUNKS, STAGE_LENGTH, type Stage } from './crew-member.js';

/** Looks at what is done before this thread sleeps. */
const SPINS = 2000;

/** A thread's program; `__name` is what esbuild, where it is what runs TypeScript, puts round functions. */
const THREAD = `
const { workerData } = require('node:worker_threads');
const __name = (each) => each;
const { module, memory, control, thread, at, mostChunks } = workerData;
const kernels = Object.values(new WebAssembly.Instance(module, { og: { memory } }).exports);
(${crewMember})(kernels, control, thread, at, mostChunks).serve();
`;

export class Crew {
  private readonly member: CrewMember;
  private readonly positions: ReadonlyMap<string, number>;
  private readonly control = new Int32Array(new SharedArrayBuffer(4 * (CONTROL.stage + STAGE_LENGTH)));
  private workers: readonly Worker[] = [];
  private serial = 0;

  /** @param threads with this one; the memory must be shared where there are more. */
  constructor(
    private readonly module: Module,
    private readonly memory: Memory,
    readonly threads: number,
  ) {
    const { control } = this;
    const exported = link(module, memory);
    this.positions = new Map(Object.keys(exported).map((name, position) => [name, position]));
    this.member = crewMember(Object.values(exported), control, 0, CONTROL, MOST_CHUNKS);
  }

  /** Starts the other threads; nobody waits for them. */
  private start(): void {
    const { module, memory, control, threads } = this;
    this.workers = Array.from({ length: threads - 1 }, (_, i) => {
      const workerData = { module, memory, control, thread: i + 1, at: CONTROL, mostChunks: MOST_CHUNKS };
      const worker = new Worker(THREAD, { eval: true, workerData, execArgv: [] });
      worker.unref();
      worker.on('error', () => undefined); // it takes no more chunks; the others do them
      return worker;
    });
  }

  /** The position of a kernel by its name; -1 where there is none. */
  kernel(name: string): number {
    return this.positions.get(name) ?? -1;
  }

  /**
   * Runs a stage for all indices below `extent`, `size` of them at a time.
   *
   * @returns whether every chunk went well.
   */
  run(stage: Stage, extent: number, size: number): boolean {
    const { control, member } = this;
    const each = Math.max(size, Math.ceil(extent / MOST_CHUNKS));
    const chunks = Math.ceil(extent / each);
    if (this.threads === 1 || chunks < 2) {
      let well = true;
      for (let from = 0; from < extent; from += each)
        well = member.perform(stage, from, Math.min(extent, from + each)) && well;
      return well;
    }
    if (this.workers.length === 0) this.start();
    control[CONTROL.chunks] = chunks;
    control[CONTROL.extent] = extent;
    control[CONTROL.size] = each;
    control[CONTROL.done] = 0;
    control[CONTROL.failed] = 0;
    control.set(stage, CONTROL.stage);
    this.serial = (this.serial + 1) & 0x7fff;
    Atomics.store(control, CONTROL.ticket, (this.serial << 16) | chunks);
    Atomics.notify(control, CONTROL.ticket);
    member.takeChunks();
    for (let spin = 0; ; spin++) {
      const done = Atomics.load(control, CONTROL.done);
      if (done === chunks) return control[CONTROL.failed] === 0;
      if (spin > SPINS) Atomics.wait(control, CONTROL.done, done);
    }
  }

  /** Ends the other threads; they are started again when they are needed. */
  async close(): Promise<void> {
    const { workers } = this;
    this.workers = [];
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
