/**
 * The byte encoding of a step, hashed into the program root and parsed by `StepCodec.sol`. Big-endian, packed; the
 * field list is in docs/protocol.md. The shortest encoding is longer than the 64 bytes of a Merkle node.
 */
import { type Program, slotShape } from './program.js';
import { COMBINES, OPERAND_NAMES, type Operand, POSTS, REDUCES, type Step } from './step.js';

export const STEP_ENCODING_VERSION = 1;

const SOURCE_KINDS = ['none', 'slot', 'constant'] as const;

class Writer {
  private readonly bytes: number[] = [];

  u8(value: number): void {
    this.integer(value, 1, 0, 255);
  }
  i8(value: number): void {
    this.integer(value, 1, -128, 127);
  }
  u32(value: number): void {
    this.integer(value, 4, 0, 2 ** 32 - 1);
  }
  i32(value: number): void {
    this.integer(value, 4, -(2 ** 31), 2 ** 31 - 1);
  }
  i64(value: number): void {
    this.integer(value, 8, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  }

  private integer(value: number, size: number, min: number, max: number): void {
    if (!Number.isSafeInteger(value) || value < min || value > max)
      throw new RangeError(`${value} is not an integer from ${min} to ${max}`);
    const wrapped = BigInt.asUintN(size * 8, BigInt(value));
    for (let i = size - 1; i >= 0; i--) this.bytes.push(Number((wrapped >> BigInt(i * 8)) & 0xffn));
  }

  done(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

function writeOperand(out: Writer, program: Program, operand: Operand): void {
  const { source, view } = operand;
  out.u8(SOURCE_KINDS.indexOf(source.kind));
  out.i64(operand.weight);
  if (source.kind === 'none') return;
  const width =
    source.kind === 'slot' ? slotShape(program, source.index).width : program.constants[source.index]?.width;
  if (!width) throw new RangeError(`constant ${source.index} does not exist`);
  out.u8(width);
  out.u32(source.index);
  out.i32(view.fill);
  out.i64(view.offset);
  out.u8(view.axes.length);
  for (const coef of view.coefs) out.i32(coef);
  for (const axis of view.axes) {
    out.i32(axis.stride);
    out.u32(axis.extent);
    out.i32(axis.base);
    for (const coef of axis.coefs) out.i32(coef);
  }
}

/** Encodes one step of a program; throws RangeError when a field does not fit. */
export function encodeStep(program: Program, step: Step): Uint8Array {
  const out = new Writer();
  out.u8(STEP_ENCODING_VERSION);
  out.u8(COMBINES.indexOf(step.combine));
  out.u8(REDUCES.indexOf(step.reduce));
  out.u8(POSTS.indexOf(step.post));
  out.i8(step.shift);
  out.u8(step.width);
  out.u8(step.outDims.length);
  out.u8(step.redDims.length);
  out.i32(step.lo);
  out.i32(step.hi);
  out.u32(step.lookup?.constant ?? 0);
  out.u32(step.lookup?.length ?? 0);
  out.i32(step.lookup?.base ?? 0);
  out.u8(step.lookup ? (program.constants[step.lookup.constant]?.width ?? 0) : 0);
  out.i32(step.index.stride);
  out.u32(step.index.extent);
  for (const dim of step.outDims) out.u32(dim);
  for (const dim of step.redDims) out.u32(dim);
  for (const name of OPERAND_NAMES) writeOperand(out, program, step[name]);
  return out.done();
}
