/**
 * The price tag: what a dispute over a program costs at worst, from the program alone.
 *
 * The gas figures are upper bounds of what `npm run bench:gas` measures on the contracts; that command fails when a measured transaction is
 * above what is said here.
 */
import { depthFor } from '../commit/model.js';
import { LEAF_BYTES, leafCount } from '../commit/tensor.js';
import { encodeStep } from './encode.js';
import { leafBounds, readingOperands, strideBytes, type TreeDepths } from './leaf-bound.js';
import { type Program, slotCount, slotShape } from './program.js';
import { elementCount, type OperandName, type Step } from './step.js';

/** Levels of the trace tree that one round of a match descends. */
export const LEVELS_PER_ROUND = 4;

/** A step whose check could exceed either is split by the compiler, or refused. */
export const MAX_CHECK_GAS = 10_000_000;
export const MAX_CHECK_CALLDATA_BYTES = 96 * 1024;

const TRANSACTION_GAS = 21_000;
/** EIP-2028 and EIP-7623, for a byte that is not zero. */
const CALLDATA_GAS_PER_BYTE = 16;
const FLOOR_GAS_PER_BYTE = 40;
const HASH_BYTES = 32;
/** Selector, offsets, lengths and fixed arguments of proveStep, and the two disputed leaves. */
const FIXED_CALLDATA_BYTES = 1_100 + 2 * LEAF_BYTES;
const RUN_BYTES = 7;

/** What proveStep does around the computation: state, claims, leaves, the step's proof, the end of the match and the loser's bond. */
const PROOF_GAS = 110_000;

/**
 * Upper bounds of StepVerifier's execution, asserted by contracts/test/unit/StepVerifier.gas.t.sol over all vectors. A row is all of the last
 * reduction dimension; a piece is a stretch of a row that lies in one leaf or run.
 */
export const EXECUTION_GAS = {
  fixed: 22_000,
  perEncodedByte: 66,
  perLeaf: 850,
  perRun: 2_300,
  perSibling: 450,
  perRow: 3_000,
  perRowAndAxis: 560,
  perPiece: 1_700,
  perTerm: { dotProduct: 75, first: 250, other: 750 },
} as const;

/** Upper bounds of whole transactions other than the one-element check; the challenge's with up to some hundred bytes of output. */
const MOVE_GAS = { challenge: 150_000, reveal: 55_000, firstAnswer: 25_000, descend: 75_000, postLeaf: 60_000 };

/** An output of more bytes goes by its root in every deployment (ParameterBounds.sol). */
const MAX_POSTED_OUTPUT_BYTES = 24_575;

/** Upper bounds of a challenge by the bytes of output that it posts: its execution with calldata, and the floor of calldata. */
const POSTED_OUTPUT_GAS = {
  execution: { base: 134_000, perByte: 26 },
  floor: { base: 31_000, perByte: FLOOR_GAS_PER_BYTE },
} as const;

export interface StepPrice {
  readonly index: number;
  readonly name: string;
  readonly gas: number;
  readonly calldataBytes: number;
}

export interface Price {
  readonly steps: readonly StepPrice[];
  /** Rounds of the descent in a worst-case match. */
  readonly rounds: number;
  readonly worstStep: StepPrice;
  /** Gas of all transactions of a worst-case match, of both sides together. */
  readonly matchGas: number;
}

/** Depths of the trees that a program's trace and constants make (docs/protocol.md, 2.4). */
export function treeDepths(program: Program): { trace: TreeDepths; constants: TreeDepths } {
  const slots = Array.from({ length: slotCount(program) }, (_, slot) => slotShape(program, slot));
  const leaves = Math.max(...slots.map(({ elements, width }) => leafCount(elements, width)));
  const constantLeaves = Math.max(1, ...program.constants.map(({ data, width }) => leafCount(data.length, width)));
  return {
    trace: { slot: depthFor(slots.length), tensor: depthFor(leaves) },
    constants: { slot: depthFor(Math.max(1, program.constants.length)), tensor: depthFor(constantLeaves) },
  };
}

/** Execution gas of going through all reduction indices of one output element. */
function reductionGas(program: Program, step: Step): number {
  const terms = elementCount(step.redDims);
  const rows = terms / (step.redDims.at(-1) ?? 1);
  const operands = readingOperands(step).filter((name) => name !== 'mult' && name !== 'add');
  const axes = operands.reduce((sum, name) => sum + step[name].view.axes.length, 0);
  const pieces = operands.reduce((sum, name) => sum + (jumps(program, step, name) ? terms : rows), 0);
  const { perTerm } = EXECUTION_GAS;
  const isDot =
    step.combine === 'product' &&
    step.reduce === 'sum' &&
    [step.a, step.b].every(({ source, view }) => source.kind !== 'none' && view.fill === 0);
  const term = isDot ? perTerm.dotProduct : step.combine === 'first' ? perTerm.first : perTerm.other;
  return (
    rows * (EXECUTION_GAS.perRow + EXECUTION_GAS.perRowAndAxis * axes) + EXECUTION_GAS.perPiece * pieces + term * terms
  );
}

/** Whether neighbouring terms of an operand can lie in different leaves throughout. */
function jumps(program: Program, step: Step, name: OperandName): boolean {
  if (name === 'a' && step.combine === 'indexed') return true;
  const last = step.outDims.length + step.redDims.length - 1;
  return step.redDims.length > 0 && Math.abs(strideBytes(program, step[name], last)) > LEAF_BYTES;
}

/** Worst-case price of checking one element of a step. @param stepIndex position in `program.steps`. */
export function priceStep(program: Program, stepIndex: number, depths = treeDepths(program)): StepPrice {
  const step = program.steps[stepIndex]!;
  const { trace, constants } = leafBounds(program, step, depths);
  const siblings = trace.siblings + constants.siblings;
  const leaves = trace.leaves + constants.leaves;
  const encodedBytes = encodeStep(program, step).length;
  const calldataBytes =
    FIXED_CALLDATA_BYTES +
    leaves * LEAF_BYTES +
    (trace.runs + constants.runs) * RUN_BYTES +
    (siblings + depths.trace.slot) * HASH_BYTES +
    encodedBytes;
  const execution =
    PROOF_GAS +
    EXECUTION_GAS.fixed +
    EXECUTION_GAS.perEncodedByte * encodedBytes +
    EXECUTION_GAS.perLeaf * leaves +
    EXECUTION_GAS.perRun * (trace.runs + constants.runs) +
    EXECUTION_GAS.perSibling * siblings +
    reductionGas(program, step);
  const gas =
    TRANSACTION_GAS + Math.max(execution + CALLDATA_GAS_PER_BYTE * calldataBytes, FLOOR_GAS_PER_BYTE * calldataBytes);
  return { index: stepIndex, name: step.name, gas: Math.ceil(gas), calldataBytes };
}

/** Whether the check of one element fits one transaction. */
export const fitsOneTransaction = ({ gas, calldataBytes }: StepPrice): boolean =>
  gas <= MAX_CHECK_GAS && calldataBytes <= MAX_CHECK_CALLDATA_BYTES;

/** Upper bound of the transaction that posts a counter-claim, which carries the output where that is not too large. */
export function challengeGas(program: Program): number {
  const { elements, width } = slotShape(program, program.steps.length);
  const posted = elements * width <= MAX_POSTED_OUTPUT_BYTES ? elements * width : 0;
  const { execution, floor } = POSTED_OUTPUT_GAS;
  return Math.max(MOVE_GAS.challenge, execution.base + execution.perByte * posted, floor.base + floor.perByte * posted);
}

export function priceProgram(program: Program): Price {
  const depths = treeDepths(program);
  const steps = program.steps.map((_, index) => priceStep(program, index, depths));
  const worstStep = steps.reduce((worst, step) => (step.gas > worst.gas ? step : worst));
  const rounds = Math.ceil((depths.trace.slot + depths.trace.tensor) / LEVELS_PER_ROUND);
  // Each round is opened once, and answered in the move that opens the next one or posts the leaf.
  const matchGas =
    challengeGas(program) +
    2 * MOVE_GAS.reveal +
    MOVE_GAS.firstAnswer +
    (rounds + 1) * MOVE_GAS.descend +
    MOVE_GAS.postLeaf +
    worstStep.gas;
  return { steps, rounds, worstStep, matchGas };
}
