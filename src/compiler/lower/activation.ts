/** Activations of recurrent cells: functions by name, and tables whose results count in a power of two. */
import { clamp, type Range } from '../../program/range.js';
import { MAX_TABLE_LENGTH } from '../../program/step.js';
import { type Target, trimFlatEnds } from '../build/target.js';
import type { PlanNode } from '../plan.js';
import type { UnaryFunction } from '../unary-function.js';

type Function = (x: number) => number;

interface Kind {
  /** Defaults of the parameters it takes. */
  readonly alpha?: number;
  readonly beta?: number;
  readonly make: (alpha: number, beta: number) => Function;
}

const sigmoid: Function = (x) => 1 / (1 + Math.exp(-x));

/** By name in lower case: runtimes do not mind the case. */
const KINDS: Readonly<Record<string, Kind>> = {
  sigmoid: { make: () => sigmoid },
  tanh: { make: () => Math.tanh },
  relu: { make: () => (x) => Math.max(x, 0) },
  affine: { alpha: 1, beta: 0, make: (alpha, beta) => (x) => alpha * x + beta },
  leakyrelu: { alpha: 0.01, make: (alpha) => (x) => (x < 0 ? alpha * x : x) },
  thresholdedrelu: { alpha: 1, make: (alpha) => (x) => (x > alpha ? x : 0) },
  scaledtanh: { alpha: 1, beta: 1, make: (alpha, beta) => (x) => alpha * Math.tanh(beta * x) },
  hardsigmoid: { alpha: 0.2, beta: 0.5, make: (alpha, beta) => (x) => clamp(alpha * x + beta, 0, 1) },
  elu: { alpha: 1, make: (alpha) => (x) => (x < 0 ? alpha * Math.expm1(x) : x) },
  softsign: { make: () => (x) => x / (1 + Math.abs(x)) },
  softplus: { make: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
};

/**
 * The activations of a node, one list for each direction, each applied to what the node's `clip` leaves. (Runtimes do not clip
 * the cell of an LSTM, the argument of its third.)
 *
 * @param defaults names of one direction's activations.
 * @returns null when one of them is not known.
 */
export function activationsOf(
  node: PlanNode,
  defaults: readonly string[],
  directions: number,
): UnaryFunction[][] | null {
  const { attributes } = node;
  const given = attributes.texts('activations');
  const names = given && given.length > 0 ? given : Array.from({ length: directions }, () => defaults).flat();
  const clip = attributes.float('clip', Number.POSITIVE_INFINITY);
  const bound = clip > 0 ? clip : Number.POSITIVE_INFINITY;
  // Parameters are listed for those activations only that take some.
  const [alphas, betas] = [attributes.floats('activation_alpha') ?? [], attributes.floats('activation_beta') ?? []];
  let [nextAlpha, nextBeta] = [0, 0];
  const functions: UnaryFunction[] = [];
  for (const name of names) {
    const key = name.toLowerCase();
    const kind = Object.hasOwn(KINDS, key) ? KINDS[key] : undefined;
    if (!kind) return null;
    const alpha = kind.alpha === undefined ? 0 : (alphas[nextAlpha++] ?? kind.alpha);
    const beta = kind.beta === undefined ? 0 : (betas[nextBeta++] ?? kind.beta);
    const apply = kind.make(alpha, beta);
    const isOfCell = functions.length % defaults.length === 2;
    const evaluate: Function = isOfCell ? apply : (x) => apply(clamp(x, -bound, bound));
    functions.push({ label: name, evaluate, affine: null });
  }
  const count = defaults.length;
  return Array.from({ length: directions }, (_, d) => functions.slice(d * count, (d + 1) * count));
}

const POINTS = 256;

/** The largest magnitude that a function gives for arguments within ±reach. */
export function largestResult(fn: UnaryFunction, reach: number): number {
  let largest = 0;
  for (let i = 0; i <= POINTS; i++) largest = Math.max(largest, Math.abs(fn.evaluate(reach * ((2 * i) / POINTS - 1))));
  return largest;
}

/** A power of two in which a magnitude is at most this many units, or hardly more. */
export const powerOfTwoScale = (magnitude: number, units: number): number =>
  2 ** Math.ceil(Math.log2(Math.max(magnitude, 1e-9) / units) - 1e-9);

/**
 * A table of the function for arguments within ±reach. Results count in a power of two, so that products of them are exact.
 *
 * @param limit largest integer of a result: 32,767 for 16 bits.
 */
export function activationTarget(fn: UnaryFunction, reach: number, limit: number): Target {
  const largest = largestResult(fn, reach);
  const resultScale = powerOfTwoScale(largest, limit + 1);
  const entries = Math.min(2 * limit + 2, MAX_TABLE_LENGTH);
  const [lo, hi] = trimFlatEnds(fn, [-reach, reach], largest / (4 * limit));
  return {
    alpha: 1,
    beta: 0,
    scale: (hi - lo) / (entries - 2),
    isFree: true,
    finish: (scale) => {
      const base = Math.floor(lo / scale);
      const data = Int32Array.from({ length: entries }, (_, i) =>
        clamp(Math.round(fn.evaluate((base + i) * scale) / resultScale), -limit, limit),
      );
      const bounds: Range = { lo: base, hi: base + entries - 1 };
      return { clamp: bounds, table: { base, data }, scale: resultScale, integer: false };
    },
  };
}
