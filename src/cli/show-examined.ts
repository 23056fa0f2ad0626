/** What an evidence file proves, and what it cannot. */
import { type Examination, examine } from '../dispute/evidence.js';
import type { Program } from '../program/program.js';
import { out } from './colour.js';
import { bundleMatch, type EvidenceBundle, evidenceIn } from './evidence-file.js';
import { nameOf } from './explain-view.js';
import type { Json } from './json.js';

export interface Verified {
  readonly ok: boolean;
  readonly json: Json;
  readonly text: string;
}

/** @param program names the steps; null when the model is not here. */
export function verifyBundle(bundle: EvidenceBundle, program: Program | null): Verified {
  const { evidence, checks: ofTransactions } = evidenceIn(bundle);
  const examined = examine(evidence);
  const checks = [...ofTransactions, ...examined.checks];
  const ok = checks.every((check) => check.ok);
  const proves = ok ? provenBy(bundle, examined, program) : [];
  const cannot = unprovenBy(bundle, program);
  const { found } = examined;
  const match = bundleMatch(bundle);
  const element = found && { ...found, values: [...found.values], name: program?.steps[found.slot - 1]?.name ?? null };
  const checksJson = checks.map(({ what, ok: holds, detail }) => ({ what, ok: holds, detail }));
  return {
    ok,
    json: { ok, matchId: match, chainId: bundle.chainId, checks: checksJson, found: element, proves, cannot },
    text: [
      ...checks.map(
        ({ what, ok: holds, detail }) => `${holds ? out.green('ok  ') : out.red('FAIL')}  ${what}: ${detail}`,
      ),
      '',
      ok ? `The evidence of match ${match} holds. It proves:` : `The evidence of match ${match} does not hold.`,
      ...proves.map((each) => `  - ${each}`),
      'It cannot prove:',
      ...cannot.map((each) => `  - ${each}`),
    ].join('\n'),
  };
}

function provenBy({ claims, ending }: EvidenceBundle, { found }: Examination, program: Program | null): string[] {
  const signed = claims.map(({ id, claimant }) => `${claimant} signed claim ${id}`).join(', and ');
  if (!found)
    return [
      `${signed}; everything that the sides have shown belongs to their claims`,
      ending.by === 'sameTrace'
        ? 'both claims are the same computation'
        : 'nothing about who was right: the match did not come down to an element',
    ];
  const { slot, element, values, computed } = found;
  const wrong = claims.filter((_, side) => values[side] !== computed);
  return [
    `${signed}; each seal opens to one computation, whose output is the one claimed`,
    `the two computations are the same up to element ${element} of ${nameOf(program, slot)}, and differ there: ${values[0]} and ${values[1]}`,
    `from what both have before it, that element is ${computed}, so ${wrong.map(({ id }) => `claim ${id}`).join(' and ')} is wrong`,
  ];
}

function unprovenBy({ transactions, chainId, contracts, job }: EvidenceBundle, program: Program | null): string[] {
  const numbers = transactions.map(({ block }) => block.number);
  const unsigned = transactions.filter(({ signed }) => signed === null).length;
  return [
    `that these transactions are on chain ${chainId} (blocks ${Math.min(...numbers)} to ${Math.max(...numbers)}), when, and what they cost: compare the block hashes with a node's`,
    `that the contracts at ${contracts.deployment} are og's, and gave these numbers to the job and the claims: og doctor, og match`,
    ...(unsigned > 0
      ? [`who sent ${unsigned} of the transactions: this chain does not give them as they were signed`]
      : []),
    program
      ? 'that the model does what its publisher says'
      : `what model ${job.modelId} is, and that its program is legal: give it with --model`,
  ];
}
