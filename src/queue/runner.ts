/** A runner: takes runs from a queue, makes them in processes of its own, and says what they come to. It has no key and no chain. */
import { type Job, Worker } from 'bullmq';
import type { Hash } from '../commit/hash.js';
import type { ProcessVerifier } from '../verify/process-verifier.js';
import { PREFIX, QUEUE, type ReplyJson, type RunJson, refusalToJson, replyToJson, runFromJson } from './messages.js';
import { connectRedis, nameOf } from './redis.js';

export interface ServedRun {
  readonly modelId: Hash;
  readonly milliseconds: number;
  /** Why it could not be made; null when it was. */
  readonly refused: string | null;
}

export interface RunnerOptions {
  readonly url: string;
  /** What it calls itself. */
  readonly name: string;
  readonly verifier: ProcessVerifier;
  readonly onRun?: (run: ServedRun) => void;
  /** The queue is reached, or cannot be. */
  readonly onQueue?: (problem: string | null) => void;
}

export interface Runner {
  /** Lets others have what it has begun, and ends. */
  close(): Promise<void>;
}

/** A runner that has not said for so long that it is at it has died, and the run goes to the next one. */
const LOCK_MS = 10_000;
const STALLED_EVERY_MS = 5_000;
/** Runners that may die over one run. */
const MOST_DEATHS = 2;
/** Redis knows nothing of a run any more, or another runner has it: the watchtower sees to it. */
const LOST = /^(Missing key|Missing lock|Lock mismatch) for job|could not renew lock/i;
const CLOSE_WITHIN_MS = 5_000;

/** @throws UserError when the address is none. That nobody is there is no error: it waits. */
export function startRunner({ url, name, verifier, onRun, onQueue }: RunnerOptions): Runner {
  const where = nameOf(url);
  const redis = connectRedis(url, { maxRetriesPerRequest: null });
  let problem: string | null | undefined;
  const queueIs = (now: string | null): void => {
    if (now !== null && problem) return;
    if (now === problem) return;
    problem = now;
    onQueue?.(now);
  };
  redis.on('ready', () => queueIs(null));
  redis.on('error', ({ message }) => queueIs(`${where} cannot be reached: ${message}`));
  let closing = false;

  const run = async ({ data }: Job<RunJson>): Promise<ReplyJson> => {
    const started = performance.now();
    let modelId: Hash | null = null;
    const tell = (refused: string | null): void => {
      if (modelId) onRun?.({ modelId, milliseconds: performance.now() - started, refused });
    };
    try {
      const inference = runFromJson(data);
      modelId = inference.modelId;
      const answer = await verifier.answer(inference, started);
      if (answer.inputRoot !== inference.inputRoot) throw new RangeError('The input has another root.');
      tell(null);
      return replyToJson(name, answer);
    } catch (error) {
      if (closing) throw error; // another one is to make it
      tell((error as Error).message);
      return refusalToJson(name, error);
    }
  };
  const worker = new Worker<RunJson, ReplyJson>(QUEUE, run, {
    prefix: PREFIX,
    connection: redis,
    name,
    concurrency: verifier.parallel,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_EVERY_MS,
    maxStalledCount: MOST_DEATHS,
    skipVersionCheck: true,
  });
  worker.on('error', ({ message }) => {
    if (!LOST.test(message)) queueIs(`${where}: ${message}`);
  });
  worker.on('completed', () => queueIs(null));

  const close = async (): Promise<void> => {
    closing = true;
    const closed = worker.close(); // takes nothing more
    await verifier.close();
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS).unref())]);
    redis.disconnect();
  };
  return { close };
}
