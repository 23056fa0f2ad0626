/**
 * The error function to about 1e-16: its power series near zero, the continued fraction of its complement
 * beyond.
 */
const SERIES_LIMIT = 2.5;
const SATURATION = 6.5;
const CONVERGED = 1e-17;

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > CONVERGED * Math.abs(sum); n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** erfc(x) for x > 0: exp(-x²)/√π / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))), from the inside out. */
function complement(x: number): number {
  let fraction = x;
  for (let k = 80; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < SERIES_LIMIT) return x === 0 ? 0 : series(x);
  const value = magnitude > SATURATION ? 1 : 1 - complement(magnitude);
  return x < 0 ? -value : value;
}
