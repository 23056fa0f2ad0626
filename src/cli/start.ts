import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Config, run, settings } from '@oclif/core';
import { printProblem, problemOf } from './problem.js';
import { endWithReader, flushed } from './streams.js';

export interface StartOptions {
  /** Folder of package.json. */
  readonly root: string;
  /** Which folder the commands are loaded from: `dist` (built) or `src` (through tsx). */
  readonly sources: 'dist' | 'src';
}

/**
 * Runs the command line of this process and ends the process with the exit code of DESIGN.md section 6: 0 done, 1 a bug of
 * ours, 2 wrong usage or bad input, 3 the chain or the network failed, 4 the answer is "this result is wrong".
 */
export async function start({ root, sources }: StartOptions): Promise<never> {
  endWithReader();
  settings.enableAutoTranspile = false;
  const argv = process.argv.slice(2);
  let commands: readonly string[] = [];
  try {
    const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    pjson.oclif = { ...pjson.oclif, commands: `./${sources}/commands`, helpClass: `./${sources}/cli/help` };
    const config = await Config.load({ root, pjson, ignoreManifest: sources === 'src' || isOutdated(root) });
    commands = config.commandIDs.map((id) => id.replaceAll(':', ' '));
    await run(asOclif(argv), config);
  } catch (error) {
    const problem = problemOf(error, argv, commands);
    if (problem.kind !== 'exit') printProblem(problem, wantsJson(argv));
    process.exitCode = problem.exitCode;
  }
  await flushed();
  process.exit();
}

/** `og help run` is `og run --help`. */
function asOclif(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
}

/** True when `--json` is among the flags (not behind `--`). */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}

/** Whether a command has been built since oclif's list of them was written. */
function isOutdated(root: string): boolean {
  const manifest = statSync(join(root, 'oclif.manifest.json'), { throwIfNoEntry: false });
  if (!manifest) return true;
  const commands = join(root, 'dist/commands');
  return readdirSync(commands, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .some((file) => statSync(join(commands, file)).mtimeMs > manifest.mtimeMs);
}
