import { Command, Flags } from '@oclif/core';
import type { Json } from './json.js';
import { plainJson } from './json.js';
import { Progress } from './progress.js';

/** What every command of og has in common. A command parses, calls one function, prints, and returns the same facts as JSON. */
export abstract class OgCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    quiet: Flags.boolean({ char: 'q', summary: 'Say nothing about progress on stderr.', helpGroup: 'GLOBAL' }),
  };

  private progressWanted = true;

  protected override async init(): Promise<void> {
    await super.init();
    this.progressWanted = !this.argv.some((word) => word === '-q' || word === '--quiet');
  }

  /** Where a command says what it is doing: stderr, so that results can be piped. */
  protected get progress(): Progress {
    return new Progress(this.progressWanted);
  }

  /** A result, for people: stdout, and nothing at all with `--json`. */
  protected say(text = ''): void {
    if (!this.jsonEnabled()) process.stdout.write(`${text}\n`);
  }

  /** Ends the command later with this exit code instead of 0. */
  protected endWith(exitCode: number): void {
    process.exitCode = exitCode;
  }

  /** Everything thrown is told in one place: `start.ts`. */
  protected override async catch(error: Error): Promise<never> {
    throw error;
  }

  override logJson(value: unknown): void {
    process.stdout.write(`${JSON.stringify(plainJson(value as Json), null, 2)}\n`);
  }
}
