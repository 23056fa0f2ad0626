/** A kernel that multiplies gathered rows with packed weights: four columns at a time in the lanes of vectors, some rows side by side. */
import type { Step } from '../../program/step.js';
import { WasmFunction } from '../../wasm/assembler.js';
import {
  emitColumnFinish,
  pushWhole,
  RECORD_BYTES,
  startFinishing,
  storeApart,
  storeBeside,
  sumsPerVector,
} from './column-finish.js';
import type { Table } from './finish.js';
import { rowBytes } from './gather-kernel.js';
import { LANES, limbsOf } from './limbs.js';
import type { MatrixProduct } from './matrix.js';

const ELEMENT_BYTES = 4;
/** Two int16. */
const PAIR_BYTES = 4;
const VECTOR_BYTES = 16;
const ZERO = new Uint8Array(16);

/** Rows that are multiplied side by side, by sums of a vector: half of the registers hold sums. */
const ROWS: Readonly<Record<number, number>> = { 1: 6, 2: 4, 4: 2 };

export interface MatrixPlaces {
  readonly output: number;
  readonly weights: number;
  readonly records: number;
  /** Of the rows' offsets, where they are a table. */
  readonly offsets: number;
}

/**
 * A function `name(from, to, block, groupFrom, groupTo)` for these rows, the first of which lies at `block`, and these groups of columns.
 *
 * @param beside whether the elements of the groups lie side by side.
 */
export function matrixKernel(
  name: string,
  step: Step,
  table: Table | null,
  product: MatrixProduct,
  places: MatrixPlaces,
  beside: boolean,
): WasmFunction {
  const f = new WasmFunction(name, ['i32', 'i32', 'i32', 'i32', 'i32']);
  const [from, to, block, group, lastGroup] = [0, 1, 2, 3, 4] as const;
  const { cut, finish, gather, rowOffsets } = product;
  const [sourceLimbs, weightLimbs] = [limbsOf(cut.sourceBits), limbsOf(cut.weightBits)];
  const perVector = sumsPerVector(cut);
  const bytes = rowBytes(gather);
  const most = ROWS[perVector]!;
  const pairBytes = weightLimbs * VECTOR_BYTES;
  const groupBytes = cut.parts * cut.pairs * pairBytes;

  const record = f.local('i32');
  const finishing = startFinishing(f, step, table, cut, finish.small, record);
  const [groupWeights, weights, source, row, rowAt, left, part, target] = Array.from({ length: 8 }, () =>
    f.local('i32'),
  ) as [number, number, number, number, number, number, number, number];
  const sums = Array.from({ length: most * perVector }, () => f.local('v128'));
  const whole = cut.parts > 1 ? Array.from({ length: most * 2 }, () => f.local('v128')) : [];
  const limbs = Array.from({ length: weightLimbs }, () => f.local('v128'));
  const shared = f.local('v128');
  const advance = (local: number, by: number): void => {
    f.get(local).i32(by).op('i32.add').set(local);
  };

  const multiply = (rows: number): void => {
    for (const sum of sums.slice(0, rows * perVector)) f.v128(ZERO).set(sum);
    f.i32(cut.pairs).set(left);
    f.repeatWhile(() => {
      limbs.forEach((limb, i) => {
        f.get(weights)
          .memory('v128.load', VECTOR_BYTES * i)
          .set(limb);
      });
      for (let r = 0; r < rows; r++)
        for (let s = 0; s < sourceLimbs; s++) {
          f.get(source)
            .memory('v128.load32_splat', r * bytes + s * (bytes / sourceLimbs))
            .set(shared);
          limbs.forEach((limb, i) => {
            const sum = sums[r * perVector + s * weightLimbs + i]!;
            f.get(sum, shared, limb).op('i32x4.dot_i16x8_s', 'i32x4.add').set(sum);
          });
        }
      advance(source, PAIR_BYTES);
      advance(weights, pairBytes);
      f.get(left).i32(1).op('i32.sub').tee(left);
    });
  };
  const sumsOf = (r: number): number[] => sums.slice(r * perVector, (r + 1) * perVector);

  /** Some rows, side by side, of one group. */
  const tile = (rows: number): void => {
    f.get(rowAt).set(source).get(groupWeights).set(weights);
    if (cut.parts === 1) multiply(rows);
    else {
      for (const sum of whole.slice(0, 2 * rows)) f.v128(ZERO).set(sum);
      f.i32(cut.parts).set(part);
      f.repeatWhile(() => {
        multiply(rows);
        for (let r = 0; r < rows; r++)
          for (const half of [0, 1]) {
            const sum = whole[2 * r + half]!;
            pushWhole(f, finishing, sumsOf(r), half);
            f.get(sum).op('f64x2.add').set(sum);
          }
        f.get(part).i32(1).op('i32.sub').tee(part);
      });
    }
    for (let r = 0; r < rows; r++) {
      emitColumnFinish(f, finishing, (half) => {
        if (cut.parts === 1) pushWhole(f, finishing, sumsOf(r), half);
        else f.get(whole[2 * r + half]!);
      });
      f.get(row).i32(r).op('i32.add');
      if (typeof rowOffsets === 'number') f.i32(rowOffsets * ELEMENT_BYTES).op('i32.mul');
      else f.i32(ELEMENT_BYTES).op('i32.mul').memory('i32.load', places.offsets).i32(ELEMENT_BYTES).op('i32.mul');
      if (beside)
        f.get(record)
          .memory('i32.load', RECORD_BYTES - ELEMENT_BYTES * LANES)
          .op('i32.add');
      f.set(target);
      if (beside) storeBeside(f, finishing, target, places.output, LANES);
      else storeApart(f, finishing, target, places.output);
    }
    advance(row, rows);
    advance(rowAt, rows * bytes);
  };
  const rowsWhile = (rows: number): void => {
    const remain = (): void => {
      f.get(to, row).op('i32.sub').i32(rows).op('i32.ge_s');
    };
    remain();
    f.when(() =>
      f.repeatWhile(() => {
        tile(rows);
        remain();
      }),
    );
  };

  f.get(group).i32(RECORD_BYTES).op('i32.mul').i32(places.records).op('i32.add').set(record);
  f.get(group).i32(groupBytes).op('i32.mul').i32(places.weights).op('i32.add').set(groupWeights);
  f.repeatWhile(() => {
    f.get(from).set(row).get(block).set(rowAt);
    rowsWhile(most);
    rowsWhile(1);
    advance(record, RECORD_BYTES);
    advance(groupWeights, groupBytes);
    f.get(group).i32(1).op('i32.add').tee(group).get(lastGroup).op('i32.lt_s');
  });
  return f;
}
