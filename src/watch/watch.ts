/**
 * The watchtower: re-runs what others have claimed, disputes what is wrong, defends what is correct, whoever's it is. The chain is
 * its only memory; it may be stopped at any moment and started again anywhere.
 */
import { callOf } from '../chain/actions.js';
import { creditOf } from '../chain/claims.js';
import { decideWithdrawals } from '../dispute/ending.js';
import { lineOf } from './line.js';
import { Loop, type LoopOptions, type Visit } from './loop.js';
import { Table, type TableOptions } from './table.js';
import { takeTurn } from './turn.js';

export interface WatchOptions extends TableOptions, LoopOptions {
  /** Takes out what is credited to the account from this amount on; half a bond when left out. */
  readonly withdrawFromWei?: bigint;
}

/** Watches until the signal aborts, or one pass long. What it does it tells `log`. */
export async function watch(options: WatchOptions): Promise<void> {
  const { once = false } = options;
  await daemon(options, (table) => (record, now) => takeTurn(table, record, now, { waitForVerdict: once }));
}

/** A loop over all jobs, with what every daemon does beside its jobs. */
export async function daemon(options: WatchOptions, visitor: (table: Table) => Visit): Promise<void> {
  const table: Table = new Table(options, (job) => loop.stir(job));
  const loop: Loop = new Loop(table, visitor(table), () => withdraw(table, options), options);
  try {
    await loop.run();
  } finally {
    await table.close();
  }
}

async function withdraw(table: Table, { withdrawFromWei }: WatchOptions): Promise<void> {
  const { sender, contracts } = table;
  if (!sender || !table.sends) return;
  const fromWei = withdrawFromWei ?? contracts.parameters.bondWei / 2n;
  for (const from of sender.addresses) {
    const due = async () => decideWithdrawals([{ account: from, creditWei: await creditOf(contracts, from) }], fromWei);
    for (const decision of await due()) {
      const stillWanted = async (): Promise<number | null> => {
        const { number } = await contracts.node.decisionBlock();
        return (await due()).length > 0 ? number : null;
      };
      if (decision.action)
        await table.send(null, callOf(contracts, decision.action), lineOf(decision), { from, stillWanted });
    }
  }
}
