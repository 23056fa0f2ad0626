import { OgCommand } from '../cli/base.js';
import { daemonFlags } from '../cli/daemon.js';
import { weiFlag } from '../cli/flags.js';
import { openDaemon } from '../cli/open-daemon.js';
import { prose } from '../cli/prose.js';
import { wei } from '../units.js';

export default class Worker extends OgCommand {
  static override summary = 'Answer requests for a fee, and defend the answers.';
  static override description = prose`
    Serves the models that are named, or all that are on this machine. For each request it runs the model, posts the answer with the bond,
    defends it in matches, ends the job after the challenge window, and takes out what it has earned.

    Prints one line for every decision, with --json one JSON object a line.`;
  static override examples = [
    '<%= config.bin %> worker --account worker',
    '<%= config.bin %> worker --model digits.og --min-fee 0.0005 --json',
  ];
  static override flags = {
    ...daemonFlags,
    'min-fee': weiFlag({ summary: 'Leave requests to others that pay less: ether, or with a unit.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Worker);
    const { options, close } = await openDaemon(flags, this.jsonEnabled());
    const { work } = await import('../worker/worker.js');
    this.progress.note(options.once ? 'looking at every request once' : 'working; stop with Ctrl-C');
    try {
      await work({ ...options, ...(flags['min-fee'] === undefined ? {} : { minFeeWei: wei(flags['min-fee']) }) });
    } finally {
      await close();
    }
  }
}
