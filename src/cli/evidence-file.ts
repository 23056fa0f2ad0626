/** The evidence of a match as one JSON file, which anybody can check without a chain. Its format is versioned. */
import { z } from 'zod';
import type { Contracts } from '../chain/contracts.js';
import { refundsAddress } from '../chain/deploy.js';
import { type MatchCall, matchCallsIn } from '../chain/match-calls.js';
import { type MatchRecord, type RecordedTransaction, readSigned } from '../chain/match-record.js';
import type { Hash, Hex } from '../commit/hash.js';
import type { Reveal } from '../dispute/actions.js';
import type { Check, Evidence, EvidenceMove } from '../dispute/evidence.js';
import { ENDINGS } from '../dispute/game.js';
import { UserError } from '../errors.js';
import { claimId, jobId, matchIdOf, matchText } from '../units.js';

export const EVIDENCE_SCHEMA = 'og.evidence.v1';

const hex = z.string().regex(/^0x(?:[0-9a-f]{2})*$/, 'hex in lower case') as unknown as z.ZodType<Hex>;
const hash = z.string().regex(/^0x[0-9a-f]{64}$/, '32 bytes in hex, lower case') as unknown as z.ZodType<Hash>;
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'an address');
const count = z.int().min(0);
const width = z.union([z.literal(1), z.literal(2), z.literal(4)]);
const amount = z.string().regex(/^\d+$/, 'a whole number in quotes');
const depth = z.int().min(0).max(40);

const call = z.strictObject({ to: address, data: hex });

const claim = z.strictObject({ id: count, claimant: address, seal: hash, outputRoot: hash, postedIn: hash });

const bundleSchema = z.strictObject({
  schema: z.literal(EVIDENCE_SCHEMA),
  chainId: amount,
  contracts: z.strictObject({ deployment: address, jobs: address, matches: address }),
  job: z.strictObject({ id: count, modelId: hash, inputRoot: hash, requester: address, feeWei: amount }),
  model: z.strictObject({
    programRoot: hash,
    constantsRoot: hash,
    layoutHash: hash,
    stepCount: count,
    slotDepth: depth,
    tensorDepth: depth,
    constantSlotDepth: depth,
    constantTensorDepth: depth,
    inputElements: count,
    inputWidth: width,
    outputElements: count,
    outputWidth: width,
  }),
  /** The earlier claim first. */
  claims: z.tuple([claim, claim]),
  ending: z.strictObject({ by: z.enum(ENDINGS), losers: z.tuple([z.boolean(), z.boolean()]) }),
  /** In the order of the chain: claims, reveals, moves, and how the job ended. */
  transactions: z.array(
    z.strictObject({
      hash,
      from: address,
      /** The transaction's bytes as they were signed; null on a chain with transactions of its own kind, then `call` is given. */
      signed: hex.nullable(),
      call: call.nullable(),
      block: z.strictObject({ number: count, hash, timestamp: count }),
      gasUsed: amount,
      costWei: amount,
    }),
  ),
});

export type EvidenceBundle = z.infer<typeof bundleSchema>;

export function bundleOf({ node, address: deployment, jobs, matches }: Contracts, record: MatchRecord): EvidenceBundle {
  const { view, match, claims, model, transactions } = record;
  const { id, modelId, inputRoot, requester, feeWei } = view.job;
  const claimFacts = (side: 0 | 1) => {
    const { id: number, claimant, seal, outputRoot } = claims[side];
    const posted = transactions.find(({ events }) =>
      events.some((event) => event.name === 'Claimed' && event.args.claimId === number),
    );
    if (!posted) throw new Error(`No transaction posted claim ${number}.`);
    return { id: Number(number), claimant, seal, outputRoot, postedIn: posted.hash };
  };
  return {
    schema: EVIDENCE_SCHEMA,
    chainId: String(node.chainId),
    contracts: { deployment, jobs: jobs.address, matches: matches.address },
    job: { id: Number(id), modelId, inputRoot, requester, feeWei: String(feeWei) },
    model: { ...model },
    claims: [claimFacts(0), claimFacts(1)],
    ending: { by: match.ending, losers: [...match.losers] as [boolean, boolean] },
    transactions: transactions.filter(isEvidence).map((transaction) => {
      const { hash: txHash, from, to, data, signed, block, gasUsed, costWei } = transaction;
      const unsigned = signed === null ? { to, data } : null;
      const cost = { gasUsed: String(gasUsed), costWei: String(costWei) };
      return { hash: txHash, from, signed, call: unsigned, block: { ...block }, ...cost };
    }),
  };
}

/** The request's input and the final output are not needed, and may be large. */
const isEvidence = ({ events }: RecordedTransaction): boolean =>
  events.some(({ name }) => !['JobRequested', 'JobFinal', 'JobVoid', 'Collected'].includes(name));

/** @throws UserError naming the first field that is not as the schema says. */
export function parseBundle(text: string, path: string): EvidenceBundle {
  const wrong = (why: string): UserError =>
    new UserError('OG_BAD_EVIDENCE', `${path} is not an evidence file: ${why}.`, 'og explain --out writes one.');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong('it is not JSON');
  }
  const { schema } = (json ?? {}) as { schema?: unknown };
  if (schema !== EVIDENCE_SCHEMA)
    throw wrong(`its schema is ${JSON.stringify(schema) ?? 'not given'}, and this og reads ${EVIDENCE_SCHEMA}`);
  const parsed = bundleSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw wrong(`${issue?.path.join('.')}: ${issue?.message}`);
}

/** What a bundle's transactions say by themselves, and whether they are what the bundle says of them. */
export function evidenceIn(bundle: EvidenceBundle): { readonly evidence: Evidence; readonly checks: readonly Check[] } {
  const { job, model, claims, ending, chainId, contracts } = bundle;
  const match = matchIdOf(claimId(claims[0].id), claimId(claims[1].id));
  const checks: Check[] = [];
  const read = bundle.transactions.map((transaction) => ({
    hash: transaction.hash,
    from: transaction.from,
    calls: readCalls(bundle, transaction, checks),
  }));
  for (const posted of claims) {
    const posting = read.find(({ hash: txHash }) => txHash === posted.postedIn);
    const call = posting?.calls.find((each) => each.kind === 'claim');
    const ok =
      call?.kind === 'claim' &&
      posting?.from.toLowerCase() === posted.claimant.toLowerCase() &&
      call.seal === posted.seal &&
      call.outputRoot === posted.outputRoot &&
      call.modelId === job.modelId &&
      call.inputRoot === job.inputRoot;
    checks.push({
      what: `claim ${posted.id}`,
      ok,
      detail: ok ? `posted by ${posted.claimant}` : 'is not what its transaction says',
    });
  }
  const calls = read.flatMap((transaction) => transaction.calls);
  const revealOf = (id: number): Reveal | null =>
    calls.find((each): each is Reveal => each.kind === 'reveal' && each.claimId === BigInt(id)) ?? null;
  const evidence: Evidence = {
    chainId: BigInt(chainId),
    jobs: contracts.jobs,
    jobId: jobId(job.id),
    modelId: job.modelId,
    inputRoot: job.inputRoot,
    model,
    claims: [claimFrom(claims[0]), claimFrom(claims[1])],
    reveals: [revealOf(claims[0].id), revealOf(claims[1].id)],
    moves: calls.filter((each): each is EvidenceMove => isMove(each) && each.matchId === match),
    ending: ending.by,
    losers: ending.losers,
  };
  return { evidence, checks };
}

export const bundleMatch = ({ claims }: EvidenceBundle): string =>
  matchText(matchIdOf(claimId(claims[0].id), claimId(claims[1].id)));

const isMove = (each: MatchCall): each is EvidenceMove => each.kind !== 'claim' && each.kind !== 'reveal';

const claimFrom = ({ id, ...rest }: EvidenceBundle['claims'][number]) => ({ ...rest, id: claimId(id) });

/** What was signed, read; what the bundle states where nothing was. A transaction that cannot be read says nothing. */
function readCalls(
  { chainId, contracts }: EvidenceBundle,
  { hash: txHash, from, signed, call: stated }: EvidenceBundle['transactions'][number],
  checks: Check[],
): MatchCall[] {
  const parts = { ...contracts, refunds: refundsAddress(contracts.deployment) };
  const say = (ok: boolean, detail: string): void => {
    checks.push({ what: `transaction ${txHash.slice(0, 10)}`, ok, detail });
  };
  try {
    if (signed === null) {
      if (!stated) throw new RangeError('it has neither signed bytes nor a call');
      return matchCallsIn(stated, parts);
    }
    const found = readSigned(signed);
    const same = found.hash === txHash && found.from.toLowerCase() === from.toLowerCase();
    const ok = same && String(found.chainId) === chainId;
    say(ok, ok ? `signed by ${from}` : `is not signed by ${from} for chain ${chainId}, or is another one`);
    return matchCallsIn(found, parts);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    say(false, error.message);
    return [];
  }
}
