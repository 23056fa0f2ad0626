/** What og watch and og worker have in common: their flags, and one line for every decision. */
import { Flags } from '@oclif/core';
import type { DecisionLine, Log } from '../watch/line.js';

import { showCount } from './amounts.js';
import { out } from './colour.js';
import { withDates } from './durations.js';
import { accountFlags, chainFlags, modelsFlag, secondsFlag, weiFlag } from './flags.js';
import { short } from './ids.js';

const OPERATIONS = 'OPERATIONS';
const RUNS = 'RUNS';

/** How models are run on this machine. */
export const runFlags = {
  parallel: Flags.integer({
    min: 1,
    helpValue: '<number>',
    summary: 'Models that are run at the same time; one a core when left out. With 1, a run has all cores.',
    helpGroup: RUNS,
  }),
  'run-timeout': secondsFlag({
    helpValue: '<duration>',
    summary: 'A run that takes longer is killed and tried once more; 10m when left out.',
    helpGroup: RUNS,
  }),
  'run-memory': Flags.integer({
    min: 64,
    helpValue: '<MiB>',
    summary: 'A run that takes more memory is killed; three quarters of the machine for all together when left out.',
    helpGroup: RUNS,
  }),
};

/** How lines are written. */
export const logFlags = {
  'log-format': Flags.option({
    env: 'OG_LOG_FORMAT',
    options: ['json', 'text'] as const,
    summary: 'How decisions are written; text unless --json is given.',
    helpGroup: OPERATIONS,
  })(),
};

/** Redis servers through which runs are shared. */
export const queueFlag = ({ summary }: { readonly summary: string }) =>
  Flags.string({
    env: 'OG_QUEUE',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<redis://host:6379>',
    summary,
    helpGroup: RUNS,
  });

export const daemonFlags = {
  ...chainFlags,
  ...accountFlags,
  model: modelsFlag({ summary: 'Only jobs of this model; may be given several times.' }),
  'max-bond': weiFlag({
    aliases: ['max-at-stake'],
    summary: 'Most that is put up in bonds and stakes at the same time: ether, or with a unit.',
  }),
  'from-block': Flags.integer({
    min: 0,
    helpValue: '<number>',
    summary: 'Leave jobs alone that were requested before this block.',
  }),
  'dry-run': Flags.boolean({ summary: 'Decide, but send nothing.' }),
  listen: Flags.string({
    env: 'OG_LISTEN',
    helpValue: '<host:port>',
    summary: 'Serve /metrics, /healthz and /readyz there.',
    helpGroup: OPERATIONS,
  }),
  ...logFlags,
  webhook: Flags.string({
    env: 'OG_WEBHOOK',
    helpValue: '<url>',
    summary: 'Post each alert there as JSON, once when it begins and once when it is over.',
    helpGroup: OPERATIONS,
  }),
  'clock-alert': secondsFlag({
    helpValue: '<duration>',
    summary: 'A clock with less left is an alert; a quarter of a whole clock when left out.',
    helpGroup: OPERATIONS,
  }),
  'withdraw-from': weiFlag({
    summary: 'Take out credit from this amount on; half a bond when left out.',
    helpGroup: OPERATIONS,
  }),
  ...runFlags,
  once: Flags.boolean({ summary: 'One look at every job instead of going on for ever.' }),
};

/** Writes decisions to stdout: JSON lines for scripts, plain lines for people. */
export async function logTo(json: boolean): Promise<Log> {
  if (!json) return (line) => process.stdout.write(`${plainLine(line)}\n`);
  const { pino } = await import('pino');
  const logger = pino(
    {
      base: null,
      messageKey: 'reason',
      timestamp: false, // a line has its own
      formatters: { level: (level) => ({ level }) },
    },
    pino.destination({ dest: 1, sync: true }),
  );
  return ({ level, reason, ...facts }) => logger[level](facts, reason);
}

function plainLine({ time, level, job, decision, reason, gasUsed, txHash }: DecisionLine): string {
  const paint = level === 'error' ? out.red : level === 'warn' ? out.yellow : (text: string) => text;
  const cost = gasUsed === undefined ? '' : out.dim(` (${showCount(gasUsed)} gas, ${short(txHash ?? '')})`);
  return `${out.dim(time.slice(11, 19))} ${job === null ? '' : `job ${job} `}${paint(out.bold(decision))} ${withDates(reason)}${cost}`;
}
