import { Flags } from '@oclif/core';
import { showWei } from '../cli/amounts.js';
import { OgCommand } from '../cli/base.js';
import { chainFlags } from '../cli/flags.js';
import { short } from '../cli/ids.js';
import { jobSummaryJson, statusText } from '../cli/job-view.js';
import type { Json } from '../cli/json.js';
import { openSession } from '../cli/session.js';
import { table } from '../cli/table.js';

export default class Jobs extends OgCommand {
  static override summary = 'List the newest jobs.';
  static override examples = ['<%= config.bin %> jobs', '<%= config.bin %> jobs --limit 100 --json'];
  static override flags = {
    ...chainFlags,
    limit: Flags.integer({ char: 'n', min: 1, max: 1000, default: 20, helpValue: '<number>', summary: 'How many.' }),
  };

  async run(): Promise<Json> {
    const { flags } = await this.parse(Jobs);
    const { contracts } = await openSession(flags);
    const { readJobs } = await import('../chain/requests.js');
    const jobs = await readJobs(contracts, flags.limit);
    this.say(
      jobs.length === 0
        ? 'There are no jobs yet. Ask for an inference with "og request".'
        : table(
            ['job', 'status', 'model', 'asked by', 'fee'],
            jobs.map((job) => [job.id, statusText(job.status), short(job.modelId), job.requester, showWei(job.feeWei)]),
            [0],
          ),
    );
    return { jobs: jobs.map(jobSummaryJson) };
  }
}
