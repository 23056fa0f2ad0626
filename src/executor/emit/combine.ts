/** Emits the combine of a nest for all its loop indices at once. */

import type { Graph, Value } from './graph.js';
import { emitIndexed } from './indexed.js';
import { loopsOf, type Nest } from './nest.js';
import { add, cast, compare, maximum, minimum, multiply, numberOfRank, subtract, where } from './ops.js';
import { emitReading, emitWeighted, type Reading } from './reading.js';

/** One axis per loop of `order`, 1 where no operand depends on the loop. */
export function emitCombined(g: Graph, nest: Nest, order: readonly number[]): Value {
  const loops = loopsOf(nest);
  const { a, b, c } = nest;
  const of = (reading: Reading): Value => emitWeighted(g, reading, loops, order);
  switch (nest.combine) {
    case 'first':
      return of(a);
    case 'product':
      return multiply(g, of(a), of(b));
    case 'sum':
      return sum(g, a, b, loops, order);
    case 'max':
      return maximum(g, of(a), of(b));
    case 'min':
      return minimum(g, of(a), of(b));
    case 'less':
      return cast(g, compare(g, 'Less', of(a), of(b)), 'double');
    case 'lessOrEqual':
      return cast(g, compare(g, 'LessOrEqual', of(a), of(b)), 'double');
    case 'equal':
      return cast(g, compare(g, 'Equal', of(a), of(b)), 'double');
    case 'select': {
      const isZero = compare(g, 'Equal', of(a), numberOfRank(g, 0, order.length));
      return where(g, isZero, of(c), of(b));
    }
    case 'indexed':
      return emitIndexed(g, nest, order);
  }
}

function sum(g: Graph, a: Reading, b: Reading, loops: readonly number[], order: readonly number[]): Value {
  const [x, y] = [emitReading(g, a, loops, order), emitReading(g, b, loops, order)];
  const weighted = (value: Value, weight: number): Value => multiply(g, value, numberOfRank(g, weight, order.length));
  if (b.weight === -1) return subtract(g, weighted(x, a.weight), y);
  if (a.weight === -1) return subtract(g, weighted(y, b.weight), x);
  return add(g, weighted(x, a.weight), weighted(y, b.weight));
}
