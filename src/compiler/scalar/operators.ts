/**
 * Elementwise operators on single numbers, in float64: what a table is filled with, and how a chain of them with constant
 * operands becomes one function. Attributes and their defaults are ONNX's.
 */
import type { Attributes } from '../onnx/graph.js';
import { type AffineClamp, clampTo, line } from '../unary-function.js';
import { erf } from './erf.js';

export interface ScalarOperator {
  /** An operand that the node leaves out is undefined. */
  evaluate(...operands: readonly (number | undefined)[]): number;
  /**
   * The operator as a clamped line in its operand number `position`, the others being these constants; null where it is
   * none.
   */
  affine?(position: number, operands: readonly (number | undefined)[]): AffineClamp | null;
}

/** Makes the operator from a node's attributes. `isInteger` says that the result is a whole number by type. */
type Factory = (attributes: Attributes, isInteger: boolean) => ScalarOperator;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const truth = (value: boolean): number => (value ? 1 : 0);

/** IEEE rounding to even, as ONNX's Round. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

const plain =
  (evaluate: (...operands: number[]) => number): Factory =>
  () => ({ evaluate: evaluate as ScalarOperator['evaluate'] });

const clamped =
  (evaluate: (x: number) => number, affine: AffineClamp): Factory =>
  () => ({ evaluate: (x) => evaluate(x!), affine: () => affine });

const POSITIVE = clampTo(0, Number.POSITIVE_INFINITY);

const hardSigmoid = (alpha: number, beta: number) => (x: number) => Math.min(Math.max(alpha * x + beta, 0), 1);

/** GELU, exact or by the tanh approximation. */
function gelu(attributes: Attributes): ScalarOperator {
  if (attributes.text('approximate', 'none') === 'tanh')
    return { evaluate: (x) => 0.5 * x! * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x! + 0.044715 * x! ** 3))) };
  return { evaluate: (x) => 0.5 * x! * (1 + erf(x! / Math.SQRT2)) };
}

function clip(attributes: Attributes): ScalarOperator {
  const lowest = attributes.float('min', Number.NEGATIVE_INFINITY);
  const highest = attributes.float('max', Number.POSITIVE_INFINITY);
  const bounds = (min?: number, max?: number) => [min ?? lowest, max ?? highest] as const;
  return {
    evaluate: (x, min, max) => {
      const [lo, hi] = bounds(min, max);
      return Math.min(Math.max(x!, lo), hi);
    },
    affine: (position, [, min, max]) => (position === 0 ? clampTo(...bounds(min, max)) : null),
  };
}

const divide: Factory = (_, isInteger) => ({
  evaluate: (x, y) => (isInteger ? Math.trunc(x! / y!) : x! / y!),
  affine: (position, [, y]) => (position === 0 && !isInteger && y ? line(1 / y, 0) : null),
});

/** The remainder with the sign of the dividend, or of the divisor. */
const modulus: Factory = (attributes) => ({
  evaluate: (x, y) => (attributes.int('fmod', 0) !== 0 ? x! % y! : x! - y! * Math.floor(x! / y!)),
});

const power: Factory = () => ({
  evaluate: (x, y) => x! ** y!,
  affine: (position, [, y]) => (position === 0 && y === 1 ? line(1, 0) : null),
});

export const SCALAR_OPERATORS: Readonly<Record<string, Factory>> = {
  // One operand.
  Identity: clamped((x) => x, line(1, 0)),
  Relu: clamped((x) => Math.max(x, 0), POSITIVE),
  Neg: clamped((x) => -x, line(-1, 0)),
  HardSigmoid: (attributes) => {
    const alpha = attributes.float('alpha', 0.2);
    const beta = attributes.float('beta', 0.5);
    return {
      evaluate: (x) => hardSigmoid(alpha, beta)(x!),
      affine: () => ({ alpha, beta, lo: 0, hi: 1 }),
    };
  },
  Clip: clip,
  LeakyRelu: (attributes) => {
    const alpha = attributes.float('alpha', 0.01);
    return { evaluate: (x) => (x! < 0 ? alpha * x! : x!) };
  },
  ThresholdedRelu: (attributes) => {
    const alpha = attributes.float('alpha', 1);
    return { evaluate: (x) => (x! > alpha ? x! : 0) };
  },
  Elu: (attributes) => {
    const alpha = attributes.float('alpha', 1);
    return { evaluate: (x) => (x! < 0 ? alpha * Math.expm1(x!) : x!) };
  },
  Celu: (attributes) => {
    const alpha = attributes.float('alpha', 1);
    return { evaluate: (x) => Math.max(x!, 0) + Math.min(0, alpha * Math.expm1(x! / alpha)) };
  },
  Selu: (attributes) => {
    const alpha = attributes.float('alpha', 1.6732632423543772);
    const gamma = attributes.float('gamma', 1.0507009873554805);
    return { evaluate: (x) => gamma * (x! > 0 ? x! : alpha * Math.expm1(x!)) };
  },
  Shrink: (attributes) => {
    const bias = attributes.float('bias', 0);
    const lambd = attributes.float('lambd', 0.5);
    return { evaluate: (x) => (x! < -lambd ? x! + bias : x! > lambd ? x! - bias : 0) };
  },
  Gelu: gelu,
  HardSwish: plain((x) => x! * hardSigmoid(1 / 6, 0.5)(x!)),
  Swish: (attributes) => {
    const alpha = attributes.float('alpha', 1);
    return { evaluate: (x) => x! * sigmoid(alpha * x!) };
  },
  Mish: plain((x) => x! * Math.tanh(softplus(x!))),
  Sigmoid: plain((x) => sigmoid(x!)),
  Tanh: plain((x) => Math.tanh(x!)),
  Softplus: plain((x) => softplus(x!)),
  Softsign: plain((x) => x! / (1 + Math.abs(x!))),
  Exp: plain((x) => Math.exp(x!)),
  Log: plain((x) => Math.log(x!)),
  Sqrt: plain((x) => Math.sqrt(x!)),
  Reciprocal: plain((x) => 1 / x!),
  Abs: plain((x) => Math.abs(x!)),
  Sign: (_, isInteger) => ({
    evaluate: (x) => Math.sign(x!),
    affine: () => (isInteger ? clampTo(-1, 1) : null),
  }),
  Erf: plain((x) => erf(x!)),
  Floor: plain((x) => Math.floor(x!)),
  Ceil: plain((x) => Math.ceil(x!)),
  Round: plain((x) => roundHalfEven(x!)),
  Sin: plain((x) => Math.sin(x!)),
  Cos: plain((x) => Math.cos(x!)),
  Tan: plain((x) => Math.tan(x!)),
  Asin: plain((x) => Math.asin(x!)),
  Acos: plain((x) => Math.acos(x!)),
  Atan: plain((x) => Math.atan(x!)),
  Sinh: plain((x) => Math.sinh(x!)),
  Cosh: plain((x) => Math.cosh(x!)),
  Asinh: plain((x) => Math.asinh(x!)),
  Acosh: plain((x) => Math.acosh(x!)),
  Atanh: plain((x) => Math.atanh(x!)),
  Not: () => ({ evaluate: (x) => truth(x === 0), affine: () => line(-1, 1) }),
  // Samples without a number are refused: what is computed is one, and finite.
  IsNaN: plain(() => 0),
  IsInf: plain(() => 0),
  // Two operands and more.
  Add: () => ({ evaluate: (x, y) => x! + y!, affine: (i, operands) => line(1, operands[1 - i]!) }),
  Sub: () => ({
    evaluate: (x, y) => x! - y!,
    affine: (i, operands) => (i === 0 ? line(1, -operands[1]!) : line(-1, operands[0]!)),
  }),
  Mul: () => ({
    evaluate: (x, y) => x! * y!,
    affine: (i, operands) => (operands[1 - i] ? line(operands[1 - i]!, 0) : null),
  }),
  Div: divide,
  Pow: power,
  Mod: modulus,
  PRelu: plain((x, slope) => (x! < 0 ? slope! * x! : x!)),
  Max: () => ({
    evaluate: (...operands) => Math.max(...(operands as number[])),
    affine: (i, operands) => {
      const others = operands.filter((_, k) => k !== i) as number[];
      return clampTo(Math.max(...others), Number.POSITIVE_INFINITY);
    },
  }),
  Min: () => ({
    evaluate: (...operands) => Math.min(...(operands as number[])),
    affine: (i, operands) => {
      const others = operands.filter((_, k) => k !== i) as number[];
      return clampTo(Number.NEGATIVE_INFINITY, Math.min(...others));
    },
  }),
  Sum: plain((...operands) => operands.reduce((sum, x) => sum! + x!, 0)!),
  Mean: plain((...operands) => operands.reduce((sum, x) => sum! + x!, 0)! / operands.length),
  Less: plain((x, y) => truth(x! < y!)),
  LessOrEqual: plain((x, y) => truth(x! <= y!)),
  Greater: plain((x, y) => truth(x! > y!)),
  GreaterOrEqual: plain((x, y) => truth(x! >= y!)),
  Equal: plain((x, y) => truth(x === y)),
  And: plain((x, y) => truth(x !== 0 && y !== 0)),
  Or: plain((x, y) => truth(x !== 0 || y !== 0)),
  Xor: plain((x, y) => truth((x !== 0) !== (y !== 0))),
};
