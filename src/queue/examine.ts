/** How a queue is, for who is about to rely on it. */
import { Queue } from 'bullmq';
import { NetworkError } from '../errors.js';
import { PREFIX, QUEUE } from './messages.js';
import { connectRedis, nameOf } from './redis.js';

export interface QueueExamination {
  readonly name: string;
  readonly version: string;
  /** What Redis does when its memory is full; null when it does not say. */
  readonly evictionPolicy: string | null;
  readonly waiting: number;
  /** Connected to it; null when Redis does not say. */
  readonly runners: number | null;
}

/** @throws UserError when the address is none; NetworkError when it cannot be reached. */
export async function examineQueue(url: string): Promise<QueueExamination> {
  const name = nameOf(url);
  const redis = connectRedis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  let reason = '';
  redis.on('error', ({ message }) => {
    reason = message;
  });
  try {
    await redis.connect();
    const info = await redis.info();
    const queue = new Queue(QUEUE, {
      prefix: PREFIX,
      connection: redis,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    queue.on('error', () => undefined);
    return {
      name,
      version: field(info, 'redis_version') ?? 'unknown',
      evictionPolicy: field(info, 'maxmemory_policy'),
      waiting: await queue.getJobCountByTypes('waiting', 'delayed', 'prioritized'),
      runners: await queue.getWorkersCount().catch(() => null),
    };
  } catch (cause) {
    throw new NetworkError(
      'OG_QUEUE',
      `${name} cannot be used: ${(reason || (cause as Error).message).replace(/\.$/, '')}.`,
      'Check the address, the password and that Redis listens there; og watch goes on without it, og runner waits for it.',
      { cause },
    );
  } finally {
    redis.disconnect();
  }
}

const field = (info: string, name: string): string | null =>
  new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
