/** What og runner does until it is stopped. */
import { UserError } from '../errors.js';
import { Journal } from '../watch/line.js';
import { logTo } from './daemon.js';
import { killed, openProcesses, type RunFlags, wasKilled } from './open-verifier.js';
import { listed, type SettingFlags } from './settings.js';
import { openStore } from './store.js';
import { aborted, stopSignal } from './until-stopped.js';

export interface RunnerFlags extends RunFlags, Pick<SettingFlags, 'home'> {
  readonly queue?: readonly string[] | string | undefined;
  readonly name: string;
  readonly 'log-format'?: 'json' | 'text' | undefined;
}

const NAME = /^[\w.-]{1,64}$/;

/** Takes runs from the queue until the person or the system asks it to end. */
export async function serveQueue(flags: RunnerFlags, json: boolean): Promise<void> {
  const [url, ...more] = listed(flags.queue) ?? [];
  if (url === undefined || more.length > 0)
    throw new UserError(
      'OG_BAD_QUEUE',
      'A runner serves one queue.',
      'Name it: --queue redis://host:6379, or OG_QUEUE.',
    );
  if (!NAME.test(flags.name))
    throw new UserError(
      'OG_BAD_NAME',
      `"${flags.name}" is no name of a runner: letters, digits, dots, - and _.`,
      'Give --name.',
    );
  const [store, log, { startRunner }, { requireExactArithmetic }] = await Promise.all([
    openStore(flags),
    logTo((flags['log-format'] ?? (json ? 'json' : 'text')) === 'json'),
    import('../queue/runner.js'),
    import('../verify/self-test.js'),
  ]);
  const journal = new Journal(log);
  await requireExactArithmetic().catch((cause: Error) => {
    throw new UserError('OG_INEXACT', cause.message, 'No runner may work on this machine: report it with its CPU.', {
      cause,
    });
  });
  const verifier = await openProcesses(store, flags, {
    onRun: (report) => {
      if (wasKilled(report)) journal.write(null, killed(report));
    },
    onCacheFailure: ({ message }) =>
      journal.write(null, { level: 'warn', decision: 'cacheFailed', reason: `a result was not kept: ${message}` }),
  });
  const runner = startRunner({
    url,
    name: flags.name,
    verifier,
    onRun: ({ modelId, milliseconds, refused }) => {
      const reason = `model ${modelId}, ${Math.round(milliseconds)} ms`;
      if (refused === null) journal.write(null, { decision: 'run', reason });
      else journal.write(null, { level: 'warn', decision: 'refused', reason: `${reason}: ${refused}` });
    },
    onQueue: (problem) => {
      if (problem === null)
        journal.write(null, { decision: 'serve', reason: `${flags.name} takes runs from the queue` });
      else journal.write(null, { level: 'error', decision: 'failed', reason: problem });
    },
  });
  await aborted(stopSignal());
  await runner.close();
}
