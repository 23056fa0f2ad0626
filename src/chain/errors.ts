/** What the contracts refuse with, as sentences. */
import { formatEther, isError, type ParamType } from 'ethers';
import type { Hex } from '../commit/hash.js';
import { UserError } from '../errors.js';
import { errorsAbi } from './generated/contracts.js';
import { interfaceOf, plainValue } from './typed.js';

/** An error's arguments by name; none of the contracts' errors has a struct or an array. */
export type RefusalArgs = Readonly<Record<string, string | bigint | boolean>>;

/**
 * A call or transaction that a contract refused. `errorName` is the contract's own (`Jobs_WindowClosed`), for scripts. ethers' error is not
 * kept as the cause: it carries the whole call, which can be 100 KB of calldata.
 */
export class ContractRefusal extends UserError {
  constructor(
    message: string,
    readonly errorName: string,
    readonly args: RefusalArgs,
  ) {
    super('OG_REFUSED', message);
  }
}

type Value = RefusalArgs[string] | undefined;

const JOB_STATUS = ['unknown', 'open', 'final', 'void'];
const CLAIM_STATUS = ['unknown', 'live', 'lost', 'closed', 'final'];
const PHASE = ['none', 'open', 'descend', 'leaf', 'proof', 'over'];

const name = (names: readonly string[], value: Value): string => names[Number(value)] ?? String(value);
const at = (seconds: Value): string => new Date(Number(seconds) * 1000).toISOString();
const eth = (wei: Value): string => `${wei} wei (${formatEther(BigInt(wei ?? 0))} ETH)`;

/** One sentence per error; errors that are not listed are shown with their values. */
const SENTENCES: Readonly<Record<string, (a: RefusalArgs) => string>> = {
  Jobs_UnknownJob: (a) => `There is no job ${a['jobId']}.`,
  Jobs_UnknownClaim: (a) => `There is no claim ${a['claimId']}.`,
  Jobs_WrongStatus: (a) => `Job ${a['jobId']} is ${name(JOB_STATUS, a['status'])}, which this cannot be done to.`,
  Jobs_OtherJob: (a) =>
    `Job ${a['jobId']} is another job than the one meant: it asks for model ${a['modelId']} with input ${a['inputRoot']}.`,
  Jobs_OtherTerms: (a) => `Claim ${a['claimId']} is another claim than the one meant: it says something else.`,
  Jobs_WrongBond: (a) => `The bond is ${eth(a['requiredWei'])}, but ${eth(a['sentWei'])} was sent.`,
  Jobs_LiveClaimExists: (a) => `Job ${a['jobId']} has ${a['liveClaims']} live claim(s) already; somebody was faster.`,
  Jobs_ClaimDeadlinePassed: (a) => `Job ${a['jobId']} took its first claim until ${at(a['claimBy'])} only.`,
  Jobs_WindowClosed: (a) => `The challenge window of job ${a['jobId']} ended at ${at(a['windowEndsAt'])}.`,
  Jobs_WindowOpen: (a) => `The challenge window of job ${a['jobId']} is open until ${at(a['windowEndsAt'])}.`,
  Jobs_ClaimNotLive: (a) => `Claim ${a['claimId']} is ${name(CLAIM_STATUS, a['status'])} and no longer live.`,
  Jobs_WrongLength: (a) => `The ${a['what']} has length ${a['length']}, but ${a['requiredLength']} is required.`,
  Jobs_TooLarge: (a) => `The ${a['what']} has ${a['bytes_']} bytes; this deployment takes ${a['limit']} at most.`,
  Jobs_OutputMismatch: (a) => `The output's bytes give root ${a['computedRoot']}, not the claimed ${a['outputRoot']}.`,
  Jobs_Undecided: (a) =>
    `Job ${a['jobId']} is not decided: it has ${a['liveClaims']} live claims, and claim ${a['claimId']} has not revealed the same trace as the first.`,
  Jobs_InputDemanded: (a) => `The input of job ${a['jobId']} was demanded and is not posted yet.`,
  Jobs_NothingToWithdraw: (a) => `Nothing is credited to ${a['account']}.`,
  Jobs_TransferFailed: (a) => `${a['account']} does not accept the ${eth(a['amountWei'])} that are credited to it.`,
  Jobs_CallbackGas: (a) => `The callback needs ${a['required']} gas and ${a['available']} is left; send more.`,
  Jobs_BadParameter: (a) => `The parameter ${a['field']} must not be ${a['value']}.`,
  Matches_AlreadyRevealed: (a) => `Claim ${a['claimId']} is revealed already.`,
  Matches_SealMismatch: (a) =>
    `The trace root does not open claim ${a['claimId']}: it gives seal ${a['computed']}, not ${a['seal']}.`,
  Matches_OutputNotInTrace: (a) =>
    `The output of claim ${a['claimId']} is not the last slot of its trace: the proof gives ${a['computedRoot']}, not ${a['traceRoot']}.`,
  Matches_UnknownMatch: (a) => `There is no match ${a['matchId']}.`,
  Matches_AlreadyMatched: (a) => `These claims play match ${a['matchId']} already.`,
  Matches_SameTrace: (a) =>
    `Claims ${a['claim0']} and ${a['claim1']} have the same trace; there is nothing to dispute.`,
  Matches_ClaimNotLive: (a) => `Claim ${a['claimId']} is no longer live.`,
  Matches_WrongPhase: (a) => `Match ${a['matchId']} is in phase "${name(PHASE, a['phase'])}", where this is no move.`,
  Matches_WrongRound: (a) => `At height ${a['height']} the other kind of descent is due.`,
  Matches_OtherState: (a) => `The match has moved on to height ${a['height']}, position ${a['position']}.`,
  Matches_NodeMismatch: (a) =>
    `What is opened hashes to ${a['computed']}, not to ${a['expected']}, at which the match stands.`,
  Matches_ClockExpired: (a) => `The clock of side ${a['side']} has run out.`,
  Matches_NoClockExpired: (a) => `No clock of match ${a['matchId']} has run out yet.`,
  ModelRegistry_UnknownModel: (a) => `Model ${a['modelId']} is not registered on this deployment.`,
  ModelRegistry_BadShape: (a) =>
    `The model's ${a['field']} is ${a['value']}; it must be from ${a['min']} to ${a['max']}.`,
  Inputs_NotByRoot: (a) => `The input of job ${a['jobId']} was posted with the request.`,
  Inputs_AlreadyDemanded: (a) => `The input of job ${a['jobId']} was demanded already.`,
  Inputs_NotDemanded: (a) => `Nobody demanded the input of job ${a['jobId']}.`,
  Inputs_WrongStake: (a) =>
    `Demanding an input takes a stake of ${eth(a['requiredWei'])}, but ${eth(a['sentWei'])} was sent.`,
  Inputs_TooLate: (a) => `That was possible for job ${a['jobId']} until ${at(a['deadline'])}.`,
  Inputs_TooEarly: (a) => `That is possible for job ${a['jobId']} after ${at(a['deadline'])}.`,
  Inputs_ChunkPosted: (a) => `Chunk ${a['chunk']} of the input of job ${a['jobId']} is posted already.`,
  Error: (a) => `The contract refused: ${a['value']}`,
  Panic: (a) => `The contract stopped with panic code ${a['value']}; this is a bug.`,
};

const errors = interfaceOf(errorsAbi);

/** Reads the bytes of a revert. */
export function refusalFrom(data: Hex): ContractRefusal {
  if (data === '0x') return new ContractRefusal('The contract refused without saying why.', 'None', {});
  const parsed = errors.parseError(data);
  if (!parsed)
    return new ContractRefusal(`The contract refused with an unknown error: ${data.slice(0, 74)}`, 'Unknown', {});
  const entries = parsed.fragment.inputs.map(
    (input: ParamType, i) => [input.name || 'value', plainValue(input, parsed.args[i])] as const,
  );
  const args = Object.fromEntries(entries) as RefusalArgs;
  const sentence = SENTENCES[parsed.name]?.(args) ?? plainSentence(parsed.name, args);
  return new ContractRefusal(sentence, parsed.name, args);
}

function plainSentence(errorName: string, args: RefusalArgs): string {
  const [contract, ...rest] = errorName.split('_');
  const what = rest.length > 0 ? rest.join('_') : errorName;
  const values = Object.entries(args).map(([key, value]) => `${key} ${value}`);
  return `${contract} refused with ${what}${values.length > 0 ? ` (${values.join(', ')})` : ''}.`;
}

/** The refusal inside an error that ethers threw for a call or an estimate; null when it is something else. */
export function refusalOf(error: unknown): ContractRefusal | null {
  if (error instanceof ContractRefusal) return error;
  if (!isError(error, 'CALL_EXCEPTION')) return null;
  const data = error.data ?? nestedData(error);
  return refusalFrom((data ?? '0x') as Hex);
}

/** Nodes differ in where they put a revert's bytes. */
function nestedData(value: unknown, depth = 0): string | null {
  if (typeof value !== 'object' || value === null || depth > 4) return null;
  for (const [key, field] of Object.entries(value)) {
    if (key === 'data' && typeof field === 'string' && /^0x(?:[0-9a-f]{2})*$/i.test(field)) return field;
    if (key === 'payload' || key === 'transaction') continue;
    const inner = nestedData(field, depth + 1);
    if (inner) return inner;
  }
  return null;
}
