import { Args } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { accountFlags, chainFlags } from '../cli/flags.js';
import { idNumber, parseJobId } from '../cli/ids.js';
import type { Json } from '../cli/json.js';
import { prose } from '../cli/prose.js';
import { openSender, openSession } from '../cli/session.js';
import { facts } from '../cli/table.js';

export default class Finalize extends OgCommand {
  static override summary = 'End a job whose outcome is decided.';
  static override description = prose`
    A job is decided when its challenge window is over and one claim is left, or all that are left agree. Anyone may end it. The
    winner is credited the fee, its bond and the pot; og withdraw takes them out. A job that nobody claimed returns its fee.`;
  static override examples = ['<%= config.bin %> finalize 7', '<%= config.bin %> finalize 7 --account worker --json'];
  static override args = { job: Args.string({ required: true, description: 'Number of the job.' }) };
  static override flags = { ...chainFlags, ...accountFlags };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(Finalize);
    const id = parseJobId(args.job);
    const session = await openSession(flags);
    const [{ finalizeJob }, { readJob }] = await Promise.all([
      import('../chain/claims.js'),
      import('../chain/requests.js'),
    ]);
    await readJob(session.contracts, id);
    const { txHash, gasUsed } = await finalizeJob(session.contracts, await openSender(session), id);
    const { status } = await readJob(session.contracts, id);
    this.say(
      facts([
        ['job', `${id} is ${status}`],
        ['transaction', txHash],
        ['gas', gasUsed],
      ]),
    );
    return { jobId: idNumber(id), status, txHash, gasUsed: Number(gasUsed) };
  }
}
