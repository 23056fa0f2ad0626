/** What happened to a job, event by event, as its contracts said it. */
import type { GameEvent } from '../chain/game-log.js';
import { matchText } from '../units.js';
import { showWei } from './amounts.js';
import { short } from './ids.js';
import type { Json } from './json.js';
import { table } from './table.js';

export function historyJson(events: readonly GameEvent[]): Json {
  return events.map(({ name, args, blockNumber, transactionHash }) => ({
    event: name,
    block: blockNumber,
    txHash: transactionHash,
    args: args as unknown as Json,
  }));
}

export function showHistory(events: readonly GameEvent[]): string {
  return table(
    ['block', 'what happened', 'transaction'],
    events.map((event) => [event.blockNumber, eventText(event), short(event.transactionHash)]),
    [0],
  );
}

export function eventText(event: GameEvent): string {
  switch (event.name) {
    case 'JobRequested':
      return `requested by ${event.args.requester} for ${showWei(event.args.feeWei)}`;
    case 'Claimed':
      return `claim ${event.args.claimId} by ${event.args.claimant}${event.args.target > 0n ? ` against claim ${event.args.target}` : ''}`;
    case 'Revealed':
      return `claim ${event.args.claimId} revealed its trace root ${short(event.args.traceRoot)}`;
    case 'ClaimLost':
      return `claim ${event.args.claimId} lost: ${showWei(event.args.burnedWei)} burned, ${showWei(event.args.potWei)} into the pot`;
    case 'ClaimClosed':
      return `claim ${event.args.claimId} was needless: ${showWei(event.args.burnedWei)} burned, ${showWei(event.args.returnedWei)} returned`;
    case 'JobFinal':
      return `final: claim ${event.args.claimId} is the answer, ${showWei(event.args.paidWei)} for ${event.args.claimant}`;
    case 'JobVoid':
      return `void: ${showWei(event.args.feeReturnedWei)} returned, ${showWei(event.args.burnedWei)} burned`;
    case 'MatchOpened':
      return `match ${matchText(event.args.matchId)} between claims ${event.args.claim0} and ${event.args.claim1}`;
    case 'NodeOpened':
      return `match ${matchText(event.args.matchId)}: side ${event.args.side} opened its node at height ${event.args.height}, position ${event.args.position}`;
    case 'LeafPosted':
      return `match ${matchText(event.args.matchId)}: side ${event.args.side} posted its leaf`;
    case 'ElementComputed':
      return `match ${matchText(event.args.matchId)}: element ${event.args.element} of slot ${event.args.slot} is ${event.args.computed} (claimed ${event.args.value0} and ${event.args.value1})`;
    case 'Assisted':
      return `match ${matchText(event.args.matchId)}: ${event.args.account} moved for side ${event.args.side}; ${showWei(event.args.amountWei)} of its gas come back if that side wins`;
    case 'Collected':
      return `match ${matchText(event.args.matchId)}: ${showWei(event.args.amountWei)} of gas paid back to ${event.args.account}`;
    case 'MatchEnded':
      return `match ${matchText(event.args.matchId)} ended`;
    default:
      return event.name;
  }
}
