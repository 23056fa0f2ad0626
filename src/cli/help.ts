import { type Command, Help } from '@oclif/core';

/** The front page lists the commands in the order in which one meets them. */
const GROUPS: readonly (readonly [title: string, commands: readonly string[]])[] = [
  ['TRY IT', ['demo', 'devnet']],
  ['MODELS', ['compile', 'inspect', 'run', 'register', 'deploy']],
  ['ASK FOR AN INFERENCE', ['request', 'result', 'job', 'jobs', 'match']],
  ['RUN MODELS FOR A FEE', ['submit', 'worker', 'finalize', 'withdraw']],
  ['CHECK WHAT OTHERS POSTED', ['challenge', 'watch', 'runner', 'explain', 'doctor']],
  ['KEYS AND MONEY', ['account new', 'account list', 'account balance']],
];

const FIRST_STEPS = `Start with "og demo": it shows the whole story in under a minute, on a chain of its own.
Every command has --help with examples, and --json for scripts.
Settings come from flags, then OG_* environment variables, then og.config.json in the working folder.
Exit codes: 0 done, 1 a bug in og, 2 wrong usage or bad input, 3 the chain or network failed, 4 "this result is wrong".`;

export default class OgHelp extends Help {
  protected override async showRootHelp(): Promise<void> {
    const byId = new Map(this.config.commands.map((command) => [command.id.replaceAll(':', ' '), command]));
    this.log(`${this.formatRoot()}\n`);
    for (const [title, ids] of GROUPS) {
      const commands = ids
        .map((id) => byId.get(id))
        .filter((command): command is Command.Loadable => command !== undefined);
      if (commands.length > 0) this.log(`${this.group(title, commands)}\n`);
    }
    this.log(FIRST_STEPS);
  }

  private group(title: string, commands: readonly Command.Loadable[]): string {
    const width = Math.max(...GROUPS.flatMap(([, ids]) => ids.map((id) => id.length)));
    const lines = commands.map(
      (command) => `${command.id.replaceAll(':', ' ').padEnd(width)}  ${this.summary(command) ?? ''}`,
    );
    return this.section(title, lines.join('\n'));
  }
}
