/** What every thread of a crew does: takes chunks of the present stage until all are taken. */
import type { Exported } from '../../wasm/instance.js';

/** Kernels by position. */
export type Kernels = readonly Exported[];

/**
 * Numbers in memory that all threads share. `ticket` is the chunks of the present stage that nobody has taken, in the lower half, and in
 * the upper half a number that tells stages apart; `done` and `failed` count chunks.
 */
export const CONTROL = { ticket: 0, done: 1, failed: 2, chunks: 3, extent: 4, size: 5, stage: 6 } as const;
export const MOST_CHUNKS = 0xffff;

/**
 * A loop that threads share, by its kind and its parameters:
 *
 * - 0, plain: kernel, parameter. One call for each chunk, with one parameter more.
 * - 1, rows: gather kernel, place, bytes each, kernels for groups of columns whose elements lie side by side and for the others, number of the
 *   former, of all, groups in one call, rows of one index. Rows are gathered to a place of the thread's own and multiplied with all columns.
 * - 2, columns: kernel, rows, place, first group. Groups of columns, for rows that are gathered already.
 * - 3, leaves: pack kernel, hash kernel, source, bytes in memory of a packed byte, target, place, bytes each. Elements are packed in a place of the
 *   thread's own and hashed.
 * - 4, nodes: hash kernel, source, target. Pairs of nodes are hashed.
 */
export type Stage = readonly [kind: 0 | 1 | 2 | 3 | 4, ...parameters: number[]];

export const STAGE_LENGTH = 10;

export interface CrewMember {
  /** Does indices `from` to `to - 1` of a stage; false where an element does not fit the width of its leaf. */
  perform(stage: ArrayLike<number>, from: number, to: number): boolean;
  /** Does chunks of the present stage until all are taken. @returns the ticket that says so. */
  takeChunks(): number;
  /** Takes chunks for ever. */
  serve(): never;
}

/** Its text is what threads are started with: it uses nothing but its parameters. */
export function crewMember(
  kernels: Kernels,
  control: Int32Array,
  thread: number,
  at: typeof CONTROL,
  mostChunks: number,
): CrewMember {
  // Looks at the ticket before a thread sleeps: the next stage mostly follows within microseconds.
  const spins = 2000;
  const leafBytes = 256;
  const hashBytes = 32;
  const member: CrewMember = {
    perform(stage, from, to) {
      const kernel = (position: number): Exported => kernels[stage[position] as number] as Exported;
      const number = (position: number): number => stage[position] as number;
      if (stage[0] === 0) kernel(1)(from, to, number(2));
      else if (stage[0] === 1) {
        const own = number(2) + thread * number(3);
        kernel(1)(from, to, own);
        const [rows, rowsEnd] = [from * number(9), to * number(9)];
        for (let group = 0, end = number(6); group < end; group += number(8))
          kernel(4)(rows, rowsEnd, own, group, Math.min(end, group + number(8)));
        for (let group = number(6), end = number(7); group < end; group += number(8))
          kernel(5)(rows, rowsEnd, own, group, Math.min(end, group + number(8)));
      } else if (stage[0] === 2) kernel(1)(0, number(2), number(3), number(4) + from, number(4) + to);
      else if (stage[0] === 3) {
        const own = number(6) + thread * number(7);
        const source = number(3) + from * leafBytes * number(4);
        const lost = kernel(1)(source, ((to - from) * leafBytes) / 16, own);
        kernel(2)(own, Math.ceil((to - from) / 2), number(5) + from * hashBytes);
        return lost === 0;
      } else kernel(1)(number(2) + 2 * from * hashBytes, Math.ceil((to - from) / 2), number(3) + from * hashBytes);
      return true;
    },
    takeChunks() {
      for (;;) {
        const ticket = Atomics.load(control, at.ticket);
        const left = ticket & mostChunks;
        if (left === 0) return ticket;
        // Who takes a chunk may read the stage: nobody writes another one before the chunk is done.
        if (Atomics.compareExchange(control, at.ticket, ticket, ticket - 1) !== ticket) continue;
        const chunks = control[at.chunks] as number;
        const size = control[at.size] as number;
        const from = (chunks - left) * size;
        let well = false;
        try {
          well = member.perform(control.subarray(at.stage), from, Math.min(control[at.extent] as number, from + size));
        } finally {
          if (!well) Atomics.store(control, at.failed, 1);
          if (Atomics.add(control, at.done, 1) + 1 === chunks) Atomics.notify(control, at.done);
        }
      }
    },
    serve() {
      for (;;) {
        const ticket = member.takeChunks();
        let spin = 0;
        while (spin < spins && Atomics.load(control, at.ticket) === ticket) spin++;
        if (spin === spins) Atomics.wait(control, at.ticket, ticket);
      }
    },
  };
  return member;
}
