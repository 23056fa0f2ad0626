import { Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { daemonFlags, logTo } from '../cli/daemon.js';
import { openDaemon } from '../cli/open-daemon.js';
import { prose } from '../cli/prose.js';

export default class Watch extends OgCommand {
  static override summary = 'Watch every job: dispute what is wrong, defend what is correct, for ever.';
  static override description = prose`
    Re-runs each claim. Against a wrong one it posts a counter-claim with a bond and plays until it has won; a correct one it defends,
    whoever's it is, and where a clock has run out it calls time. What it cannot check it reports, and puts up nothing. It may be stopped
    and started again at any moment: it knows nothing but what is on the chain.

    Prints one line for every decision, with --json one JSON object a line.`;
  static override examples = [
    '<%= config.bin %> watch --account watchtower',
    '<%= config.bin %> watch --model digits.og --max-at-stake 0.5 --json',
    { description: 'See what it would do, with no account', command: '<%= config.bin %> watch --dry-run --once' },
  ];
  static override flags = {
    ...daemonFlags,
    'end-jobs': Flags.boolean({ summary: 'Also pay the gas of ending jobs that one has no part in.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Watch);
    const options = await openDaemon(flags, logTo(this.jsonEnabled()));
    const { watch } = await import('../watch/watch.js');
    this.progress.note(options.once ? 'looking at every job once' : 'watching; stop with Ctrl-C');
    await watch({ ...options, endsOthersJobs: flags['end-jobs'] });
  }
}
