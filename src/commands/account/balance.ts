import { Args } from '@oclif/core';
import { showWei } from '../../cli/amounts.js';
import { OgCommand } from '../../cli/base.js';
import { accountFlags, chainFlags } from '../../cli/flags.js';
import type { Json } from '../../cli/json.js';
import { prose } from '../../cli/prose.js';
import { accountChoices, addressOf, openSession } from '../../cli/session.js';
import { facts } from '../../cli/table.js';

export default class AccountBalance extends OgCommand {
  static override summary = 'Show what an account has, and what it can withdraw.';
  static override description = prose`
    Whoever ends a job or reclaims a bond of its own is paid at once. Where somebody else does it the money is credited in the contract;
    og withdraw takes it out.`;
  static override examples = [
    '<%= config.bin %> account balance',
    '<%= config.bin %> account balance 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 --json',
  ];
  static override args = {
    address: Args.string({ description: 'Address to look at; the account to sign with when left out.' }),
  };
  static override flags = { ...chainFlags, ...accountFlags };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(AccountBalance);
    const session = await openSession(flags);
    const { contracts, settings } = session;
    const [{ addressOfAccount }, { creditOf }] = await Promise.all([
      import('../../chain/keystore.js'),
      import('../../chain/claims.js'),
    ]);
    const address = args.address
      ? await addressOf(args.address, 'ADDRESS')
      : await addressOfAccount(accountChoices(settings)[0]);
    const [balanceWei, creditWei] = await Promise.all([
      contracts.node.getBalance(address),
      creditOf(contracts, address),
    ]);
    this.say(
      facts([
        ['account', address],
        ['balance', showWei(balanceWei)],
        ['to withdraw', showWei(creditWei)],
      ]),
    );
    return { address, balanceWei, creditWei };
  }
}
