/**
 * What the two sides of a match have shown, and whether it leads where the contract says it led: seals, outputs, every node down to
 * the leaf, and the one element, computed again by the reference evaluator. Nothing but the evidence is needed.
 */
import { fromHex, type Hash, type Hex } from '../commit/hash.js';
import { keccakHex } from '../commit/keccak.js';
import { type ModelHeader, modelIdOf } from '../commit/model.js';
import { openedElement } from '../commit/opened-element.js';
import { sealDomain, sealOf } from '../commit/seal.js';
import { LEAF_BYTES, leafElements, tensorFromBytes } from '../commit/tensor.js';
import { readOpening, rootFromProof } from '../commit/verify-opening.js';
import { decodeStep } from '../program/decode.js';
import type { ElementWidth } from '../program/step.js';
import type { JobId } from '../units.js';
import type {
  Answer,
  CallTime,
  Move,
  Open,
  PostLeaf,
  ProveInput,
  ProvePadding,
  ProveStep,
  Reveal,
  SettleSameTrace,
} from './actions.js';
import { climbBoth, rootOf } from './answer.js';
import { type Both, type ClaimState, type Ending, otherSide, SIDES, type Side } from './game.js';
import { levelsBelow } from './levels.js';
import { firstDifference } from './locate.js';

export type EvidenceMove = Move | CallTime | SettleSameTrace;

export interface Evidence {
  readonly chainId: bigint;
  /** Address of the Jobs contract. */
  readonly jobs: string;
  readonly jobId: JobId;
  readonly modelId: Hash;
  readonly inputRoot: Hash;
  readonly model: ModelHeader;
  readonly claims: Both<Pick<ClaimState, 'id' | 'claimant' | 'seal' | 'outputRoot'>>;
  /** Null for a claim that never opened its seal. */
  readonly reveals: Both<Pick<Reveal, 'traceRoot' | 'outputProof'> | null>;
  /** In the order of the chain. */
  readonly moves: readonly EvidenceMove[];
  /** How the contract ended it. */
  readonly ending: Ending;
  readonly losers: Both<boolean>;
}

export interface Check {
  readonly what: string;
  readonly ok: boolean;
  /** What was found; what was wrong, when it is not ok. */
  readonly detail: string;
}

/** The element that the evidence comes down to. */
export interface FoundElement {
  readonly slot: number;
  /** Flat position in the slot. */
  readonly element: number;
  /** What the sides say it is. */
  readonly values: Both<number>;
  /** What it is. */
  readonly computed: number;
}

export interface Examination {
  /** In order, up to the first that does not hold. */
  readonly checks: readonly Check[];
  readonly ok: boolean;
  /** Null when the match did not come down to an element. */
  readonly found: FoundElement | null;
}

export function examine(evidence: Evidence): Examination {
  return new Examiner(evidence).run();
}

/** Ends the examination: what comes after a broken link means nothing. */
class Broken extends Error {}

type Proof = ProveInput | ProveStep | ProvePadding;

class Examiner {
  private readonly checks: Check[] = [];
  private readonly nodes: [Hash | null, Hash | null];
  private height: number;
  private position = 0;
  /** The side to move. */
  private turn: Side = 1;
  private found: FoundElement | null = null;

  constructor(private readonly evidence: Evidence) {
    const { model, reveals } = evidence;
    this.height = model.slotDepth + model.tensorDepth;
    this.nodes = [reveals[0]?.traceRoot ?? null, reveals[1]?.traceRoot ?? null];
  }

  run(): Examination {
    try {
      this.checkModel();
      for (const side of SIDES) this.checkReveal(side);
      for (const move of this.evidence.moves) this.checkMove(move);
      this.checkEnding();
    } catch (error) {
      if (error instanceof RangeError) this.checks.push({ what: 'form', ok: false, detail: error.message });
      else if (!(error instanceof Broken)) throw error;
    }
    return { checks: this.checks, ok: this.checks.every(({ ok }) => ok), found: this.found };
  }

  private check(what: string, ok: boolean, holds: string, broken: string): void {
    this.checks.push({ what, ok, detail: ok ? holds : broken });
    if (!ok) throw new Broken();
  }

  private checkModel(): void {
    const { model, modelId } = this.evidence;
    const computed = modelIdOf(model);
    this.check('model', computed === modelId, `hashes to ${modelId}`, `hashes to ${computed}, not to ${modelId}`);
  }

  private checkReveal(side: Side): void {
    const { claims, reveals, jobs, chainId, jobId, model } = this.evidence;
    const { id, claimant, seal, outputRoot } = claims[side];
    const reveal = reveals[side];
    if (!reveal) return;
    const what = `seal of claim ${id}`;
    const { traceRoot, outputProof } = reveal;
    const computed = sealOf(sealDomain(chainId, jobs), jobId, claimant, traceRoot);
    this.check(what, computed === seal, `opens to the trace ${traceRoot}`, `does not open to ${traceRoot}`);
    const root = rootFromProof(outputRoot, model.stepCount, outputProof);
    const proven = outputProof.length === model.slotDepth && root === traceRoot;
    this.check(`output of claim ${id}`, proven, 'is the last slot of its trace', 'is not the last slot of its trace');
  }

  private checkMove(move: EvidenceMove): void {
    switch (move.kind) {
      case 'open':
        this.open(move);
        break;
      case 'descend': {
        const below = move.height - levelsBelow(move.height);
        this.requireCount(move.children, levelsBelow(below));
        this.answer(move, rootOf(move.children));
        break;
      }
      case 'descendToLeaf':
        this.answer(move, this.leafHash(move.leaf));
        break;
      case 'postLeaf':
        this.postLeaf(move);
        break;
      case 'proveInput':
      case 'proveStep':
      case 'provePadding':
        this.prove(move);
        break;
      case 'callTime':
      case 'settleSameTrace':
        break;
    }
  }

  private open({ children }: Open): void {
    this.requireCount(children, levelsBelow(this.height));
    const leads = rootOf(children) === this.nodes[1];
    this.check('opening of side 1', leads, 'hashes to its trace', 'does not hash to its trace');
    this.turn = 0;
  }

  private answer(
    move: { readonly height: number; readonly position: number; readonly answer: Answer },
    ownNode: Hash,
  ): void {
    const { turn } = this;
    if (move.height !== this.height || move.position !== this.position)
      throw new RangeError(
        `A move is missing: one was made for node ${move.position} at height ${move.height}, and the match stood at node ${this.position} at height ${this.height}.`,
      );
    const levels = levelsBelow(this.height);
    const { index, otherNode } = move.answer;
    const nodes: Both<Hash> = turn === 0 ? [ownNode, otherNode] : [otherNode, ownNode];
    const inside = Number.isInteger(index) && index >= 0 && index < 2 ** levels;
    const above = inside ? climbBoth(nodes, move.answer, levels) : null;
    const leads = above !== null && above[0] === this.nodes[0] && above[1] === this.nodes[1];
    this.check(
      `answer of side ${turn} at height ${this.height}`,
      leads && ownNode !== otherNode,
      `both sides' nodes hash to those above, and everything before node ${index} is the same`,
      "its nodes do not hash to both sides' nodes above, or do not differ",
    );
    [this.nodes[0], this.nodes[1]] = nodes;
    this.height -= levels;
    this.position = this.position * 2 ** levels + index;
    this.turn = otherSide(turn);
  }

  private postLeaf({ position, leaf }: PostLeaf): void {
    const leads = this.height === 0 && position === this.position && this.leafHash(leaf) === this.nodes[this.turn];
    this.check(`leaf of side ${this.turn}`, leads, 'hashes to its node', 'does not hash to its node');
  }

  private prove(proof: Proof): void {
    const { model } = this.evidence;
    const hashes = proof.leaves.map((leaf) => this.leafHash(leaf));
    const leads = this.height === 0 && proof.position === this.position && hashes.every((h, i) => h === this.nodes[i]);
    this.check('leaves', leads, "hash to both sides' nodes", "do not hash to both sides' nodes");
    const slot = Math.floor(this.position / 2 ** model.tensorDepth);
    const leaf = this.position % 2 ** model.tensorDepth;
    const width = this.widthOf(proof, slot);
    const difference = firstDifference(proof.leaves, width);
    if (!difference) throw new RangeError('The two leaves are the same.');
    const element = leaf * leafElements(width) + difference.element;
    const computed = this.compute(proof, slot, leaf, element, difference.element);
    this.found = { slot, element, values: difference.values, computed };
  }

  private widthOf(proof: Proof, slot: number): ElementWidth {
    const { model } = this.evidence;
    const exists = slot <= model.stepCount;
    const fits = { proveInput: slot === 0, proveStep: slot > 0 && exists, provePadding: !exists }[proof.kind];
    this.check('kind of proof', fits, `is the one for slot ${slot}`, `is not the one for slot ${slot}`);
    if (proof.kind !== 'proveStep') return proof.kind === 'proveInput' ? model.inputWidth : 1;
    const root = rootFromProof(keccakHex(fromHex(proof.step)), slot, proof.stepProof);
    const proven = proof.stepProof.length === model.slotDepth && root === model.programRoot;
    this.check('step', proven, `is the model's step ${slot}`, `is not the model's step ${slot}`);
    return decodeStep(fromHex(proof.step)).step.width;
  }

  /** @param inLeaf the element, counted from the start of its leaf. */
  private compute(proof: Proof, slot: number, leaf: number, element: number, inLeaf: number): number {
    const { model, inputRoot, reveals } = this.evidence;
    if (proof.kind === 'provePadding') return 0;
    if (proof.kind === 'proveInput') {
      const root = rootFromProof(this.leafHash(proof.inputLeaf), leaf, proof.inputProof);
      const proven = proof.inputProof.length === model.tensorDepth && root === inputRoot;
      this.check('input', proven, "is the job's", "is not the job's");
      if (element >= model.inputElements) return 0;
      const values = tensorFromBytes(fromHex(proof.inputLeaf), model.inputWidth, leafElements(model.inputWidth));
      return values[inLeaf] as number;
    }
    const traceRoot = reveals[proof.side]?.traceRoot ?? '0x';
    const trace = readOpening(proof.traceOpening, traceRoot, model.slotDepth + model.tensorDepth);
    this.check('what the step reads of the trace', trace !== null, 'is proven', 'is not proven');
    const constantsDepth = model.constantSlotDepth + model.constantTensorDepth;
    const constants = readOpening(proof.constantsOpening, model.constantsRoot, constantsDepth);
    this.check('what it reads of the constants', constants !== null, 'is proven', 'is not proven');
    return openedElement(
      fromHex(proof.step),
      slot,
      element,
      { leaves: trace ?? new Map(), tensorDepth: model.tensorDepth },
      { leaves: constants ?? new Map(), tensorDepth: model.constantTensorDepth },
    );
  }

  private checkEnding(): void {
    const { ending, losers } = this.evidence;
    const { found } = this;
    if (ending === 'proof') {
      this.check('proof', found !== null, 'is there', 'ended the match and is not among the moves');
      if (!found) return;
      const wrong = found.values.map((value) => value !== found.computed);
      const { slot, element, values, computed } = found;
      this.check(
        'element',
        SIDES.every((side) => wrong[side] === losers[side]),
        `${element} of slot ${slot} is ${computed}; side 0 said ${values[0]}, side 1 said ${values[1]}`,
        `${element} of slot ${slot} is ${computed}, so other sides are wrong than those that lost`,
      );
    }
    const roots = this.evidence.reveals.map((reveal) => reveal?.traceRoot);
    if (ending === 'sameTrace')
      this.check('traces', roots[0] !== undefined && roots[0] === roots[1], 'are the same', 'are not the same');
  }

  private leafHash(leaf: Hex): Hash {
    const bytes = fromHex(leaf);
    if (bytes.length !== LEAF_BYTES) throw new RangeError(`A leaf has ${bytes.length} bytes, not ${LEAF_BYTES}.`);
    return keccakHex(bytes);
  }

  private requireCount(children: readonly Hash[], levels: number): void {
    if (children.length !== 2 ** levels)
      throw new RangeError(`${children.length} nodes were opened where there are ${2 ** levels}.`);
  }
}
