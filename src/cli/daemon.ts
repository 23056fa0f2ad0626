/** What og watch and og worker have in common: their flags, and one line for every decision. */
import { Flags } from '@oclif/core';
import type { DecisionLine, Log } from '../watch/line.js';

import { showCount } from './amounts.js';
import { out } from './colour.js';
import { withDates } from './durations.js';
import { accountFlags, chainFlags, weiFlag } from './flags.js';
import { short } from './ids.js';
import { type Json, jsonLine } from './json.js';

export const daemonFlags = {
  ...chainFlags,
  ...accountFlags,
  model: Flags.string({
    char: 'm',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<id or artefact>',
    summary: 'Only jobs of this model; may be given several times.',
  }),
  'max-at-stake': weiFlag({
    summary: 'Most that is put up in bonds and stakes at the same time: ether, or with a unit.',
  }),
  'from-block': Flags.integer({
    min: 0,
    helpValue: '<number>',
    summary: 'Leave jobs alone that were requested before this block.',
  }),
  'dry-run': Flags.boolean({ summary: 'Decide, but send nothing.' }),
  once: Flags.boolean({ summary: 'One look at every job instead of going on for ever.' }),
};

/** Writes decisions to stdout: JSON lines for scripts, plain lines for people. */
export function logTo(json: boolean): Log {
  return (line) => process.stdout.write(`${json ? jsonLine(line as unknown as Json) : plainLine(line)}\n`);
}

function plainLine({ time, level, job, decision, reason, gasUsed, txHash }: DecisionLine): string {
  const paint = level === 'error' ? out.red : level === 'warn' ? out.yellow : (text: string) => text;
  const cost = gasUsed === undefined ? '' : out.dim(` (${showCount(gasUsed)} gas, ${short(txHash ?? '')})`);
  return `${out.dim(time.slice(11, 19))} ${job === null ? '' : `job ${job} `}${paint(out.bold(decision))} ${withDates(reason)}${cost}`;
}
