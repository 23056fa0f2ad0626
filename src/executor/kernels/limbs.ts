/**
 * Products of wide integers as 16-bit integer products with int32 sums: `i32x4.dot_i16x8_s` multiplies eight pairs an instruction.
 *
 * A source element x and a weight w are each taken whole or cut into two limbs that fit int16, x = 2^s·high + low. For every pair of limbs the
 * sum over a part of the terms of max|x limb|·|w limb| is computed from the weights themselves and must stay below 2^31, so that no pair of
 * products and no partial sum leaves int32, whatever the source holds. After each part the sums go on in float64, below 2^53 as
 * `check.ts` has proven of any partial sum of the whole.
 */
import { magnitude, type Range, rangeOf } from '../../program/range.js';

/** Lanes of a vector of int32. */
export const LANES = 4;

export interface Cut {
  /** Bits of the low limb of a source element, which is not negative; 0 where it is not cut. */
  readonly sourceBits: number;
  /** Bits of the low limb of a weight, which is signed; 0 where it is not cut. */
  readonly weightBits: number;
  /** Parts that the terms are summed in. */
  readonly parts: number;
  /** Pairs of terms of a part; terms that do not exist are 0. */
  readonly pairs: number;
  /** By column: what the whole sum cannot exceed in magnitude. */
  readonly most: Float64Array;
}

/** Weights column after column, `terms` each. */
export interface Columns {
  readonly values: Int32Array;
  readonly terms: number;
}

const INT16 = { lo: -32_768, hi: 32_767 };
const WEIGHT_BITS = 8;
const LIMIT = 2 ** 31;
/** Terms whose magnitudes are added up together: parts are runs of such blocks. */
const BLOCK = 32;

export const limbsOf = (bits: number): 1 | 2 => (bits === 0 ? 1 : 2);

const fits = ({ lo, hi }: Range): boolean => lo >= INT16.lo && hi <= INT16.hi;
const highBits = ({ lo, hi }: Range, bits: number): Range => ({ lo: lo >> bits, hi: hi >> bits });

/** The low limb of a weight that is cut: signed, so that its magnitude is at most half of what it could be. */
const lowOf = (weight: number): number => ((weight + 128) & 255) - 128;
const highOf = (weight: number): number => (weight - lowOf(weight)) >> WEIGHT_BITS;

const absolute = (x: number): number => (x ^ (x >> 31)) - (x >> 31);

/** The greatest sums of magnitudes over any part of any column. */
interface Sums {
  readonly whole: number;
  readonly low: number;
  readonly high: number;
}

/** Sums over the blocks of every column, and from them the greatest over parts of so many blocks. */
function partSums({ values, terms }: Columns): {
  readonly ofPart: (blocks: number) => Sums;
  readonly ofColumns: Float64Array;
} {
  const blocks = Math.ceil(terms / BLOCK);
  const count = (values.length / terms) * blocks;
  const [whole, low, high] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  let at = 0;
  for (let block = 0; block < count; block++) {
    const end = (Math.floor(block / blocks) + 1) * terms;
    const to = Math.min(at + BLOCK, end);
    // Within a block sums stay in int32; magnitudes are taken without a branch, for signs are random.
    let [w, l, h] = [0, 0, 0];
    for (; at < to; at++) {
      const weight = values[at] as number;
      const lower = lowOf(weight);
      w = (w + absolute(weight)) | 0;
      l = (l + absolute(lower)) | 0;
      h = (h + absolute(weight - lower)) | 0;
    }
    whole[block] = w;
    low[block] = l;
    high[block] = h / 2 ** WEIGHT_BITS;
  }
  const greatest = (sums: Float64Array, size: number): number => {
    let most = 0;
    for (let column = 0; column < count; column += blocks)
      for (let part = 0; part < blocks; part += size) {
        let sum = 0;
        for (let block = part; block < Math.min(part + size, blocks); block++) sum += sums[column + block] as number;
        most = Math.max(most, sum);
      }
    return most;
  };
  const ofColumns = Float64Array.from({ length: values.length / terms }, (_, column) =>
    whole.subarray(column * blocks, (column + 1) * blocks).reduce((sum, each) => sum + each, 0),
  );
  const ofPart = (size: number): Sums => ({
    whole: greatest(whole, size),
    low: greatest(low, size),
    high: greatest(high, size),
  });
  return { ofPart, ofColumns };
}

/** The greatest magnitude of a source's limb. */
function sourceMagnitude(source: Range, bits: number): number {
  return bits === 0 ? magnitude(source) : Math.max(magnitude(highBits(source, bits)), 2 ** bits - 1);
}

/** The bits of the low limb with which the greater of both limbs is least; null where they do not fit int16. */
function sourceCut(source: Range): number | null {
  const bits = Array.from({ length: 15 }, (_, i) => i + 1).filter((each) => fits(highBits(source, each)));
  const most = Math.min(...bits.map((each) => sourceMagnitude(source, each)));
  return bits.find((each) => sourceMagnitude(source, each) === most) ?? null;
}

/** What the end of a part costs, in pairs of terms. */
const PART_COST = 8;

/**
 * The cheapest exact way.
 *
 * @param source all that a source element can be, its fill included.
 * @returns null where a weight is beyond int16 or no way is exact.
 */
export function cutOf(source: Range, columns: Columns): Cut | null {
  if (!fits(rangeOf(columns.values))) return null;
  const bits = sourceCut(source);
  const ways = [...(fits(source) ? [0] : []), ...(bits === null ? [] : [bits])].flatMap((sourceBits) =>
    [0, WEIGHT_BITS].map((weightBits) => ({ sourceBits, weightBits, parts: 0 })),
  );
  const { ofPart, ofColumns } = partSums(columns);
  const blocks = Math.ceil(columns.terms / BLOCK);
  let best: (Omit<Cut, 'most'> & { readonly cost: number }) | null = null;
  for (let size = blocks; size > 0; ) {
    const { whole, low, high } = ofPart(size);
    const parts = Math.ceil(blocks / size);
    const pairs = Math.ceil(Math.min(columns.terms, size * BLOCK) / 2);
    for (const way of ways) {
      const { sourceBits, weightBits } = way;
      const most = sourceMagnitude(source, sourceBits) * (weightBits === 0 ? whole : Math.max(low, high));
      if (way.parts > 0 || most >= LIMIT) continue;
      way.parts = parts;
      const cost = limbsOf(sourceBits) * limbsOf(weightBits) * parts * (pairs + PART_COST);
      if (!best || cost < best.cost) best = { sourceBits, weightBits, parts, pairs, cost };
    }
    if (ways.every((way) => way.parts > 0)) break;
    size = Math.min(size - 1, Math.ceil(blocks / (parts + 1)));
  }
  if (!best) return null;
  const { cost: _, ...cut } = best;
  return { ...cut, most: ofColumns.map((sum) => sum * magnitude(source)) };
}

/** Limbs of a weight, the highest first. */
export const weightLimbs = (bits: number): ((weight: number) => number)[] =>
  bits === 0 ? [(weight) => weight] : [highOf, lowOf];

/**
 * Weights as the kernels read them: `[group of columns][pair of terms][limb][lane]`, two int16 each. Lanes beyond the last column repeat it.
 */
export function packWeights({ values, terms }: Columns, { weightBits, parts, pairs }: Cut): Int32Array {
  const columns = values.length / terms;
  const groups = Math.ceil(columns / LANES);
  const limbs = weightLimbs(weightBits);
  const packed = new Int32Array(groups * parts * pairs * limbs.length * LANES);
  const pairsThere = Math.ceil(terms / 2);
  for (let column = 0; column < groups * LANES; column++) {
    const row = Math.min(column, columns - 1) * terms;
    const lane = Math.floor(column / LANES) * parts * pairs * limbs.length * LANES + (column % LANES);
    for (let pair = 0; pair < pairsThere; pair++) {
      const first = values[row + 2 * pair] as number;
      const second = 2 * pair + 1 < terms ? (values[row + 2 * pair + 1] as number) : 0;
      const at = lane + pair * limbs.length * LANES;
      if (weightBits === 0) packed[at] = (first & 0xffff) | (second << 16);
      else {
        packed[at] = (highOf(first) & 0xffff) | (highOf(second) << 16);
        packed[at + LANES] = (lowOf(first) & 0xffff) | (lowOf(second) << 16);
      }
    }
  }
  return packed;
}
