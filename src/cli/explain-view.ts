/** A match as it was played, move by move, and what it left everybody with. */
import type { GameEvent } from '../chain/game-log.js';
import type { MatchRecord, RecordedTransaction } from '../chain/match-record.js';
import { slotsUnder } from '../dispute/locate.js';
import type { Program } from '../program/program.js';
import { matchText } from '../units.js';
import { showCount, showWei } from './amounts.js';
import { showTime } from './durations.js';
import { eventText } from './history.js';
import { idNumber, short } from './ids.js';
import { phaseText } from './job-view.js';
import type { Json } from './json.js';
import { stepText } from './match-view.js';
import { facts, table } from './table.js';

export interface Explanation {
  readonly record: MatchRecord;
  /** Null when the model is not on this machine: then steps have numbers and no names. */
  readonly program: Program | null;
}

export function explanationJson({ record, program }: Explanation): Record<string, Json> {
  const { view, match, claims, transactions } = record;
  return {
    matchId: matchText(match.id),
    jobId: idNumber(view.job.id),
    status: view.job.status,
    modelId: view.job.modelId,
    phase: match.phase,
    ending: match.ending === 'none' ? null : match.ending,
    sides: claims.map(({ id, claimant, status, seal, outputRoot, traceRoot }, side) => ({
      claimId: idNumber(id),
      claimant,
      status,
      seal,
      outputRoot,
      traceRoot,
      lost: match.losers[side as 0 | 1],
    })),
    moves: transactions.map((transaction) => ({
      txHash: transaction.hash,
      from: transaction.from,
      at: transaction.block.timestamp,
      block: transaction.block.number,
      blockHash: transaction.block.hash,
      gasUsed: Number(transaction.gasUsed),
      costWei: transaction.costWei,
      what: transaction.events.map((event) => ({ event: event.name, text: textOf(event, record, program) })),
    })),
    found: foundJson(record, program),
    payments: paymentsOf(record).map(({ account, what, amountWei }) => ({ account, what, amountWei })),
  };
}

export function showExplanation({ record, program }: Explanation): string {
  const { view, match, claims, transactions } = record;
  const lines = [
    facts([
      ['match', `${matchText(match.id)} of job ${view.job.id}`],
      ['model', view.job.modelId],
      ['how it stands', phaseText(match)],
      ['side 0', `claim ${claims[0].id} of ${claims[0].claimant}`],
      ['side 1', `claim ${claims[1].id} of ${claims[1].claimant}`],
      [
        'names',
        program ? undefined : 'the model is not on this machine: --model <artefact> gives its steps their names',
      ],
    ]),
    '',
    table(
      ['when', 'by', 'gas', 'cost', 'what'],
      transactions.map((transaction) => [
        showTime(transaction.block.timestamp),
        short(transaction.from),
        showCount(transaction.gasUsed),
        showWei(transaction.costWei),
        movesOf(transaction, record, program).join('\n'),
      ]),
      [2, 3],
    ),
    '',
    table(
      ['account', 'amount', 'what for'],
      paymentsOf(record).map(({ account, amountWei, what }) => [
        account,
        `${amountWei < 0n ? '-' : '+'}${showWei(amountWei < 0n ? -amountWei : amountWei)}`,
        what,
      ]),
      [1],
    ),
  ];
  return lines.join('\n');
}

/** What a transaction did, a line each; a match is said to be opened only where a claim did not do it. */
function movesOf({ events }: RecordedTransaction, record: MatchRecord, program: Program | null): string[] {
  const posted = events.some(({ name }) => name === 'Claimed');
  return events
    .filter(({ name }) => !(posted && name === 'MatchOpened'))
    .map((event) => textOf(event, record, program));
}

function textOf(event: GameEvent, { model, match }: MatchRecord, program: Program | null): string {
  switch (event.name) {
    case 'NodeOpened': {
      const { side, height, position, children } = event.args;
      const opened = `side ${side} opens its ${children.length} nodes below`;
      const isRoot = Number(height) === model.slotDepth + model.tensorDepth;
      return isRoot ? opened : `they part in ${placeOf(Number(height), Number(position))}; ${opened}`;
    }
    case 'LeafPosted':
      return `they part in ${placeOf(0, Number(event.args.position))}; side ${event.args.side} posts its 256 bytes`;
    case 'ElementComputed': {
      const { slot, element, computed, value0, value1 } = event.args;
      return `the contract computes element ${element} of ${nameOf(program, Number(slot))}: ${computed} (side 0 said ${value0}, side 1 ${value1})`;
    }
    case 'MatchEnded':
      return phaseText(match);
    default:
      return eventText(event);
  }

  function placeOf(height: number, position: number): string {
    const { from, to } = slotsUnder(model, height, position);
    if (from !== to) return `${nameOf(program, from)} to ${nameOf(program, to)}`;
    if (height >= model.tensorDepth) return nameOf(program, from);
    const first = (position * 2 ** height) % 2 ** model.tensorDepth;
    const leaves = height === 0 ? `leaf ${first}` : `leaves ${first} to ${first + 2 ** height - 1}`;
    return `${nameOf(program, from)}, ${leaves}`;
  }
}

/** `step 4, "pool2" (MaxPool pool2)`. */
export function nameOf(program: Program | null, slot: number): string {
  return slot === 0 ? 'the input' : stepText(slot, program?.steps[slot - 1] ?? null);
}

function foundJson({ transactions }: MatchRecord, program: Program | null): Json {
  for (const { events } of transactions)
    for (const event of events) {
      if (event.name !== 'ElementComputed') continue;
      const { slot, element, computed, value0, value1 } = event.args;
      const step = program?.steps[Number(slot) - 1];
      return {
        slot: Number(slot),
        name: step?.name ?? null,
        node: step?.origin.node ?? null,
        operator: step?.origin.operator ?? null,
        element: Number(element),
        claimed: [Number(value0), Number(value1)],
        computed: Number(computed),
      };
    }
  return null;
}

interface Payment {
  readonly account: string;
  /** Negative for what was paid. */
  readonly amountWei: bigint;
  readonly what: string;
}

/** Bonds, fee and pot by the events, and the gas of this match's transactions. */
function paymentsOf({ view, bondWei, transactions }: MatchRecord): Payment[] {
  const payments: Payment[] = [];
  const pay = (account: string, amountWei: bigint, what: string): void => {
    if (amountWei !== 0n) payments.push({ account, amountWei, what });
  };
  const claimantOf = (id: bigint): string => view.claims.find((claim) => claim.id === id)?.claimant ?? '';
  const pot = `pot of job ${view.job.id}`;
  for (const { name, args } of transactions.flatMap(({ events }) => events))
    if (name === 'JobRequested') pay(args.requester, -args.feeWei, 'fee');
    else if (name === 'Claimed') pay(args.claimant, -(bondWei as bigint), `bond of claim ${args.claimId}`);
    else if (name === 'ClaimLost') {
      pay('burned', args.burnedWei, `of the bond of claim ${args.claimId}, which lost`);
      pay(pot, args.potWei, `of the bond of claim ${args.claimId}, which lost`);
    } else if (name === 'ClaimClosed') {
      pay('burned', args.burnedWei, `of the bond of claim ${args.claimId}, which was needless`);
      pay(claimantOf(args.claimId), args.returnedWei, `bond of claim ${args.claimId}`);
    } else if (name === 'Collected') {
      pay(args.account, args.amountWei, 'gas of moves for the winner, paid back');
      pay('burned', -args.amountWei, 'gas of moves for the winner, paid back');
    } else if (name === 'JobFinal') pay(args.claimant, args.paidWei, 'bond, fee and pot: its claim is final');
    else if (name === 'JobVoid') {
      pay(view.job.requester, args.feeReturnedWei, 'fee: the job is void');
      pay('burned', args.burnedWei, pot);
    }
  const gas = new Map<string, bigint>();
  for (const { from, costWei } of transactions) gas.set(from, (gas.get(from) ?? 0n) + costWei);
  for (const [account, costWei] of gas) pay(account, -costWei, 'gas of these transactions');
  return payments;
}
