import { Args, Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { chainFlags } from '../cli/flags.js';
import { historyJson, showHistory } from '../cli/history.js';
import { parseJobId } from '../cli/ids.js';
import { jobJson, showJob } from '../cli/job-view.js';
import type { Json } from '../cli/json.js';
import { openSession } from '../cli/session.js';

export default class JobCommand extends OgCommand {
  static override summary = 'Show one job: what happened, who is to move, how long is left.';
  static override examples = [
    '<%= config.bin %> job 7',
    '<%= config.bin %> job 7 --history',
    '<%= config.bin %> job 7 --json',
  ];
  static override args = { job: Args.string({ required: true, description: 'Number of the job.' }) };
  static override flags = {
    ...chainFlags,
    history: Flags.boolean({ summary: 'Also every event, with its transaction (--json has them always).' }),
  };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(JobCommand);
    const id = parseJobId(args.job);
    const { contracts } = await openSession(flags);
    const { currentView, readerOfJob } = await import('../chain/reader.js');
    const reader = await readerOfJob(contracts, id);
    const [view, now] = [await currentView(reader, id), await contracts.node.now()];
    const history = reader.log.history(id);
    this.say(showJob(view, now));
    if (flags.history) this.say(`\n${showHistory(history)}`);
    return { ...jobJson(view, now), history: historyJson(history) };
  }
}
