import { Args } from '@oclif/core';
import { showWei } from '../cli/amounts.js';
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
    winner gets the fee, its bond and the pot: at once when it ends the job itself, otherwise as a credit that og withdraw takes out. A job
    that nobody claimed returns its fee in the same way.`;
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
    const { txHash, gasUsed, logs } = await finalizeJob(session.contracts, await openSender(session), id);
    const paidWei = session.contracts.jobs.find(logs, 'Withdrawn')?.args.amountWei ?? 0n;
    const { status } = await readJob(session.contracts, id);
    this.say(
      facts([
        ['job', `${id} is ${status}`],
        ...(paidWei > 0n ? [['paid to you', showWei(paidWei)] as const] : []),
        ['transaction', txHash],
        ['gas', gasUsed],
      ]),
    );
    return { jobId: idNumber(id), status, paidWei, txHash, gasUsed: Number(gasUsed) };
  }
}
