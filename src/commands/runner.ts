import { hostname } from 'node:os';
import { Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { logFlags, queueFlag, runFlags } from '../cli/daemon.js';
import { homeFlags } from '../cli/flags.js';
import { prose } from '../cli/prose.js';

export default class Runner extends OgCommand {
  static override summary = 'Run models for a watchtower elsewhere.';
  static override description = prose`
    Takes runs from the queue that og watch --queue puts them into, and says what they come to. It needs no chain, no account and no money;
    artefacts come from this machine's store, or from where they were registered to be. It may be stopped, killed and started again at any
    moment: what it has begun goes to another runner.

    Prints one line for every run, with --json one JSON object a line.`;
  static override examples = [
    '<%= config.bin %> runner --queue redis://10.0.0.5:6379',
    '<%= config.bin %> runner --queue rediss://og:password@queue.example:6380 --name rack-2 --parallel 4',
  ];
  static override flags = {
    ...homeFlags,
    queue: queueFlag({ summary: 'The Redis of the queue; one.' }),
    name: Flags.string({
      env: 'OG_RUNNER_NAME',
      helpValue: '<name>',
      summary: 'What the watchtower calls it in its metrics; the name of this machine when left out.',
    }),
    ...runFlags,
    ...logFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Runner);
    const { serveQueue } = await import('../cli/serve-queue.js');
    this.progress.note('running; stop with Ctrl-C');
    await serveQueue({ ...flags, name: flags.name ?? hostname() }, this.jsonEnabled());
  }
}
