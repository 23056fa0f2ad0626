/** The disagreements between nodes that last: each is told when it begins and when it ends. */
import type { ChainEvents, Disagreement } from './events.js';

export type Observed = Omit<Disagreement, 'sinceMs'>;

/** A read that was answered in two ways is over when it has not happened again for so long. */
export const DOUBT_MS = 300_000;

export class Disagreements {
  private readonly lasting = new Map<string, { readonly told: Disagreement; seenMs: number }>();

  constructor(private readonly events: ChainEvents) {}

  get all(): Disagreement[] {
    this.endOldReads();
    return [...this.lasting.values()].map(({ told }) => told);
  }

  /** Two nodes have answered a read in different ways. */
  observe(observed: Observed): void {
    this.endOldReads();
    const known = this.lasting.get(observed.key);
    if (known) {
      known.seenMs = Date.now();
      return;
    }
    const told = { ...observed, sinceMs: Date.now() };
    this.lasting.set(observed.key, { told, seenMs: told.sinceMs });
    this.events.emit('disagreement', told);
  }

  /** What a comparison of all nodes has found: what it found before, and no longer does, is over. */
  compared(found: readonly Observed[]): void {
    const keys = new Set(found.map(({ key }) => key));
    for (const [key, { told }] of this.lasting) if (told.about !== 'read' && !keys.has(key)) this.end(key, told);
    for (const observed of found) this.observe(observed);
  }

  private endOldReads(): void {
    for (const [key, { told, seenMs }] of this.lasting)
      if (told.about === 'read' && Date.now() - seenMs > DOUBT_MS) this.end(key, told);
  }

  private end(key: string, told: Disagreement): void {
    this.lasting.delete(key);
    this.events.emit('agreement', told);
  }
}
