import { matchText } from '../units.js';
import type { ChallengeResult } from '../watch/challenge.js';
import { showCount } from './amounts.js';
import { out } from './colour.js';
import { idNumber } from './ids.js';
import type { Json } from './json.js';
import { facts } from './table.js';

/** "This result is wrong", so that scripts can branch on it. */
export const EXIT_WRONG = 4;
const EXIT_UNVERIFIABLE = 2;

export function exitCodeOf({ verdict }: ChallengeResult): number {
  return { correct: 0, wrong: EXIT_WRONG, unverifiable: EXIT_UNVERIFIABLE }[verdict];
}

const OUTCOMES: Readonly<Record<ChallengeResult['outcome'], string>> = {
  none: 'nothing was to be done, or nothing was to be sent',
  won: 'every wrong claim has lost',
  lost: 'the counter-claim has lost',
  tooLate: 'a wrong claim is live, and the challenge window is over',
  ended: 'the job had ended already',
  stopped: 'stopped before the end; run it again to go on',
};

/** What `og challenge` reports, for scripts and for people. */
export function showChallenged(result: ChallengeResult): { json: Json; text: string } {
  const { verdict, reason, judgedClaimId, claimId, matchId, foundStep, rounds, gasUsed, matchGasUsed, outcome } =
    result;
  const painted =
    verdict === 'correct' ? out.green(verdict) : verdict === 'wrong' ? out.red(verdict) : out.yellow(verdict);
  const text = facts([
    ['verdict', `${judgedClaimId === null ? '' : `claim ${judgedClaimId} is `}${out.bold(painted)}`],
    ['because', reason ?? undefined],
    ['counter-claim', claimId ?? undefined],
    ['match', matchId === null ? undefined : matchText(matchId)],
    [
      'found',
      foundStep
        ? `step ${foundStep.slot} "${foundStep.name}", element ${foundStep.element}: ${foundStep.computed}`
        : undefined,
    ],
    ['rounds', matchId === null ? undefined : rounds],
    ['gas', gasUsed === 0n ? undefined : `${showCount(gasUsed)} ours, ${showCount(matchGasUsed)} of the whole match`],
    ['outcome', OUTCOMES[outcome]],
  ]);
  const json = {
    verdict,
    reason,
    judgedClaimId: judgedClaimId && idNumber(judgedClaimId),
    claimId: claimId && idNumber(claimId),
    matchId: matchId && matchText(matchId),
    foundStep: foundStep?.slot ?? null,
    found: foundStep && { ...foundStep },
    rounds,
    gasUsed: Number(gasUsed),
    matchGasUsed: Number(matchGasUsed),
    outcome,
  };
  return { json, text };
}
