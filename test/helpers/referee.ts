/**
 * The contracts in memory, for one job: Jobs and Matches by the rules of docs/protocol.md, checked with ethers' keccak and the
 * reference evaluator, so that it shares no code with what it judges but the types.
 */
import { concat, dataLength, dataSlice, keccak256 } from 'ethers';
import type { Hash, Hex } from '../../src/commit/hash.js';
import { inputRootOf, type ModelCommitment } from '../../src/commit/model.js';
import { sealDomain, sealOf } from '../../src/commit/seal.js';
import type {
  Action,
  Challenge,
  Descend,
  Finalize,
  PostLeaf,
  ProveInput,
  ProvePadding,
  ProveStep,
  Reveal,
} from '../../src/dispute/actions.js';
import type {
  Both,
  ClaimState,
  ClaimStatus,
  Ending,
  JobState,
  JobView,
  MatchState,
  Parameters,
  Phase,
  Side,
} from '../../src/dispute/game.js';
import type { Deployment } from '../../src/dispute/party.js';
import { slotShape } from '../../src/program/program.js';
import {
  type ClaimId,
  claimId,
  jobId,
  type MatchId,
  matchId,
  type Seconds,
  seconds,
  timestamp,
  wei,
} from '../../src/units.js';
import { computeElement } from './one-step.js';
import { naiveRoot, rootFromProof } from './verify.js';

/** The error that the contract would have reverted with. */
export class Reverted extends Error {
  constructor(readonly error: string) {
    super(error);
  }
}

function require(condition: boolean, error: string): asserts condition {
  if (!condition) throw new Reverted(error);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type GameRecord = Mutable<Omit<MatchState, 'remainingSeconds' | 'leafPosted' | 'leaves' | 'nodes' | 'losers'>> & {
  remainingSeconds: [Seconds, Seconds];
  leafPosted: [boolean, boolean];
  leaves: [Hex | null, Hex | null];
  nodes: [Hash, Hash];
  losers: [boolean, boolean];
};

/** What `ElementComputed` says. */
export interface Computed {
  readonly matchId: MatchId;
  readonly slot: number;
  readonly element: number;
  readonly values: Both<number>;
  readonly computed: number;
}

const BURN_BPS = 2_000;
const BPS = 10_000n;
const BOND_WEI = 1_000_000n;
const FEE_WEI = 500n;
export const WINDOW_SECONDS = 1_000;
export const CLOCK_SECONDS = 600;
const CLAIM_SECONDS = 5_000;
const START = 1_700_000_000;
const NO_ADDRESS = `0x${'00'.repeat(20)}`;
const NO_HASH: Hash = `0x${'00'.repeat(32)}`;
export const REQUESTER = `0x${'4e'.repeat(20)}`;

export interface RefereeOptions {
  /** Claims post no output, as for one that is too large. */
  readonly outputByRoot?: boolean;
}

export class Referee {
  now = START;
  readonly claims: Mutable<ClaimState>[] = [];
  readonly computed: Computed[] = [];
  /** Rounds of the descent that were completed, by match. */
  readonly rounds = new Map<MatchId, number>();
  readonly credits = new Map<string, bigint>();
  burnedWei = 0n;
  inputOutstanding = false;
  private readonly games: GameRecord[] = [];
  private readonly job: Mutable<JobState>;
  private heldWei = FEE_WEI;
  private withdrawnWei = 0n;

  constructor(
    readonly commitment: ModelCommitment,
    input: Int32Array,
    options: RefereeOptions = {},
  ) {
    const { model, modelId } = commitment;
    this.job = {
      id: jobId(1),
      modelId,
      inputRoot: inputRootOf(model, input),
      requester: REQUESTER,
      status: 'open',
      claimBy: timestamp(START + CLAIM_SECONDS),
      windowEndsAt: timestamp(0),
      firstClaim: claimId(0),
      winner: claimId(0),
      outputBytes: options.outputByRoot ? 0 : model.outputElements * model.outputWidth,
      feeWei: wei(FEE_WEI),
      potWei: wei(0),
      consumer: NO_ADDRESS,
      inputOutstanding: false,
    };
  }

  readonly deployment: Deployment = {
    sealDomain: sealDomain(31337n, `0x${'10'.repeat(20)}`),
    parameters: {
      challengeWindowSeconds: seconds(WINDOW_SECONDS),
      clockSeconds: seconds(CLOCK_SECONDS),
      inputDemandSeconds: seconds(1_000),
      callbackGas: 100_000,
      maxInputBytes: 24_000,
      maxOutputBytes: 24_000,
      burnBps: BURN_BPS,
      bondWei: wei(BOND_WEI),
      inputDemandWei: wei(1),
    } satisfies Parameters,
  };

  // ---- what a chain reader sees

  view(): JobView {
    return structuredClone({
      job: { ...this.job, inputOutstanding: this.inputOutstanding },
      claims: this.claims,
      matches: this.games.map((game) => this.current(game)),
    });
  }

  claimOf(id: bigint): ClaimState {
    return this.claim(id);
  }

  matchOf(id: bigint): MatchState {
    return this.current(this.game(id));
  }

  /** Nothing is created or lost: what was paid in is held, credited, withdrawn or burned. */
  get paidInWei(): bigint {
    return FEE_WEI + BigInt(this.claims.length) * BOND_WEI;
  }

  get accountedWei(): bigint {
    return this.heldWei + this.burnedWei + this.withdrawnWei + [...this.credits.values()].reduce((x, y) => x + y, 0n);
  }

  // ---- claims

  submit(claimant: string, seal: Hash, outputRoot: Hash, output: Hex): ClaimId {
    require(this.job.status === 'open', 'Jobs_WrongStatus');
    require(this.live().length === 0, 'Jobs_LiveClaimExists');
    require(this.now <= this.job.claimBy, 'Jobs_ClaimDeadlinePassed');
    this.job.windowEndsAt = timestamp(this.now + WINDOW_SECONDS);
    return this.post(claimant, 0n, seal, outputRoot, output);
  }

  /** Applies an action as the contracts would. @param sender the account that sends it. */
  apply(action: Action, sender: string): void {
    switch (action.kind) {
      case 'challenge':
        this.challenge(action, sender);
        break;
      case 'reveal':
        this.reveal(action);
        break;
      case 'openMatch':
        this.openMatch(action.claimIdA, action.claimIdB);
        break;
      case 'descend':
        this.descend(action);
        break;
      case 'postLeaf':
        this.postLeaf(action);
        break;
      case 'proveInput':
      case 'proveStep':
      case 'provePadding':
        this.prove(action);
        break;
      case 'callTime':
        this.callTime(action.matchId);
        break;
      case 'settleSameTrace':
        this.settle(action.matchId);
        break;
      case 'finalize':
        this.finalize(action);
        break;
      case 'skipDeadClaims':
        this.skipDeadClaims(action.maxSteps);
        break;
      case 'reclaimBond':
        this.reclaim(action.claimId);
        break;
      case 'withdraw':
        require((this.credits.get(sender) ?? 0n) > 0n, 'Jobs_NothingToWithdraw');
        this.withdrawnWei += this.credits.get(sender) ?? 0n;
        this.credits.set(sender, 0n);
        break;
    }
  }

  private challenge({ target, seal, outputRoot, output, bondWei }: Challenge, sender: string): void {
    const claim = this.liveClaim(target.claimId);
    const { modelId, inputRoot, status, windowEndsAt } = this.job;
    require(status === 'open', 'Jobs_WrongStatus');
    require(modelId === target.modelId && inputRoot === target.inputRoot, 'Jobs_OtherJob');
    require(claim.seal === target.seal && claim.outputRoot === target.outputRoot, 'Jobs_OtherClaim');
    require(this.now <= windowEndsAt, 'Jobs_WindowClosed');
    require(bondWei === BOND_WEI, 'Jobs_WrongBond');
    const id = this.post(sender, target.claimId, seal, outputRoot, output);
    this.open(target.claimId, id);
  }

  private post(claimant: string, target: bigint, seal: Hash, outputRoot: Hash, output: Hex): ClaimId {
    this.requireOutput(outputRoot, output);
    const id = claimId(this.claims.length + 1);
    if (this.live().length === 0) this.job.firstClaim = id;
    const claim: ClaimState = {
      id,
      jobId: this.job.id,
      claimant,
      status: 'live',
      target: claimId(target),
      seal,
      outputRoot,
      revealed: null,
    };
    this.claims.push(claim);
    this.heldWei += BOND_WEI;
    return id;
  }

  private reveal({ claimId: id, traceRoot, outputProof }: Reveal): void {
    const claim = this.liveClaim(id);
    const { model } = this.commitment;
    require(claim.revealed === null, 'Jobs_AlreadyRevealed');
    const seal = sealOf(this.deployment.sealDomain, this.job.id, claim.claimant, traceRoot);
    require(seal === claim.seal, 'Jobs_SealMismatch');
    require(outputProof.length === model.slotDepth, 'Jobs_WrongLength');
    const root = rootFromProof(claim.outputRoot, model.stepCount, outputProof);
    require(root === traceRoot, 'Jobs_OutputNotInTrace');
    claim.revealed = { traceRoot, at: timestamp(this.now) };
  }

  // ---- ends

  private finalize({ output }: Finalize): void {
    require(this.job.status === 'open', 'Jobs_WrongStatus');
    require(!this.inputOutstanding, 'Jobs_InputDemanded');
    const live = this.live();
    const winner = live.find(({ id }) => id >= this.job.firstClaim);
    if (!winner) {
      require(this.now > this.job.claimBy, 'Jobs_WindowOpen');
      require(output === '0x', 'Jobs_WrongLength');
      this.job.status = 'void';
      this.heldWei -= this.job.feeWei + this.job.potWei;
      this.burnedWei += this.job.potWei;
      this.credit(this.job.requester, this.job.feeWei);
      return;
    }
    require(this.now > this.job.windowEndsAt, 'Jobs_WindowOpen');
    const root = winner.revealed?.traceRoot;
    const agree = live.every(({ revealed }) => root !== undefined && revealed?.traceRoot === root);
    require(live.length === 1 || agree, 'Jobs_Undecided');
    this.requireOutput(winner.outputRoot, output);
    winner.status = 'final';
    this.job.status = 'final';
    this.job.winner = winner.id;
    const paid = BOND_WEI + this.job.feeWei + this.job.potWei;
    this.heldWei -= paid;
    this.credit(winner.claimant, paid);
  }

  private skipDeadClaims(maxSteps: number): void {
    require(this.job.status === 'open', 'Jobs_WrongStatus');
    if (this.live().length === 0) return;
    for (let i = 0; i < maxSteps && this.claim(this.job.firstClaim).status !== 'live'; i++)
      this.job.firstClaim = claimId(this.job.firstClaim + 1n);
  }

  private reclaim(id: bigint): void {
    const claim = this.liveClaim(id);
    require(this.job.status !== 'open', 'Jobs_WrongStatus');
    const target = claim.target === 0n ? null : this.claim(claim.target);
    const needless = claim.revealed !== null && target?.revealed?.traceRoot === claim.revealed.traceRoot;
    this.close(claim, needless);
  }

  private close(claim: Mutable<ClaimState>, needless: boolean): void {
    const burned = needless ? this.burnedShare() : 0n;
    this.endClaim(claim, 'closed', BOND_WEI);
    this.burnedWei += burned;
    this.credit(claim.claimant, BOND_WEI - burned);
  }

  private lose(claim: Mutable<ClaimState>): void {
    const burned = this.burnedShare();
    this.endClaim(claim, 'lost', burned);
    this.burnedWei += burned;
    this.job.potWei = wei(this.job.potWei + BOND_WEI - burned);
  }

  private endClaim(claim: Mutable<ClaimState>, status: ClaimStatus, leavesWei: bigint): void {
    require(claim.status === 'live', 'Jobs_ClaimNotLive');
    claim.status = status;
    this.heldWei -= leavesWei;
  }

  private burnedShare(): bigint {
    return (BOND_WEI * BigInt(BURN_BPS)) / BPS;
  }

  private credit(account: string, amountWei: bigint): void {
    this.credits.set(account, (this.credits.get(account) ?? 0n) + amountWei);
  }

  // ---- matches

  private openMatch(a: bigint, b: bigint): void {
    require(a !== b, 'Matches_SameClaim');
    const [low, high] = a < b ? [a, b] : [b, a];
    const [claim0, claim1] = [this.claim(low), this.claim(high)];
    require(claim0.status === 'live' && claim1.status === 'live', 'Matches_ClaimNotLive');
    const same = claim0.revealed !== null && claim0.revealed.traceRoot === claim1.revealed?.traceRoot;
    require(!same, 'Matches_SameTrace');
    this.open(low, high);
  }

  private open(low: bigint, high: bigint): void {
    const matched = this.games.some(({ claims }) => claims[0] === low && claims[1] === high);
    require(!matched, 'Matches_AlreadyMatched');
    const { slotDepth, tensorDepth } = this.commitment.model;
    this.games.push({
      id: matchId(this.games.length + 1),
      claims: [claimId(low), claimId(high)],
      phase: 'reveal',
      ending: 'none',
      height: slotDepth + tensorDepth,
      position: 0,
      turn: 0,
      leafPosted: [false, false],
      losers: [false, false],
      clockStartedAt: timestamp(this.now),
      remainingSeconds: [seconds(CLOCK_SECONDS), seconds(CLOCK_SECONDS)],
      nodes: [NO_HASH, NO_HASH],
      opened: null,
      leaves: [null, null],
    });
  }

  /** The match as it stands now: in Reveal its clocks, and the beginning of the descent, follow from the reveals. */
  private current(game: GameRecord): GameRecord {
    const state = structuredClone(game);
    if (game.phase !== 'reveal') return state;
    const claims = game.claims.map((id) => this.claim(id));
    const openedAt = game.clockStartedAt;
    const revealedAt = claims.map(({ revealed }) => Math.max(revealed?.at ?? 0, openedAt));
    const left = (at = 0): Seconds => seconds(Math.max(0, CLOCK_SECONDS - (at - openedAt)));
    state.remainingSeconds = [left(revealedAt[0]), left(revealedAt[1])];
    const [root0, root1] = claims.map(({ revealed }) => revealed?.traceRoot);
    if (root0 && root1 && root0 !== root1) {
      state.phase = 'descend';
      state.clockStartedAt = timestamp(Math.max(...revealedAt));
      state.nodes = [root0, root1];
    }
    return state;
  }

  /** The match, which must be in one of these phases, with what has begun by itself stored. */
  private begun(id: bigint, phase: Phase): GameRecord {
    const game = this.game(id);
    require(game.phase !== 'over', 'Matches_WrongPhase');
    for (const each of game.claims) require(this.claim(each).status === 'live', 'Matches_ClaimNotLive');
    const state = this.current(game);
    if (game.phase === 'reveal' && state.phase === 'descend') Object.assign(game, state);
    require(game.phase === phase, 'Matches_WrongPhase');
    return game;
  }

  private descend({ matchId: id, height, position, children, otherChildren }: Descend): void {
    const game = this.begun(id, 'descend');
    require(height === game.height && position === game.position, 'Matches_OtherState');
    this.requireTime(game, game.turn);
    const levels = height % 4 === 0 ? 4 : height % 4;
    require(children.length === 2 ** levels, 'Matches_WrongLength');
    require(naiveRoot(children, levels) === game.nodes[game.turn], 'Matches_NodeMismatch');
    if (game.turn === 0) {
      require(otherChildren.length === 0, 'Matches_WrongLength');
      this.stopClock(game, 0);
      game.opened = children;
      game.turn = 1;
    } else {
      require(concat(otherChildren) === concat(game.opened ?? []), 'Matches_OpeningMismatch');
      this.stopClock(game, 1);
      const first = children.findIndex((child, i) => child !== otherChildren[i]);
      game.height -= levels;
      game.position = game.position * 2 ** levels + first;
      game.nodes = [otherChildren[first] as Hash, children[first] as Hash];
      game.turn = 0;
      game.opened = null;
      if (game.height === 0) game.phase = 'leaf';
      this.rounds.set(game.id, (this.rounds.get(game.id) ?? 0) + 1);
    }
    game.clockStartedAt = timestamp(this.now);
  }

  private postLeaf({ matchId: id, side, position, leaf }: PostLeaf): void {
    const game = this.begun(id, 'leaf');
    require(position === game.position, 'Matches_OtherState');
    require(!game.leafPosted[side], 'Matches_LeafAlreadyPosted');
    this.requireTime(game, side);
    this.requireLeaf(game, side, leaf);
    this.stopClock(game, side);
    game.leafPosted[side] = true;
    game.leaves[side] = leaf;
    if (game.leafPosted[0] && game.leafPosted[1]) {
      game.phase = 'proof';
      game.clockStartedAt = timestamp(this.now);
    }
  }

  private prove(proof: ProveInput | ProveStep | ProvePadding): void {
    const game = this.begun(proof.matchId, 'proof');
    require(proof.position === game.position, 'Matches_OtherState');
    this.requireLeaf(game, 0, proof.leaves[0]);
    this.requireLeaf(game, 1, proof.leaves[1]);
    const { model, program } = this.commitment;
    const slot = Math.floor(game.position / 2 ** model.tensorDepth);
    const leaf = game.position % 2 ** model.tensorDepth;
    const kind = slot === 0 ? 'proveInput' : slot <= model.stepCount ? 'proveStep' : 'provePadding';
    require(proof.kind === kind, 'Matches_WrongSlot');
    const { width, elements } = slot <= model.stepCount ? slotShape(program, slot) : { width: 1, elements: 0 };
    const inLeaf = Array.from({ length: 256 / width }, (_, i) => i).find(
      (i) => elementAt(proof.leaves[0], i, width) !== elementAt(proof.leaves[1], i, width),
    ) as number;
    const element = (leaf * 256) / width + inLeaf;
    const exists = element < elements;
    let computed = 0;
    if (proof.kind === 'proveInput') {
      require(proof.inputProof.length === model.tensorDepth, 'Matches_WrongLength');
      const root = rootFromProof(keccak256(proof.inputLeaf), leaf, proof.inputProof);
      require(root === this.job.inputRoot, 'Matches_InputMismatch');
      if (exists) computed = elementAt(proof.inputLeaf, inLeaf, width);
    } else if (proof.kind === 'proveStep') {
      require(proof.stepProof.length === model.slotDepth, 'Matches_WrongLength');
      const root = rootFromProof(keccak256(proof.step), slot, proof.stepProof);
      require(root === model.programRoot, 'Matches_StepMismatch');
      const traceRoot = this.claim(game.claims[proof.side]).revealed?.traceRoot as Hash;
      const openings = [proof.traceOpening, proof.constantsOpening] as const;
      if (exists) computed = computeElement(this.commitment, slot, element, traceRoot, ...openings);
    }
    const values = [elementAt(proof.leaves[0], inLeaf, width), elementAt(proof.leaves[1], inLeaf, width)] as const;
    this.computed.push({ matchId: game.id, slot, element, values, computed });
    this.end(game, 'proof', [values[0] !== computed, values[1] !== computed]);
  }

  private callTime(id: bigint): void {
    const game = this.game(id);
    require(game.phase !== 'over', 'Matches_WrongPhase');
    for (const each of game.claims) require(this.claim(each).status === 'live', 'Matches_ClaimNotLive');
    const state = this.current(game);
    const isOver = (side: Side): boolean => {
      const toMove = {
        reveal: this.claim(state.claims[side]).revealed === null,
        descend: state.turn === side,
        leaf: !state.leafPosted[side],
        proof: true,
        none: false,
        over: false,
      }[state.phase];
      return toMove && this.now - state.clockStartedAt > state.remainingSeconds[side];
    };
    require(isOver(0) || isOver(1), 'Matches_NoClockExpired');
    this.end(game, 'time', [isOver(0), isOver(1)]);
  }

  private settle(id: bigint): void {
    const game = this.begun(id, 'reveal');
    const [claim0, claim1] = [this.claim(game.claims[0]), this.claim(game.claims[1])];
    require(claim0.revealed !== null && claim1.revealed !== null, 'Matches_NotRevealed');
    this.end(game, 'sameTrace', [false, false]);
    if (claim1.target === claim0.id) this.close(claim1, true);
  }

  private end(game: GameRecord, ending: Ending, losers: [boolean, boolean]): void {
    game.phase = 'over';
    game.ending = ending;
    game.losers = losers;
    losers.forEach((lost, side) => {
      if (lost) this.lose(this.claim(game.claims[side as Side]));
    });
  }

  private stopClock(game: GameRecord, side: Side): void {
    game.remainingSeconds[side] = seconds(game.remainingSeconds[side] - (this.now - game.clockStartedAt));
  }

  private requireTime(game: GameRecord, side: Side): void {
    require(this.now - game.clockStartedAt <= game.remainingSeconds[side], 'Matches_ClockExpired');
  }

  // ---- checks

  private requireLeaf(game: GameRecord, side: Side, leaf: Hex): void {
    require(dataLength(leaf) === 256, 'Matches_WrongLength');
    require(keccak256(leaf) === game.nodes[side], 'Matches_NodeMismatch');
  }

  private requireOutput(outputRoot: Hash, output: Hex): void {
    const bytes = this.job.outputBytes;
    require(dataLength(output) === bytes, 'Jobs_WrongLength');
    if (bytes === 0) return;
    const padded = concat([output, new Uint8Array((256 - (bytes % 256)) % 256)]);
    const leaves = Array.from({ length: dataLength(padded) / 256 }, (_, i) =>
      keccak256(dataSlice(padded, 256 * i, 256 * (i + 1))),
    );
    const root = naiveRoot(leaves, this.commitment.model.tensorDepth, keccak256(new Uint8Array(256)));
    require(root === outputRoot, 'Jobs_OutputMismatch');
  }

  private live(): Mutable<ClaimState>[] {
    return this.claims.filter(({ status }) => status === 'live');
  }

  private claim(id: bigint): Mutable<ClaimState> {
    const claim = this.claims.find((each) => each.id === id);
    if (!claim) throw new Reverted('Jobs_UnknownClaim');
    return claim;
  }

  private liveClaim(id: bigint): Mutable<ClaimState> {
    const claim = this.claim(id);
    require(claim.status === 'live', 'Jobs_ClaimNotLive');
    return claim;
  }

  private game(id: bigint): GameRecord {
    const game = this.games.find((each) => each.id === id);
    if (!game) throw new Reverted('Matches_UnknownMatch');
    return game;
  }
}

function elementAt(leaf: Hex, index: number, width: number): number {
  const unsigned = BigInt(dataSlice(leaf, index * width, (index + 1) * width));
  return Number(BigInt.asIntN(8 * width, unsigned));
}
