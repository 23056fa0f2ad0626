/** Pow with an exponent that is no constant number: whole exponents by squaring, others by exp(y · log(x)). */
import { isFloat } from '../onnx/tensor.js';
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const LARGEST_EXPONENT = 63;
/** Smaller parts of the largest base count as zero: no 16-bit number is that small. */
const SMALLEST_PART = 2 ** -17;

/** Whether all exponents there can be are whole and not negative. */
function isWhole(site: Site): boolean {
  const values = site.numbers(1);
  if (values) return values.every((value) => Number.isInteger(value) && value >= 0);
  return !isFloat(site.type(1)) && site.range(1)[0] >= 0;
}

/** Truth values: bit k of each exponent. */
function bit(site: Site, k: number): string {
  const values = site.numbers(1);
  if (values) {
    const bits = [...values].map((value) => Math.floor(value / 2 ** k) % 2);
    return site.cast(site.wholes(bits, site.shape(1)), 'bool');
  }
  const shifted = k === 0 ? site.input(1) : site.add('Div', [site.input(1), whole(site, 2 ** k)]);
  return site.cast(site.add('Mod', [shifted, whole(site, 2)]), 'bool');
}

const whole = (site: Site, value: number): string => site.cast(site.wholes([value], []), site.type(1));

function bySquaring(site: Site): void {
  const type = site.type(0);
  const bits = Math.max(1, Math.ceil(Math.log2(site.range(1)[1] + 1)));
  const one = isFloat(type) ? site.real(1) : site.cast(site.wholes([1], []), type);
  let power = site.input(0);
  let result: string | null = null;
  for (let k = 0; k < bits; k++) {
    if (k > 0) power = site.add('Mul', [power, power]);
    const factor = site.add('Where', [bit(site, k), power, one]);
    result = result ? site.add('Mul', [result, factor]) : factor;
  }
  site.give(0, 'Identity', [result!]);
}

function byLogarithm(site: Site): void {
  const [lowest, highest] = site.range(0);
  const x = site.input(0);
  const type = site.type(0);
  const exponent = site.type(1) === type ? site.input(1) : site.cast(site.input(1), type);
  const smallest = Math.max(highest * SMALLEST_PART, Number.MIN_VALUE);
  const power = (base: string): string => site.add('Mul', [exponent, site.add('Log', [base])]);
  if (lowest > smallest) {
    site.give(0, 'Exp', [power(x)]);
    return;
  }
  // 0^y is 0, and 1 where y is 0. The logarithm is of something else there, so that its range stays small.
  const isZero = site.add('Less', [x, site.real(smallest)]);
  const powers = site.add('Exp', [power(site.add('Where', [isZero, site.real(highest || 1), x]))]);
  const ofZero = site.cast(site.add('Equal', [exponent, site.real(0)]), type);
  site.give(0, 'Where', [isZero, ofZero, powers]);
}

export const power: Expansion = {
  applies: (site) => [0, 1].every((i) => site.constant(i)?.data.length !== 1),
  expand: (site) => (isWhole(site) ? bySquaring(site) : byLogarithm(site)),
  refuses: (site) => {
    if (isWhole(site))
      return site.range(1)[1] > LARGEST_EXPONENT ? `its exponents are larger than ${LARGEST_EXPONENT}` : null;
    if (!isFloat(site.type(0))) return 'it raises whole numbers to powers that may not be whole';
    return site.range(0)[0] < 0 ? 'its base can be negative, and its exponents may not be whole' : null;
  },
};
