import { showWei } from '../cli/amounts.js';
import { OgCommand } from '../cli/base.js';
import { accountFlags, chainFlags } from '../cli/flags.js';
import type { Json } from '../cli/json.js';
import { openSender, openSession } from '../cli/session.js';
import { facts } from '../cli/table.js';

export default class Withdraw extends OgCommand {
  static override summary =
    'Take out what is credited to the account: fees, bonds and pots of jobs that somebody else has ended.';
  static override examples = ['<%= config.bin %> withdraw', '<%= config.bin %> withdraw --account worker --json'];
  static override flags = { ...chainFlags, ...accountFlags };

  async run(): Promise<Json> {
    const { flags } = await this.parse(Withdraw);
    const session = await openSession(flags);
    const { withdraw } = await import('../chain/claims.js');
    const sender = await openSender(session);
    const { amountWei, txHash, gasUsed } = await withdraw(session.contracts, sender);
    this.say(
      facts([
        ['withdrawn', `${showWei(amountWei)} to ${sender.address}`],
        ['transaction', txHash],
      ]),
    );
    return { account: sender.address, amountWei, txHash, gasUsed: Number(gasUsed) };
  }
}
