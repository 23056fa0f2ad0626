/** Connections to Redis. */
import { Redis, type RedisOptions } from 'ioredis';
import { UserError } from '../errors.js';

const LONGEST_WAIT_MS = 2_000;

/** @throws UserError when it is not the address of a Redis. */
export function connectRedis(url: string, options: RedisOptions): Redis {
  const { protocol } = parse(url);
  if (protocol !== 'redis:' && protocol !== 'rediss:') throw notRedis(url);
  return new Redis(url, {
    connectTimeout: 10_000,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(100 * times, LONGEST_WAIT_MS),
    ...options,
  });
}

/** The address without the password. @throws UserError when it is not one. */
export function nameOf(url: string): string {
  const { protocol, host, pathname } = parse(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw notRedis(url);
  }
}

function notRedis(url: string): UserError {
  const shown = url.replace(/\/\/[^@/]*@/, '//...@');
  return new UserError(
    'OG_BAD_QUEUE',
    `"${shown}" is not the address of a Redis.`,
    'It is redis://host:6379, or rediss://user:password@host:6379 with TLS and a password.',
  );
}
