/**
 * The events of a deployment, job by job, followed as the chain grows and taken back when it reorganises. Everything that is kept
 * here can be read from the chain again; payloads (inputs, outputs) are not kept.
 */
import type { Log } from 'ethers';
import { asHash, type Hash, type Hex } from '../commit/hash.js';
import type { Terms } from '../dispute/actions.js';
import type { Promised, Side } from '../dispute/game.js';
import { nodesAt } from '../dispute/stands-at.js';
import { NetworkError } from '../errors.js';
import type { ClaimId, JobId, MatchId } from '../units.js';
import { claimId, jobId, matchId, wei } from '../units.js';
import type { Contracts } from './contracts.js';
import type { abis } from './generated/contracts.js';
import type { Posted } from './states.js';
import type { TypedEvent } from './typed.js';

export type GameEvent =
  | TypedEvent<typeof abis.Jobs>
  | TypedEvent<typeof abis.Matches>
  | TypedEvent<typeof abis.Inputs>
  | TypedEvent<typeof abis.Refunds>;
type Named<N extends GameEvent['name']> = Extract<GameEvent, { name: N }>;

export interface BlockRef {
  readonly number: number;
  readonly hash: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

export interface Update {
  readonly head: BlockRef;
  /** Jobs of which anything was written or taken back since the last update. */
  readonly touched: ReadonlySet<JobId>;
  /** Some of it was taken back by a reorganisation. */
  readonly rewound: boolean;
  /** Jobs that are not known any more: taken back, or ended long ago. */
  readonly forgotten: ReadonlySet<JobId>;
}

/** What the events say of a job. */
export interface JobRecord {
  readonly id: JobId;
  readonly modelId: Hash;
  readonly inputRoot: Hash;
  /** Where its request, with the posted input, stands. */
  readonly requestBlock: number;
  /** Whether the input stands on the chain, or part of it: it came with the request, or was posted on demand. */
  readonly isInputPosted: boolean;
  readonly claims: readonly ClaimId[];
  readonly matches: readonly MatchId[];
  /** Null while it is open. */
  readonly endedInBlock: number | null;
}

/** Blocks that are remembered by their hash, to find where a reorganised chain parts from what was read. */
const CHECKPOINTS = 256;
/** An ended job is forgotten when nothing was written to it in so many blocks; a reorganisation does not go deeper. */
const FORGET_AFTER_BLOCKS = 256;

const JOB_EVENTS = ['JobRequested', 'Claimed', 'ClaimLost', 'ClaimClosed', 'JobFinal', 'JobVoid'] as const;
const MATCH_EVENTS = ['Revealed', 'MatchOpened', 'NodeOpened', 'LeafPosted', 'ElementComputed', 'MatchEnded'] as const;
const REFUND_EVENTS = ['Assisted', 'Collected'] as const;
const INPUT_EVENTS = ['InputDemanded', 'InputChunkPosted', 'InputComplete', 'InputMissing'] as const;

export class GameLog {
  private readonly events = new Map<JobId, GameEvent[]>();
  private readonly withInput = new Set<JobId>();
  private readonly jobOfClaim = new Map<ClaimId, JobId>();
  private readonly jobOfMatch = new Map<MatchId, JobId>();
  private checkpoints: BlockRef[] = [];
  private nextBlock: number;
  private touched = new Set<JobId>();
  private forgotten = new Set<JobId>();
  private rewound = false;

  /** @param fromBlock the first block that is read; jobs that were requested before it are not known. */
  constructor(
    private readonly contracts: Contracts,
    private readonly fromBlock: number = contracts.firstBlock,
    private readonly keepsEnded = false,
  ) {
    this.nextBlock = fromBlock;
  }

  /** Reads what is new, up to the latest block. What was read before an error is kept, and told by the next update. */
  async update(): Promise<Update> {
    const head = await this.contracts.node.decisionBlock();
    if (head.hash !== this.readUpTo?.hash) await this.readTo(head);
    const { touched, rewound, forgotten } = this;
    [this.touched, this.rewound, this.forgotten] = [new Set(), false, new Set()];
    return { head, touched, rewound, forgotten };
  }

  /** The block that all events are known up to, and none after it; also while more is being read. */
  get readUpTo(): BlockRef | null {
    return this.checkpoints.at(-1) ?? null;
  }

  /** How many jobs are known. */
  get size(): number {
    return this.events.size;
  }

  /** Ids of the jobs that are known, oldest first. */
  jobs(): JobId[] {
    return [...this.events.keys()].sort((x, y) => (x < y ? -1 : 1));
  }

  record(id: JobId): JobRecord | null {
    const events = this.events.get(id);
    const requested = events && first(events, 'JobRequested');
    if (!events || !requested) return null;
    const ended = events.find(({ name }) => name === 'JobFinal' || name === 'JobVoid');
    return {
      id,
      modelId: asHash(requested.args.modelId),
      inputRoot: asHash(requested.args.inputRoot),
      requestBlock: requested.blockNumber,
      isInputPosted: this.withInput.has(id),
      claims: all(events, 'Claimed').map(({ args }) => claimId(args.claimId)),
      matches: all(events, 'MatchOpened').map(({ args }) => matchId(args.matchId)),
      endedInBlock: ended?.blockNumber ?? null,
    };
  }

  /** All events of a job, in the order of the chain. */
  history(id: JobId): readonly GameEvent[] {
    return this.events.get(id) ?? [];
  }

  /** How many claims of these accounts have their bonds at stake, in all jobs that are known. */
  claimsAtStake(accounts: readonly string[]): number {
    const own = new Set(accounts.map((account) => account.toLowerCase()));
    let count = 0;
    for (const events of this.events.values())
      for (const event of events) {
        if (event.name === 'Claimed' && own.has(event.args.claimant.toLowerCase())) count++;
        const ended = event.name === 'ClaimLost' || event.name === 'ClaimClosed' || event.name === 'JobFinal';
        if (ended && own.has(this.claimantOf(events, event.args.claimId))) count--;
      }
    return count;
  }

  /** Whether any of these accounts has a claim in the job. */
  hasClaimOf(id: JobId, accounts: readonly string[]): boolean {
    const own = new Set(accounts.map((account) => account.toLowerCase()));
    return all(this.history(id), 'Claimed').some(({ args }) => own.has(args.claimant.toLowerCase()));
  }

  private claimantOf(events: readonly GameEvent[], id: bigint): string {
    return (
      all(events, 'Claimed')
        .find(({ args }) => args.claimId === id)
        ?.args.claimant.toLowerCase() ?? ''
    );
  }

  /** What the sides of a match have posted. */
  posted(id: MatchId): Posted {
    const job = this.jobOfMatch.get(id);
    const events = (job === undefined ? [] : this.history(job)).filter(
      (event) => 'matchId' in event.args && event.args.matchId === id,
    );
    const opened = all(events, 'NodeOpened').map(({ args }) => ({
      ...placeOf(args),
      height: Number(args.height),
      children: args.children.map(asHash),
    }));
    const leaves = all(events, 'LeafPosted').map(({ args }) => ({ ...placeOf(args), leaf: args.leaf }));
    const leafOf = (side: Side): Hex | null => leaves.find((posted) => posted.side === side)?.leaf ?? null;
    const computed = first(events, 'ElementComputed');
    return {
      nodes: nodesAt(opened, leaves),
      opened: opened.at(-1) ?? null,
      leaves: [leafOf(0), leafOf(1)],
      computed: computed
        ? {
            element: Number(computed.args.element),
            values: [Number(computed.args.value0), Number(computed.args.value1)],
          }
        : null,
    };
  }

  /** What is owed for moves that somebody has made for others' claims. */
  promised(id: JobId): Promised[] {
    const owed = new Map<string, Promised>();
    for (const event of this.history(id)) {
      if (event.name !== 'Assisted' && event.name !== 'Collected') continue;
      const { account, amountWei } = event.args;
      const [match, side] = [matchId(event.args.matchId), Number(event.args.side) as Side];
      const key = `${match}:${side}:${account}`;
      const before = owed.get(key)?.amountWei ?? 0n;
      const now = event.name === 'Assisted' ? before + amountWei : before - amountWei;
      owed.set(key, { matchId: match, side, account, amountWei: wei(now) });
    }
    return [...owed.values()].filter(({ amountWei }) => amountWei > 0n);
  }

  /** What a claim says, by its event. @throws RangeError when the claim is not known. */
  termsOf(id: ClaimId): Terms {
    const job = this.jobOfClaim.get(id);
    const events = job === undefined ? [] : this.history(job);
    const claimed = all(events, 'Claimed').find(({ args }) => args.claimId === id);
    if (!claimed) throw new RangeError(`Claim ${id} is not known before a refresh.`);
    const { seal, outputRoot, target } = claimed.args;
    return { seal: asHash(seal), outputRoot: asHash(outputRoot), target: claimId(target) };
  }

  private async readTo(head: BlockRef): Promise<void> {
    const { logs, jobs, matches, inputs, refunds } = this.contracts;
    await this.rewind();
    const filter = {
      address: [jobs.address, matches.address, inputs.address, refunds.address],
      topics: [this.topics()],
    };
    for await (const range of logs.ranges(filter, this.nextBlock, head.number)) {
      const isHead = range.toBlock === head.number;
      // Logs are asked for by numbers: those of another chain than the head's must not be taken for its own.
      const last = isHead && range.logs.length === 0 ? head : await this.blockAt(range.toBlock);
      if (isHead && last.hash !== head.hash) throw wentAway(head.number);
      for (const log of range.logs) this.take(log);
      this.nextBlock = range.toBlock + 1;
      this.checkpoints = [...this.checkpoints, last].slice(-CHECKPOINTS);
    }
    this.forget(head.number);
  }

  private topics(): Hex[] {
    const { jobs, matches, inputs, refunds } = this.contracts;
    const topics = [
      jobs.topics(JOB_EVENTS),
      matches.topics(MATCH_EVENTS),
      inputs.topics(INPUT_EVENTS),
      refunds.topics(REFUND_EVENTS),
    ];
    return topics.flatMap(([names]) => names ?? []);
  }

  private take(log: Log): void {
    const { jobs, matches, inputs, refunds } = this.contracts;
    const event = jobs.event(log) ?? matches.event(log) ?? inputs.event(log) ?? refunds.event(log);
    if (!event) return;
    const job = this.jobOf(event);
    if (job === undefined) return; // of a job that was requested before `fromBlock`
    if (event.name !== 'JobRequested' && !this.events.has(job)) return;
    if (event.name === 'Claimed') this.jobOfClaim.set(claimId(event.args.claimId), job);
    if (event.name === 'MatchOpened') this.jobOfMatch.set(matchId(event.args.matchId), job);
    if (event.name === 'InputChunkPosted' || (event.name === 'JobRequested' && event.args.input !== '0x'))
      this.withInput.add(job);
    const events = this.events.get(job) ?? [];
    events.push(withoutPayload(event));
    this.events.set(job, events);
    this.forgotten.delete(job);
    this.touched.add(job);
  }

  private jobOf({ args }: GameEvent): JobId | undefined {
    if ('jobId' in args) return jobId(args.jobId);
    if ('matchId' in args) return this.jobOfMatch.get(matchId(args.matchId));
    if ('claimId' in args) return this.jobOfClaim.get(claimId(args.claimId));
    return undefined;
  }

  /** Takes back what the chain has taken back: everything after the last block that both have. */
  private async rewind(): Promise<void> {
    let shared = this.checkpoints.length;
    for (let last = this.checkpoints[shared - 1]; last; last = this.checkpoints[--shared - 1]) {
      const block = await this.contracts.node.getBlock(last.number);
      if (block?.hash === last.hash) break;
    }
    if (shared === this.checkpoints.length) return;
    this.checkpoints = this.checkpoints.slice(0, shared);
    this.rewound = true;
    const common = this.checkpoints.at(-1)?.number ?? this.fromBlock - 1;
    this.nextBlock = common + 1;
    for (const [job, events] of this.events) {
      const kept = events.filter(({ blockNumber }) => blockNumber <= common);
      if (kept.length === events.length) continue;
      this.touched.add(job);
      if (kept.length > 0) this.events.set(job, kept);
      else this.drop(job, events);
    }
  }

  private async blockAt(number: number): Promise<BlockRef> {
    const block = await this.contracts.node.getBlock(number);
    if (!block?.hash) throw wentAway(number);
    return { number, hash: block.hash, timestamp: block.timestamp };
  }

  private forget(head: number): void {
    if (this.keepsEnded) return;
    for (const [job, events] of this.events) {
      if ((events.at(-1)?.blockNumber ?? 0) >= head - FORGET_AFTER_BLOCKS) continue;
      if (events.some(({ name }) => name === 'JobFinal' || name === 'JobVoid')) this.drop(job, events);
    }
  }

  private drop(job: JobId, events: readonly GameEvent[]): void {
    this.events.delete(job);
    this.withInput.delete(job);
    this.forgotten.add(job);
    for (const { args } of all(events, 'Claimed')) this.jobOfClaim.delete(claimId(args.claimId));
    for (const { args } of all(events, 'MatchOpened')) this.jobOfMatch.delete(matchId(args.matchId));
  }
}

const wentAway = (number: number): NetworkError =>
  new NetworkError('OG_REORG', `Block ${number} went away while it was read.`, 'Try again.');

const all = <N extends GameEvent['name']>(events: readonly GameEvent[], name: N): Named<N>[] =>
  events.filter((event): event is Named<N> => event.name === name);
const first = <N extends GameEvent['name']>(events: readonly GameEvent[], name: N): Named<N> | undefined =>
  events.find((event): event is Named<N> => event.name === name);

const PAYLOADS = ['input', 'output', 'data'] as const;

function withoutPayload(event: GameEvent): GameEvent {
  const payload = PAYLOADS.find((key) => key in event.args);
  return payload ? ({ ...event, args: { ...event.args, [payload]: '0x' } } as GameEvent) : event;
}

const placeOf = ({ side, position }: { readonly side: bigint; readonly position: bigint }) => ({
  side: Number(side) as Side,
  position: Number(position),
});
