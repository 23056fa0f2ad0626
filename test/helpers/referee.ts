/**
 * The contracts in memory, for one job: Jobs and Matches by the rules of docs/protocol.md, checked with ethers' keccak and the
 * reference evaluator, so that it shares no code with what it judges but the types.
 */
import { concat, dataLength, dataSlice, getBytes, keccak256 } from 'ethers';
import type { Hash, Hex } from '../../src/commit/hash.js';
import { inputRootOf, type ModelCommitment } from '../../src/commit/model.js';
import { sealDomain, sealOf } from '../../src/commit/seal.js';
import type {
  Action,
  Answer,
  Challenge,
  Descend,
  DescendToLeaf,
  Finalize,
  Open,
  PostLeaf,
  ProveInput,
  ProvePadding,
  ProveStep,
  Reveal,
  Terms,
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
type GameRecord = Mutable<Omit<MatchState, 'remainingSeconds' | 'leaves' | 'nodes' | 'losers'>> & {
  remainingSeconds: [Seconds, Seconds];
  leaves: [Hex | null, Hex | null];
  nodes: [Hash, Hash] | null;
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
  withdrawnWei = 0n;
  inputOutstanding = false;
  private readonly games: GameRecord[] = [];
  private readonly job: Mutable<JobState>;
  private heldWei = FEE_WEI;

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
      lastClaim: claimId(0),
      agreedUpTo: claimId(0),
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
      refundGasPriceWei: wei(1),
    } satisfies Parameters,
  };

  // ---- what a chain reader sees

  view(): JobView {
    return structuredClone({
      job: { ...this.job, inputOutstanding: this.inputOutstanding },
      claims: this.claims,
      matches: this.games,
      promised: [],
    });
  }

  claimOf(id: bigint): ClaimState {
    return this.claim(id);
  }

  matchOf(id: bigint): MatchState {
    return structuredClone(this.game(id));
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
      case 'revealAndMove':
        this.together([action.reveal, action.move], sender);
        break;
      case 'open':
        this.openRoot(action);
        break;
      case 'descend':
      case 'descendToLeaf':
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
        this.settle(action.matchId, action.terms1);
        break;
      case 'assist':
        this.apply(action.turn, sender);
        break;
      case 'collectRefund':
        throw new RangeError('The referee keeps no promises.');
      case 'finalize':
        this.finalize(action, sender);
        break;
      case 'walkClaims':
        this.walkClaims(action.maxSteps);
        break;
      case 'reclaimBond':
        this.reclaim(action.claimId, action.terms, sender);
        break;
      case 'withdraw':
        require((this.credits.get(sender) ?? 0n) > 0n, 'Jobs_NothingToWithdraw');
        this.withdrawnWei += this.credits.get(sender) ?? 0n;
        this.credits.set(sender, 0n);
        break;
    }
  }

  /** All or nothing, as in one transaction. */
  private together(actions: readonly Action[], sender: string): void {
    const before = structuredClone({ claims: this.claims, games: this.games });
    try {
      for (const action of actions) this.apply(action, sender);
    } catch (error) {
      this.claims.splice(0, this.claims.length, ...before.claims);
      this.games.splice(0, this.games.length, ...before.games);
      throw error;
    }
  }

  private challenge({ target, seal, outputRoot, output, bondWei }: Challenge, sender: string): void {
    const claim = this.liveClaim(target.claimId);
    const { modelId, inputRoot, status, windowEndsAt } = this.job;
    require(status === 'open', 'Jobs_WrongStatus');
    require(modelId === target.modelId && inputRoot === target.inputRoot, 'Jobs_OtherJob');
    this.requireTerms(claim, target.terms, 'Jobs_OtherTerms');
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
      traceRoot: null,
    };
    this.job.lastClaim = id;
    this.claims.push(claim);
    this.heldWei += BOND_WEI;
    return id;
  }

  private reveal({ claimId: id, terms, traceRoot, outputProof }: Reveal): void {
    const claim = this.claim(id);
    const { model } = this.commitment;
    require(claim.traceRoot === null, 'Matches_AlreadyRevealed');
    require(claim.status === 'live', 'Matches_ClaimNotLive');
    this.requireTerms(claim, terms, 'Matches_OtherTerms');
    const seal = sealOf(this.deployment.sealDomain, this.job.id, claim.claimant, traceRoot);
    require(seal === claim.seal, 'Matches_SealMismatch');
    require(outputProof.length === model.slotDepth, 'Matches_WrongLength');
    const root = rootFromProof(claim.outputRoot, model.stepCount, outputProof);
    require(root === traceRoot, 'Matches_OutputNotInTrace');
    claim.traceRoot = traceRoot;
  }

  private requireTerms(claim: ClaimState, terms: Terms, error: string): void {
    const { seal, outputRoot, target } = terms;
    require(seal === claim.seal && outputRoot === claim.outputRoot && target === claim.target, error);
  }

  // ---- ends

  private finalize({ terms, output }: Finalize, sender: string): void {
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
      this.pay(this.job.requester, this.job.feeWei, sender);
      return;
    }
    require(this.now > this.job.windowEndsAt, 'Jobs_WindowOpen');
    const agree = live.every(({ traceRoot }) => traceRoot !== null && traceRoot === winner.traceRoot);
    require(live.length === 1 || agree, 'Jobs_Undecided');
    this.requireTerms(winner, terms, 'Jobs_OtherTerms');
    this.requireOutput(winner.outputRoot, output);
    winner.status = 'final';
    this.job.status = 'final';
    this.job.winner = winner.id;
    const paid = BOND_WEI + this.job.feeWei + this.job.potWei;
    this.heldWei -= paid;
    this.pay(winner.claimant, paid, sender);
  }

  private walkClaims(maxSteps: number): void {
    require(this.job.status === 'open', 'Jobs_WrongStatus');
    if (this.live().length === 0) return;
    for (let i = 0; i < maxSteps && this.claim(this.job.firstClaim).status !== 'live'; i++)
      this.job.firstClaim = claimId(this.job.firstClaim + 1n);
    const first = this.claim(this.job.firstClaim);
    const agrees = ({ status, traceRoot }: ClaimState): boolean =>
      status !== 'live' || (traceRoot !== null && traceRoot === first.traceRoot);
    if (this.job.agreedUpTo < first.id) this.job.agreedUpTo = first.id;
    for (let i = 0; i < maxSteps && this.job.agreedUpTo < this.claims.length; i++) {
      if (!agrees(this.claim(this.job.agreedUpTo + 1n))) break;
      this.job.agreedUpTo = claimId(this.job.agreedUpTo + 1n);
    }
  }

  private reclaim(id: bigint, terms: Terms, sender: string): void {
    const claim = this.liveClaim(id);
    this.requireTerms(claim, terms, 'Jobs_OtherTerms');
    require(this.job.status !== 'open', 'Jobs_WrongStatus');
    const target = claim.target === 0n ? null : this.claim(claim.target);
    const needless = claim.traceRoot !== null && target?.traceRoot === claim.traceRoot;
    this.close(claim, needless, sender);
  }

  private close(claim: Mutable<ClaimState>, needless: boolean, sender: string): void {
    const burned = needless ? this.burnedShare() : 0n;
    this.endClaim(claim, 'closed', BOND_WEI);
    this.burnedWei += burned;
    this.pay(claim.claimant, BOND_WEI - burned, sender);
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

  /** The sender at once, anybody else as a credit. */
  private pay(account: string, amountWei: bigint, sender: string): void {
    if (account === sender) {
      this.withdrawnWei += amountWei;
      return;
    }
    this.credits.set(account, (this.credits.get(account) ?? 0n) + amountWei);
  }

  // ---- matches

  private openMatch(a: bigint, b: bigint): void {
    require(a !== b, 'Matches_SameClaim');
    const [low, high] = a < b ? [a, b] : [b, a];
    const [claim0, claim1] = [this.claim(low), this.claim(high)];
    require(claim0.status === 'live' && claim1.status === 'live', 'Matches_ClaimNotLive');
    const same = claim0.traceRoot !== null && claim0.traceRoot === claim1.traceRoot;
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
      phase: 'open',
      ending: 'none',
      height: slotDepth + tensorDepth,
      position: 0,
      turn: 1,
      losers: [false, false],
      clockStartedAt: timestamp(this.now),
      remainingSeconds: [seconds(CLOCK_SECONDS), seconds(CLOCK_SECONDS)],
      nodes: null,
      opened: null,
      leaves: [null, null],
      computed: null,
    });
  }

  /** The match, which must be in one of these phases. */
  private inPhase(id: bigint, ...phases: readonly Phase[]): GameRecord {
    const game = this.game(id);
    require(phases.includes(game.phase), 'Matches_WrongPhase');
    return game;
  }

  private openRoot({ matchId: id, children }: Open): void {
    const game = this.inPhase(id, 'open');
    const root = this.claim(game.claims[1]).traceRoot;
    require(root !== null, 'Matches_NotRevealed');
    this.requireTime(game, 1);
    const levels = levelsOf(game.height);
    require(children.length === 2 ** levels, 'Matches_WrongLength');
    require(naiveRoot(children, levels) === root, 'Matches_NodeMismatch');
    game.phase = 'descend';
    game.opened = children;
    this.passTurn(game);
  }

  private descend(move: Descend | DescendToLeaf): void {
    const game = this.inPhase(move.matchId, 'descend');
    const { height, position, answer } = move;
    require(height === game.height && position === game.position, 'Matches_OtherState');
    const side = game.turn;
    this.requireTime(game, side);
    const levels = levelsOf(height);
    const below = height - levels;
    require((move.kind === 'descendToLeaf') === (below === 0), 'Matches_OtherState');
    let node: string;
    if (move.kind === 'descendToLeaf') {
      require(dataLength(move.leaf) === 256, 'Matches_WrongLength');
      node = keccak256(move.leaf);
    } else {
      require(move.children.length === 2 ** levelsOf(below), 'Matches_WrongLength');
      node = naiveRoot(move.children, levelsOf(below));
    }
    require(node !== answer.otherNode, 'Matches_NoDifference');
    const nodes = (side === 0 ? [node, answer.otherNode] : [answer.otherNode, node]) as [Hash, Hash];
    this.requireAbove(game, nodes, answer, levels);
    game.height = below;
    game.position = position * 2 ** levels + answer.index;
    game.nodes = nodes;
    game.opened = move.kind === 'descend' ? move.children : null;
    if (move.kind === 'descendToLeaf') {
      game.phase = 'leaf';
      game.leaves[side] = move.leaf;
    }
    this.rounds.set(game.id, (this.rounds.get(game.id) ?? 0) + 1);
    this.passTurn(game);
  }

  /** Both paths lead to the nodes that the match stands at, and share everything on the left. */
  private requireAbove(game: GameRecord, nodes: Both<Hash>, { index, siblings }: Answer, levels: number): void {
    require(index < 2 ** levels, 'Merkle_IndexOutOfRange');
    const paths: [string[], string[]] = [[], []];
    const left = [...siblings];
    for (let level = 0; level < levels; level++) {
      const isRight = Math.floor(index / 2 ** level) % 2 === 1;
      const sibling0 = left.shift();
      const sibling1 = isRight ? sibling0 : left.shift();
      require(sibling0 !== undefined && sibling1 !== undefined, 'Merkle_WrongSiblings');
      paths[0].push(sibling0);
      paths[1].push(sibling1);
    }
    require(left.length === 0, 'Merkle_WrongSiblings');
    const expected = game.nodes ?? game.claims.map((id) => this.claim(id).traceRoot);
    for (const side of [0, 1] as const)
      require(rootFromProof(nodes[side], index, paths[side]) === expected[side], 'Matches_NodeMismatch');
  }

  private postLeaf({ matchId: id, position, otherNode, leaf }: PostLeaf): void {
    const game = this.inPhase(id, 'leaf');
    require(position === game.position, 'Matches_OtherState');
    const side = game.turn;
    this.requireTime(game, side);
    this.requireLeaf(game, side, leaf);
    require(game.nodes?.[side === 0 ? 1 : 0] === otherNode, 'Matches_NodeMismatch');
    game.leaves[side] = leaf;
    game.phase = 'proof';
    this.passTurn(game);
  }

  private prove(proof: ProveInput | ProveStep | ProvePadding): void {
    const game = this.inPhase(proof.matchId, 'leaf', 'proof');
    this.requireLivePair(game);
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
      const traceRoot = this.claim(game.claims[proof.side]).traceRoot as Hash;
      const openings = [proof.traceOpening, proof.constantsOpening] as const;
      if (exists) computed = computeElement(this.commitment, slot, element, traceRoot, ...openings);
    }
    const values = [elementAt(proof.leaves[0], inLeaf, width), elementAt(proof.leaves[1], inLeaf, width)] as const;
    game.computed = { element, values };
    this.computed.push({ matchId: game.id, slot, element, values, computed });
    this.end(game, 'proof', [values[0] !== computed, values[1] !== computed]);
  }

  private callTime(id: bigint): void {
    const game = this.inPhase(id, 'open', 'descend', 'leaf', 'proof');
    this.requireLivePair(game);
    const [root0, root1] = game.claims.map((each) => this.claim(each).traceRoot);
    require(root0 === null || root0 !== root1, 'Matches_SameTrace');
    const isOver = (side: Side): boolean => {
      const toMove = game.phase === 'proof' || game.turn === side;
      return toMove && this.now - game.clockStartedAt > game.remainingSeconds[side];
    };
    require(isOver(0) || isOver(1), 'Matches_NoClockExpired');
    this.end(game, 'time', [isOver(0), isOver(1)]);
  }

  private settle(id: bigint, terms1: Terms): void {
    const game = this.inPhase(id, 'open', 'descend', 'leaf', 'proof');
    const [claim0, claim1] = [this.liveClaim(game.claims[0]), this.liveClaim(game.claims[1])];
    require(claim0.traceRoot !== null, 'Matches_NotRevealed');
    require(claim0.traceRoot === claim1.traceRoot, 'Matches_OtherTrace');
    this.requireTerms(claim1, terms1, 'Jobs_OtherTerms');
    this.end(game, 'sameTrace', [false, false]);
    if (claim1.target === claim0.id) this.close(claim1, true, 'Matches');
  }

  /** A match with a claim that is not live is moot. */
  private requireLivePair({ claims }: GameRecord): void {
    for (const each of claims) this.liveClaim(each);
  }

  private end(game: GameRecord, ending: Ending, losers: [boolean, boolean]): void {
    game.phase = 'over';
    game.ending = ending;
    game.losers = losers;
    losers.forEach((lost, side) => {
      if (lost) this.lose(this.claim(game.claims[side as Side]));
    });
  }

  /** Takes what the side to move has used off its clock. */
  private passTurn(game: GameRecord): void {
    const side = game.turn;
    game.remainingSeconds[side] = seconds(game.remainingSeconds[side] - (this.now - game.clockStartedAt));
    game.turn = side === 0 ? 1 : 0;
    game.clockStartedAt = timestamp(this.now);
  }

  private requireTime(game: GameRecord, side: Side): void {
    require(this.now - game.clockStartedAt <= game.remainingSeconds[side], 'Matches_ClockExpired');
  }

  // ---- checks

  private requireLeaf(game: GameRecord, side: Side, leaf: Hex): void {
    require(dataLength(leaf) === 256, 'Matches_WrongLength');
    require(keccak256(leaf) === game.nodes?.[side], 'Matches_NodeMismatch');
  }

  private requireOutput(outputRoot: Hash, output: Hex): void {
    const bytes = this.job.outputBytes;
    require(dataLength(output) === bytes, 'Jobs_WrongLength');
    if (bytes === 0) return;
    const padded = getBytes(concat([output, new Uint8Array((256 - (bytes % 256)) % 256)]));
    const leaves = Array.from({ length: padded.length / 256 }, (_, i) =>
      keccak256(padded.subarray(256 * i, 256 * (i + 1))),
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

/** Levels of a round. */
const levelsOf = (height: number): number => (height % 4 === 0 ? 4 : height % 4);

function elementAt(leaf: Hex, index: number, width: number): number {
  const unsigned = BigInt(dataSlice(leaf, index * width, (index + 1) * width));
  return Number(BigInt.asIntN(8 * width, unsigned));
}
