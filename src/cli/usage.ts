import { stripVTControlCharacters } from 'node:util';
import { Errors } from '@oclif/core';
import type { Problem } from './problem.js';

/** The part of oclif's parse errors that is read here; their classes are not all exported by name. */
interface OclifError extends Error {
  readonly oclif?: { readonly exit?: number };
  readonly args?: readonly { readonly name: string; readonly description?: string }[] | readonly string[];
  readonly flags?: readonly string[];
}

/**
 * Turns what oclif throws at wrong usage into one sentence and exit code 2, or null when it is something else.
 */
export function usageProblem(error: unknown, argv: readonly string[], commands: readonly string[]): Problem | null {
  if (error instanceof Errors.ExitError) {
    return { kind: 'exit', exitCode: error.oclif.exit ?? 0, code: 'OG_EXIT', message: '' };
  }
  if (!(error instanceof Errors.CLIError)) return null;
  if (/^command .* not found\.?$/i.test(error.message)) return unknownCommand(argv, commands);
  const hint = `${helpCommand(argv)} shows how it is used.`;
  return { kind: 'known', exitCode: 2, code: 'OG_USAGE', message: sentence(error as OclifError), hint };
}

function unknownCommand(argv: readonly string[], commands: readonly string[]): Problem {
  const words = argv.filter((word) => !word.startsWith('-') && word !== 'help');
  const isTopic = commands.some((command) => command.startsWith(`${words[0]} `));
  const meant = words.slice(0, isTopic ? 2 : 1).join(' ');
  const [nearest] = commands
    .filter((command) => distance(command, meant) <= 2)
    .sort((x, y) => distance(x, meant) - distance(y, meant));
  const list = 'og --help lists the commands.';
  return {
    kind: 'known',
    exitCode: 2,
    code: 'OG_UNKNOWN_COMMAND',
    message: `There is no command "og ${meant}".`,
    hint: nearest === undefined ? list : `og ${nearest}? ${list}`,
  };
}

/** Letters to change, add or leave out to get from one word to the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

function sentence(error: OclifError): string {
  const { args, flags } = error;
  if (error.message.startsWith('Unexpected argument') && args)
    return `${list('Unexpected argument', args as string[])}.`;
  if (error.message.startsWith('Missing') && args) {
    const missing = args as readonly { name: string; description?: string }[];
    return `${missing.map(({ name, description }) => `The argument ${name.toUpperCase()} is missing${description ? ` (${lowerFirst(description)})` : ''}`).join('. ')}.`;
  }
  if (error.message.startsWith('Nonexistent flag') && flags) return `${list('Unknown flag', flags)}.`;
  // The rest are lines like "Missing required flag fee" under a heading; keep the lines, drop heading and footer.
  const lines = withoutOclif(error.message.replace(/^Parsing (--\S+) *\n\t/, '$1: '))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !/^The following errors? occurred:$/.test(line));
  return lines
    .map((line) => (/[.!?]$/.test(line) ? line : `${line}.`))
    .map((line) => line.replace(/^Missing required flag (\S+?)\.$/, 'The flag --$1 is missing.'))
    .join(' ');
}

/** A message without what oclif puts around it: colours, "Parsing --flag", the pointer to --help. */
export function withoutOclif(message: string): string {
  return stripVTControlCharacters(message)
    .replace(/^Parsing --\S+ *\n\t/, '')
    .replace(/\nSee more help with --help$/, '');
}

function list(what: string, names: readonly string[]): string {
  return `${what}${names.length === 1 ? '' : 's'}: ${names.join(', ')}`;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');

/** `og run --help` for `og run --nonsense`. */
function helpCommand(argv: readonly string[]): string {
  const words = [];
  for (const word of argv.slice(0, 2)) {
    if (!/^[a-z]+$/.test(word)) break;
    words.push(word);
  }
  const topic = words[0] === 'account' ? words : words.slice(0, 1);
  return ['og', ...topic, '--help'].join(' ');
}
