/** What a daemon plays with: the chain as it is read, who plays, and how things are said and done. */
import { createHash, randomBytes } from 'node:crypto';
import type { Contracts } from '../chain/contracts.js';
import { ContractRefusal } from '../chain/errors.js';
import type { JobRecord } from '../chain/game-log.js';
import { GameReader } from '../chain/reader.js';
import type { Sender, SendOptions, Sent } from '../chain/sender.js';
import type { Address, Call } from '../chain/typed.js';
import type { Hash } from '../commit/hash.js';
import type { Deployment, Party } from '../dispute/party.js';
import type { Store } from '../store/store.js';
import { type JobId, type Seconds, seconds, timestamp, type Wei, wei } from '../units.js';
import { ProcessVerifier } from '../verify/process-verifier.js';
import type { Verifier } from '../verify/verifier.js';
import { Evidence, type EvidenceOptions } from './evidence.js';
import { type Facts, Journal, type Log } from './line.js';
import { NOBODY, type Observer } from './observer.js';
import { Purse } from './purse.js';
import { Verdicts } from './verdicts.js';

export interface TableOptions {
  readonly contracts: Contracts;
  readonly store: Store;
  /** Who plays and pays. Without one nothing is sent, as in a dry run. */
  readonly sender: Sender | null;
  readonly log: Log;
  /** Jobs that were requested before this block are left alone; those of the whole deployment count when left out. */
  readonly fromBlock?: number;
  /** Only jobs of these models; all when left out. */
  readonly models?: readonly Hash[];
  /** Most wei in bonds and input stakes at the same time; no limit when left out. */
  readonly maxAtStakeWei?: Wei;
  /** Decide, but send nothing. */
  readonly dryRun?: boolean;
  /** Pay the gas of ending jobs in which one has neither the winning claim nor the request. */
  readonly endsOthersJobs?: boolean;
  readonly evidence?: EvidenceOptions;
  /** Who looks on. */
  readonly observer?: Observer;
  /** Share of the jobs that are re-run at all, between 0 and 1; all when left out. Matches are looked at in any case. */
  readonly sample?: number;
  /** Moves of others' matches are put off for so long, so that two watchtowers do not both pay; 30 s when left out, none on a devnet. */
  readonly holdOffSeconds?: Seconds;
  /** Who re-runs jobs; child processes of its own when left out. */
  readonly verifier?: Verifier;
  /** End what it is running when the table is closed, rather than wait for it; always so for child processes of its own. */
  readonly closesVerifier?: boolean;
}

const HOLD_OFF_SECONDS = 30;
/** A node that is further behind, or a reorganisation that goes deeper, does not show a chain without one's own transactions. */
const LONGEST_LAG_BLOCKS = 256;

export class Table {
  readonly contracts: Contracts;
  readonly store: Store;
  readonly reader: GameReader;
  readonly evidence: Evidence;
  readonly observer: Observer;
  readonly holdOffSeconds: Seconds;
  private readonly verifier: Verifier;
  readonly verdicts: Verdicts;
  readonly journal: Journal;
  readonly deployment: Deployment;
  readonly purse: Purse;
  /** By job: the block of the last transaction that was sent for it. What is read of an earlier block does not show it yet. */
  readonly sentIn = new Map<JobId, number>();
  private readonly lots = randomBytes(16).toString('hex');
  private atStake = 0n;

  constructor(
    private readonly options: TableOptions,
    onVerdict?: (job: JobId) => void,
  ) {
    const { contracts, store } = options;
    this.contracts = contracts;
    this.store = store;
    this.reader = new GameReader(contracts, options.fromBlock);
    this.verifier = options.verifier ?? new ProcessVerifier(store, { trustsPlaces: contracts.node.isDevnet });
    this.evidence = new Evidence(contracts, store, this.verifier, options.evidence);
    this.verdicts = new Verdicts(this.evidence, onVerdict);
    this.verifier.doubt?.addEventListener('abort', () => {
      for (const id of this.reader.log.jobs()) onVerdict?.(id);
    });
    this.journal = new Journal(options.log);
    this.deployment = { sealDomain: contracts.sealDomain, parameters: contracts.parameters };
    this.purse = new Purse(options.maxAtStakeWei ?? null);
    this.observer = options.observer ?? NOBODY;
    this.holdOffSeconds = options.holdOffSeconds ?? seconds(contracts.node.isDevnet ? 0 : HOLD_OFF_SECONDS);
  }

  get sender(): Sender | null {
    return this.options.sender;
  }

  get sends(): boolean {
    return this.options.sender !== null && this.options.dryRun !== true;
  }

  /** Whether a job is looked at: by its model, and by lot as long as nobody disputes it. Nobody else can know the lots. */
  wants({ id, modelId, claims, matches }: JobRecord): boolean {
    const { models, sample = 1 } = this.options;
    if (models && !models.includes(modelId)) return false;
    return claims.length > 1 || matches.length > 0 || this.lotOf(id) < sample;
  }

  /** Whether a job has ended and nothing in it is one's own: then nothing is left to do, unless its end is taken back. */
  isOver({ id, endedInBlock }: JobRecord): boolean {
    const { log } = this.reader;
    const own = this.options.sender?.addresses ?? [];
    return (
      endedInBlock !== null &&
      !log.hasClaimOf(id, own) &&
      !log.promised(id).some(({ account }) => own.includes(account as Address))
    );
  }

  private lotOf(id: JobId): number {
    return createHash('sha256').update(`${this.lots}:${id}`).digest().readUInt32BE() / 2 ** 32;
  }

  /**
   * Whether the bond and a whole match of the model can be paid at the gas price of now.
   *
   * @returns null, or why not.
   */
  async cannotAfford(modelId: Hash): Promise<string | null> {
    const { sender, contracts } = this;
    if (!sender) return null;
    const [balanceWei, fees, matchGas] = await Promise.all([
      sender.balance(),
      contracts.node.getFeeData(),
      this.evidence.matchGas(modelId),
    ]);
    const gasPriceWei = fees.maxFeePerGas ?? fees.gasPrice ?? 0n;
    const neededWei = contracts.parameters.bondWei + BigInt(matchGas) * gasPriceWei;
    if (balanceWei >= neededWei) return null;
    return `the account ${sender.address} has ${balanceWei} wei; a bond and a match to its end take up to ${neededWei} wei`;
  }

  /** Who it is decided for. No bond is put up beyond what the purse allows; in a dry run it is shown what would be. */
  party(): Party {
    const { sender, endsOthersJobs = false } = this.options;
    const mayBond = sender !== null && this.purse.allows(this.deployment.parameters.bondWei, this.atStakeWei());
    return {
      addresses: sender?.addresses ?? [],
      bondFrom: mayBond ? sender.address : null,
      endsOthersJobs,
    };
  }

  /** Own bonds in the chain as it was last read. */
  atStakeWei(): bigint {
    return this.atStake;
  }

  /** To be called whenever the chain was read. @param changed whether anything was written to any job, or taken back. */
  chainWasRead(head: { readonly number: number; readonly timestamp: number }, changed: boolean): void {
    const { sender } = this.options;
    if (sender && changed)
      this.atStake = BigInt(this.reader.log.claimsAtStake(sender.addresses)) * this.deployment.parameters.bondWei;
    this.purse.chainWasRead(head.number);
    for (const [job, block] of this.sentIn) if (block < head.number - LONGEST_LAG_BLOCKS) this.sentIn.delete(job);
    this.observer.chainRead(head, this.reader.log.size, this.atStake);
  }

  /**
   * Sends a call, and says so. What the chain refuses is no error: somebody else was faster, or it is not time yet; the job is
   * looked at again.
   *
   * @param options `stillWanted` is asked just before it is sent; the deadline is that of `facts`.
   * @returns null when it was not sent, or not accepted.
   */
  async send(
    job: JobId | null,
    call: Call,
    facts: Facts,
    { stillWanted, from }: Pick<SendOptions, 'stillWanted' | 'from'> = {},
  ): Promise<Sent | null> {
    const { sender } = this.options;
    if (!sender || !this.sends) return null;
    const options: SendOptions = {
      deadline: facts.deadline === undefined ? null : timestamp(facts.deadline),
      ...(stillWanted === undefined ? {} : { stillWanted }),
      ...(from === undefined ? {} : { from }),
    };
    try {
      const sent = call.valueWei
        ? await this.purse.spend(wei(call.valueWei), this.atStake, () => sender.send(call, options))
        : await sender.send(call, options);
      if (!sent) return null; // others have put up what was left: it is said at the next look
      if (job !== null) this.sentIn.set(job, sent.blockNumber);
      this.journal.write(job, { ...facts, txHash: sent.txHash, gasUsed: Number(sent.gasUsed) });
      return sent;
    } catch (error) {
      if (error instanceof ContractRefusal)
        this.journal.write(job, { ...facts, decision: 'refused', reason: `${facts.decision}: ${error.message}` });
      else this.failed(job, error, facts);
      return null;
    } finally {
      if (job !== null) this.reader.invalidate(job);
    }
  }

  failed(job: JobId | null, error: unknown, facts: Partial<Facts> = {}): void {
    const message = error instanceof Error ? error.message : String(error);
    const doing = facts.decision ? `${facts.decision}: ` : '';
    this.journal.write(job, { ...facts, level: 'error', decision: 'failed', reason: `${doing}${message}` });
  }

  /** To be called when a job is over. */
  ended(record: JobRecord): void {
    this.evidence.release(record);
    this.observer.ended(record.id);
  }

  /** Of jobs that the chain does not know any more, or that have ended long ago, nothing is kept. */
  forget(id: JobId): void {
    this.journal.forget(id);
    this.evidence.forget(id);
    this.observer.forgotten(id);
  }

  async close(): Promise<void> {
    const { verifier, closesVerifier } = this.options;
    if (!verifier || closesVerifier) await this.verifier.close();
    await this.verdicts.stop();
  }
}
