/** Reads the byte encoding of a step (docs/protocol.md, section 2.3): the inverse of encode.ts, and the twin of StepCodec.sol. */
import { STEP_ENCODING_VERSION } from './encode.js';
import {
  type Axis,
  COMBINES,
  type ElementWidth,
  MAX_AXES,
  MAX_LOOPS,
  NO_VIEW,
  OPERAND_NAMES,
  type Operand,
  type OperandName,
  POSTS,
  REDUCES,
  type Source,
  type Step,
} from './step.js';

/** A step without what only the artefact says of it, and the widths of the tensors that it reads. */
export interface DecodedStep {
  readonly step: Omit<Step, 'name' | 'origin'>;
  /** Null for an operand without a source. */
  readonly widths: Readonly<Record<OperandName, ElementWidth | null>>;
  /** Of the table's elements; null without a lookup. */
  readonly lookupWidth: ElementWidth | null;
}

/** @throws RangeError when the bytes are not the encoding of a step. */
export function decodeStep(bytes: Uint8Array): DecodedStep {
  const from = new Cursor(bytes);
  from.require(from.unsigned(1) === STEP_ENCODING_VERSION);
  const combine = from.oneOf(COMBINES);
  const reduce = from.oneOf(REDUCES);
  const post = from.oneOf(POSTS);
  const shift = from.signed(1);
  const width = from.width();
  const outRank = from.atMost(MAX_LOOPS);
  const redRank = from.atMost(MAX_LOOPS - outRank);
  const [lo, hi] = [from.signed(4), from.signed(4)];
  const [constant, length, base] = [from.unsigned(4), from.unsigned(4), from.signed(4)];
  const lookupWidth = length === 0 ? null : from.width();
  if (length === 0) from.atMost(0);
  const index = { stride: from.signed(4), extent: from.unsigned(4) };
  const outDims = from.dims(outRank);
  const redDims = from.dims(redRank);
  const read = OPERAND_NAMES.map(() => operandFrom(from, outRank + redRank));
  from.requireEnd();
  const [a, b, c, mult, add] = read.map(({ operand }) => operand) as [Operand, Operand, Operand, Operand, Operand];
  const widths = Object.fromEntries(OPERAND_NAMES.map((name, i) => [name, read[i]?.width ?? null]));
  const lookup = length === 0 ? null : { constant, base, length };
  return {
    step: { outDims, redDims, combine, reduce, a, b, c, mult, add, index, shift, post, lo, hi, lookup, width },
    widths: widths as Record<OperandName, ElementWidth | null>,
    lookupWidth,
  };
}

function operandFrom(from: Cursor, loops: number): { operand: Operand; width: ElementWidth | null } {
  const kind = from.atMost(2);
  const weight = from.signed(8);
  if (kind === 0) return { operand: { source: { kind: 'none' }, weight, view: NO_VIEW }, width: null };
  const width = from.width();
  const source: Source = { kind: kind === 1 ? 'slot' : 'constant', index: from.unsigned(4) };
  const fill = from.signed(4);
  const offset = from.signed(8);
  const axisCount = from.atMost(MAX_AXES);
  const coefs = from.list(loops, () => from.signed(4));
  const axes = from.list(
    axisCount,
    (): Axis => ({
      stride: from.signed(4),
      extent: from.unsigned(4),
      base: from.signed(4),
      coefs: from.list(loops, () => from.signed(4)),
    }),
  );
  return { operand: { source, weight, view: { offset, coefs, axes, fill } }, width };
}

class Cursor {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  unsigned(size: 1 | 4): number {
    const at = this.take(size);
    return size === 1 ? this.view.getUint8(at) : this.view.getUint32(at);
  }

  /** An integer of 8 bytes must be one that a number holds exactly: no legal step has another. */
  signed(size: 1 | 4 | 8): number {
    const at = this.take(size);
    if (size === 1) return this.view.getInt8(at);
    if (size === 4) return this.view.getInt32(at);
    const value = Number(this.view.getBigInt64(at));
    this.require(Number.isSafeInteger(value));
    return value;
  }

  atMost(most: number): number {
    const value = this.unsigned(1);
    this.require(value <= most);
    return value;
  }

  oneOf<const T extends readonly string[]>(names: T): T[number] {
    return names[this.atMost(names.length - 1)] as T[number];
  }

  width(): ElementWidth {
    const width = this.unsigned(1);
    this.require(width === 1 || width === 2 || width === 4);
    return width as ElementWidth;
  }

  dims(rank: number): number[] {
    const dims = this.list(rank, () => this.unsigned(4));
    this.require(dims.every((dim) => dim > 0));
    return dims;
  }

  list<T>(length: number, item: () => T): T[] {
    return Array.from({ length }, item);
  }

  requireEnd(): void {
    this.require(this.at === this.bytes.length);
  }

  require(holds: boolean): void {
    if (!holds) throw new RangeError(`The encoding of the step is wrong at or before byte ${this.at}.`);
  }

  private take(size: number): number {
    const at = this.at;
    this.require(at + size <= this.bytes.length);
    this.at += size;
    return at;
  }
}
