import { Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { daemonFlags, queueFlag } from '../cli/daemon.js';
import { rateFlag, secondsFlag } from '../cli/flags.js';
import { openDaemon } from '../cli/open-daemon.js';
import { prose } from '../cli/prose.js';
import { seconds } from '../units.js';

export default class Watch extends OgCommand {
  static override summary = 'Watch every job: dispute what is wrong, defend what is correct, for ever.';
  static override description = prose`
    Re-runs each claim. Against a wrong one it posts a counter-claim with a bond and plays until it has won; a correct one it defends,
    whoever's it is, and where a clock has run out it calls time. What it cannot check it reports, and puts up nothing. It may be stopped
    and started again at any moment: it knows nothing but what is on the chain.

    With --queue, runs that this machine does not come to are made by runners elsewhere. That they call a claim correct counts, until this
    machine has had time to run it as well; nothing is ever put up on what they say.

    Prints one line for every decision, with --json one JSON object a line.`;
  static override examples = [
    '<%= config.bin %> watch --account watchtower',
    '<%= config.bin %> watch --account watchtower --queue redis://10.0.0.5:6379',
    '<%= config.bin %> watch --models digits.og --max-bond 0.5 --listen 127.0.0.1:9464 --json',
    { description: 'See what it would do, with no account', command: '<%= config.bin %> watch --dry-run --once' },
  ];
  static override flags = {
    ...daemonFlags,
    monitor: Flags.boolean({ summary: 'Only look: no account, nothing is sent; metrics and alerts as always.' }),
    sample: rateFlag({
      summary: 'Share of the jobs that are re-run, between 0 and 1, by lot; disputed ones always are.',
    }),
    'hold-off': secondsFlag({
      helpValue: '<duration>',
      summary: "Leave others' matches to their own sides for so long, and to other watchtowers; 30s when left out.",
    }),
    queue: queueFlag({
      summary:
        'Also give runs that wait to the runners of this queue (og runner); of several queues all have to say the same.',
    }),
    'end-jobs': Flags.boolean({ summary: 'Also pay the gas of ending jobs that one has no part in.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Watch);
    const monitor = flags.monitor;
    const { options, close } = await openDaemon(
      { ...flags, 'dry-run': flags['dry-run'] || monitor },
      this.jsonEnabled(),
    );
    const { watch } = await import('../watch/watch.js');
    this.progress.note(options.once ? 'looking at every job once' : 'watching; stop with Ctrl-C');
    const { sample, 'hold-off': holdOff } = flags;
    try {
      await watch({
        ...options,
        endsOthersJobs: flags['end-jobs'],
        ...(sample === undefined ? {} : { sample }),
        ...(holdOff === undefined ? {} : { holdOffSeconds: seconds(holdOff) }),
      });
    } finally {
      await close();
    }
  }
}
