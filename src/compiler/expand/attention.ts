/**
 * Attention: softmax(scale · Q·Kᵀ + mask) · V, with grouped heads, a causal mask, a soft cap, and keys and values of earlier
 * turns.
 */
import type { FloatTensorType } from '../float-runtime.js';
import { isFloat } from '../onnx/tensor.js';
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const QUERY = 0;
const KEY = 1;
const VALUE = 2;
const MASK = 3;
const PAST_KEY = 4;
const PAST_VALUE = 5;
const VALID_LENGTH = 6;

/** What `qk_matmul_output` shows. */
const SHOWN = { scores: 0, capped: 1, masked: 2, softmax: 3 };

/** [batch, sequence, heads · size] as [batch, heads, sequence, size]; four dimensions already are that. */
function asHeads(site: Site, input: number, heads: number): { name: string; shape: readonly number[] } {
  const shape = site.shape(input);
  if (shape.length === 4) return { name: site.input(input), shape };
  const [batch, sequence, width] = shape as [number, number, number];
  const split = site.reshape(site.input(input), [batch, sequence, heads, width / heads]);
  const name = site.add('Transpose', [split], { perm: [0, 2, 1, 3] });
  return { name, shape: [batch, heads, sequence, width / heads] };
}

/** With the keys or values of earlier turns before them. */
function withPast(site: Site, past: number, now: { name: string; shape: readonly number[] }) {
  if (!site.has(past)) return now;
  const length = site.shape(past)[2]!;
  const name = site.add('Concat', [site.input(past), now.name], { axis: 2 });
  return { name, shape: now.shape.map((dim, axis) => (axis === 2 ? dim + length : dim)) };
}

/** 0 where a truth value is true, and minus infinity elsewhere. */
const blocked = (site: Site, allowed: string, type: FloatTensorType): string =>
  site.add('Where', [allowed, site.real(0, type), site.real(Number.NEGATIVE_INFINITY, type)]);

/** Everything that is added to the scores, each of a shape that broadcasts to [batch, heads, queries, keys]. */
function masks(site: Site, queries: number, keys: number, past: number): string[] {
  const type = site.type(QUERY);
  const found: string[] = [];
  if (site.has(MASK)) {
    const mask = site.input(MASK);
    const added = isFloat(site.type(MASK)) ? mask : blocked(site, mask, type);
    const shape = site.shape(MASK);
    const missing = keys - shape.at(-1)!;
    const filler = new Float64Array(shape.slice(0, -1).reduce((n, dim) => n * dim, missing)).fill(
      Number.NEGATIVE_INFINITY,
    );
    const rest = missing > 0 ? [site.reals(filler, [...shape.slice(0, -1), missing], type)] : [];
    found.push(rest.length > 0 ? site.add('Concat', [added, ...rest], { axis: -1 }) : added);
  }
  if (site.attributes.int('is_causal', 0) !== 0) {
    const values = Array.from({ length: queries * keys }, (_, i) =>
      (i % keys) - past > Math.floor(i / keys) ? Number.NEGATIVE_INFINITY : 0,
    );
    found.push(site.reals(values, [queries, keys], type));
  }
  if (site.has(VALID_LENGTH)) {
    const batch = site.shape(VALID_LENGTH)[0]!;
    const position = site.wholes(Array.from({ length: keys }, (_, i) => i));
    const lengths = site.reshape(site.input(VALID_LENGTH), [batch, 1, 1, 1]);
    found.push(blocked(site, site.add('Less', [position, lengths]), type));
  }
  return found;
}

export const attention: Expansion = {
  expand: (site) => {
    const { attributes } = site;
    const query = asHeads(site, QUERY, attributes.int('q_num_heads', 0));
    const key = withPast(site, PAST_KEY, asHeads(site, KEY, attributes.int('kv_num_heads', 0)));
    const value = withPast(site, PAST_VALUE, asHeads(site, VALUE, attributes.int('kv_num_heads', 0)));
    site.give(1, 'Identity', [key.name]);
    site.give(2, 'Identity', [value.name]);

    const [batch, heads, queries, size] = query.shape as [number, number, number, number];
    const [, groups, keys] = key.shape as [number, number, number];
    const valueSize = value.shape[3]!;
    // The heads that share keys are more queries of one head.
    const shared = heads / groups;
    const rows = (name: string): string =>
      shared === 1 ? name : site.reshape(name, [batch, groups, shared * queries, size]);
    const perHead = (name: string, width: number): string =>
      shared === 1 ? name : site.reshape(name, [batch, heads, queries, width]);
    const transposed = site.add('Transpose', [key.name], { perm: [0, 1, 3, 2] });
    const product = perHead(site.add('MatMul', [rows(query.name), transposed]), keys);
    const scale = attributes.float('scale', 0) || 1 / Math.sqrt(size);
    const scores = site.add('Mul', [product, site.real(scale)]);
    const softcap = attributes.float('softcap', 0);
    const cap = site.real(softcap || 1);
    const capped = softcap ? site.add('Mul', [site.add('Tanh', [site.add('Div', [scores, cap])]), cap]) : scores;
    const added = masks(site, queries, keys, keys - site.shape(KEY).at(-2)!);
    const bias = added.reduce<string | null>((sum, mask) => (sum ? site.add('Add', [sum, mask]) : mask), null);
    const masked = bias ? site.add('Add', [capped, bias]) : capped;
    const weights = site.add('Softmax', [masked], { axis: -1 });
    const shown = { [SHOWN.scores]: scores, [SHOWN.capped]: capped, [SHOWN.masked]: masked, [SHOWN.softmax]: weights };
    site.give(3, 'Identity', [shown[attributes.int('qk_matmul_output_mode', 0)]!]);

    const grouped = shared === 1 ? weights : site.reshape(weights, [batch, groups, shared * queries, keys]);
    if (site.shape(QUERY).length === 4) {
      if (shared === 1) return site.give(0, 'MatMul', [grouped, value.name]);
      const result = site.add('MatMul', [grouped, value.name]);
      return site.give(0, 'Reshape', [result, site.wholes([batch, heads, queries, valueSize])]);
    }
    const result = perHead(site.add('MatMul', [grouped, value.name]), valueSize);
    const sequence = site.add('Transpose', [result], { perm: [0, 2, 1, 3] });
    site.give(0, 'Reshape', [sequence, site.wholes([batch, queries, heads * valueSize])]);
  },
  refuses: (site) =>
    site.has(VALID_LENGTH) && site.attributes.int('is_causal', 0) !== 0
      ? 'it is causal and has lengths of its keys'
      : null,
};
