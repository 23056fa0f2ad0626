/** A strategy of liars: a name, a sentence, and how it is played. */
import { performance } from 'node:perf_hooks';
import type { Account } from './ledger.js';
import { Stage, type StageOptions } from './stage.js';
import type { Workshop } from './subject.js';

export interface Strategy {
  readonly name: string;
  /** What the liar tries. */
  readonly sentence: string;
  readonly stage?: StageOptions;
  /** Played to the end; what is wrong is left in the stage's problems, or thrown. */
  readonly play: (stage: Stage) => Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly sentence: string;
  readonly outcome: string;
  readonly rounds: number;
  readonly accounts: readonly Account[];
  readonly seconds: number;
  /** Empty when the honest side has lost nothing and nothing wrong is final. */
  readonly problems: readonly string[];
}

export async function playStrategy(
  workshop: Workshop,
  { name, sentence, stage: options, play }: Strategy,
): Promise<Result> {
  const startedAt = performance.now();
  const stage = await Stage.open(workshop, options);
  const result = (judged: Pick<Result, 'outcome' | 'rounds' | 'accounts'>, problems: readonly string[]): Result => ({
    name,
    sentence,
    ...judged,
    seconds: (performance.now() - startedAt) / 1000,
    problems,
  });
  try {
    await play(stage);
    const judged = await stage.settle();
    return result(judged, stage.problems);
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return result({ outcome: 'failed', rounds: 0, accounts: [] }, [...stage.problems, message]);
  } finally {
    await stage.close();
  }
}
