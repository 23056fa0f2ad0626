/** A kernel that moves windows over a gathered source: four channels in the lanes of vectors, some windows side by side. */
import { elementCount, type Step } from '../../program/step.js';
import { WasmFunction } from '../../wasm/assembler.js';
import {
  emitColumnFinish,
  pushWhole,
  RECORD_BYTES,
  startFinishing,
  storeBeside,
  sumsPerVector,
} from './column-finish.js';
import type { Table } from './finish.js';
import { pairLanes } from './gather-kernel.js';
import { LANES, limbsOf } from './limbs.js';
import type { WindowProduct } from './window.js';

const ELEMENT_BYTES = 4;
const VECTOR_BYTES = 16;
const ZERO = new Uint8Array(16);
/** Windows side by side, by sums of a vector. */
const WINDOWS: Readonly<Record<number, number>> = { 1: 6, 2: 4, 4: 2 };

export interface WindowPlaces {
  readonly output: number;
  readonly weights: number;
  readonly records: number;
}

/** A function `name(from, to, block)` for these indices of the outermost output loop; the gathered source lies at `block`. */
export function windowKernel(
  name: string,
  step: Step,
  table: Table | null,
  { cut, finish, gather, moves, pairs }: WindowProduct,
  places: WindowPlaces,
): WasmFunction {
  const f = new WasmFunction(name, ['i32', 'i32', 'i32']);
  const [from, to, block] = [0, 1, 2] as const;
  const { outDims } = step;
  const channels = outDims.at(-1)!;
  const [sourceLimbs, weightLimbs] = [limbsOf(cut.sourceBits), limbsOf(cut.weightBits)];
  const perVector = sumsPerVector(cut);
  const most = WINDOWS[perVector]!;
  const limbBytes = pairLanes(gather) * ELEMENT_BYTES;
  const innermost = outDims.length - 2;
  const record = f.local('i32');
  const finishing = startFinishing(f, step, table, cut, finish.small, record);
  const [weights, source, target, next, left] = Array.from({ length: 5 }, () => f.local('i32')) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const sums = Array.from({ length: most * perVector }, () => f.local('v128'));
  const limbs = Array.from({ length: weightLimbs }, () => f.local('v128'));
  const shared = f.local('v128');
  const advance = (local: number, by: number): void => {
    f.get(local).i32(by).op('i32.add').set(local);
  };

  /** The same channels of some windows. */
  const vectors = (windows: number, lanes: number): void => {
    for (const sum of sums.slice(0, windows * perVector)) f.v128(ZERO).set(sum);
    pairs.forEach((offset, pair) => {
      limbs.forEach((limb, i) => {
        f.get(weights)
          .memory('v128.load', VECTOR_BYTES * (pair * weightLimbs + i))
          .set(limb);
      });
      for (let w = 0; w < windows; w++)
        for (let s = 0; s < sourceLimbs; s++) {
          f.get(source)
            .memory('v128.load', offset + w * moves[innermost]! + s * limbBytes)
            .set(shared);
          limbs.forEach((limb, i) => {
            const sum = sums[w * perVector + s * weightLimbs + i]!;
            f.get(sum, shared, limb).op('i32x4.dot_i16x8_s', 'i32x4.add').set(sum);
          });
        }
    });
    for (let w = 0; w < windows; w++) {
      const own = sums.slice(w * perVector, (w + 1) * perVector);
      emitColumnFinish(f, finishing, (half) => pushWhole(f, finishing, own, half));
      storeBeside(f, finishing, next, w * channels * ELEMENT_BYTES, lanes);
    }
    advance(weights, pairs.length * weightLimbs * VECTOR_BYTES);
    advance(source, VECTOR_BYTES);
    advance(next, VECTOR_BYTES);
    advance(record, RECORD_BYTES);
  };
  /** All channels of some windows, which begin at `at`. */
  const tile = (at: number, windows: number): void => {
    f.i32(places.weights).set(weights).get(at).set(source).get(target).set(next).i32(places.records).set(record);
    const whole = Math.floor(channels / LANES);
    if (whole > 0) {
      f.i32(whole).set(left);
      f.repeatWhile(() => {
        vectors(windows, LANES);
        f.get(left).i32(1).op('i32.sub').tee(left);
      });
    }
    if (channels % LANES > 0) vectors(windows, channels % LANES);
    advance(target, windows * channels * ELEMENT_BYTES);
    advance(at, windows * moves[innermost]!);
  };
  /** The loop over windows side by side, of which `count`, a local, are left. */
  const windowsWhile = (at: number, count: number): void => {
    for (const windows of [most, 1]) {
      f.get(count).i32(windows).op('i32.ge_s');
      f.when(() =>
        f.repeatWhile(() => {
          tile(at, windows);
          f.get(count).i32(windows).op('i32.sub').tee(count).i32(windows).op('i32.ge_s');
        }),
      );
    }
  };
  const nest = (loop: number, at: number): void => {
    const own = f.local('i32');
    const count = f.local('i32');
    f.get(at).set(own).i32(outDims[loop]!).set(count);
    if (loop === innermost) {
      windowsWhile(own, count);
      return;
    }
    f.repeatWhile(() => {
      nest(loop + 1, own);
      advance(own, moves[loop]!);
      f.get(count).i32(1).op('i32.sub').tee(count);
    });
  };

  const at = f.local('i32');
  const count = f.local('i32');
  f.get(block, from).i32(moves[0]!).op('i32.mul', 'i32.add').set(at);
  f.get(from)
    .i32(elementCount(outDims.slice(1)) * ELEMENT_BYTES)
    .op('i32.mul')
    .i32(places.output)
    .op('i32.add')
    .set(target);
  f.get(to, from).op('i32.sub').set(count);
  if (innermost === 0) windowsWhile(at, count);
  else
    f.repeatWhile(() => {
      nest(1, at);
      advance(at, moves[0]!);
      f.get(count).i32(1).op('i32.sub').tee(count);
    });
  return f;
}
