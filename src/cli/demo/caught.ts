/** A watchtower notices, and the match narrows the lie down to one element. */
import type { MatchId } from '../../units.js';
import { out } from '../colour.js';
import type { JobChapter } from './job-chapter.js';
import type { ToldLie } from './lie.js';
import { type Found, foundBy, moveText, nameOf, narrowedTo } from './narrowing.js';
import { type Played, playDispute } from './play-match.js';

export interface Caught {
  readonly matchId: MatchId;
  /** What the contract has computed. */
  readonly found: Found;
  readonly rounds: number;
  /** How the liar's bond was split. */
  readonly burnedWei: bigint;
  readonly potWei: bigint;
}

export async function catchLiar(chapter: JobChapter, { truth, lying, submitted }: ToldLie): Promise<Caught> {
  const { stage, narrator, asked, gas, ledger } = chapter;
  const { contracts } = stage.devnet;
  const { commitment } = truth;
  const found: Found[] = [];
  let rounds = 0;
  let split = { burnedWei: 0n, potWei: 0n };
  const tell = ({ by, action, sent }: Played): void => {
    gas.add(sent);
    if (action.kind === 'challenge') ledger.pay('watchtower', 'bond', action.bondWei, 'comes back with the answer');
    narrator.transaction({ who: by, what: moveText(action), gasUsed: sent.gasUsed });
    const narrowed = narrowedTo(sent, contracts, commitment);
    if (narrowed) narrator.line(`  ${out.yellow(`round ${++rounds}:`)} ${narrowed}`);
    const computed = foundBy(sent, contracts);
    if (computed) found.push(computed);
    split = ledger.lost(sent) ?? split;
  };
  const players = {
    watchtower: { sender: stage.cast.watchtower, trace: truth },
    liar: { sender: stage.cast.liar, trace: lying, claim: submitted.claimId },
  };
  const { matches } = await playDispute(contracts, asked.jobId, players, tell);
  const [verdict] = found;
  const [match] = matches;
  if (!verdict || !match) throw new Error('The match ended without the contract computing an element.');
  narrator.line();
  narrator.lines([
    `The contract computed ${nameOf(commitment, verdict.slot)}, element ${verdict.element}: it is ${out.bold(String(verdict.computed))}.`,
    `The liar said ${verdict.claimed[0]}, the watchtower ${verdict.claimed[1]}. ${out.red('The liar loses its bond.')}`,
  ]);
  return { matchId: match.id, found: verdict, rounds, ...split };
}
