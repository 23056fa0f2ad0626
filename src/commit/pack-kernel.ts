/** Elements to committed bytes (`tensor.ts` says what they are), as a WebAssembly kernel: int32 in, 1, 2 or 4 big-endian bytes out. */

import type { ElementWidth } from '../program/step.js';
import { WasmFunction } from '../wasm/assembler.js';

/** Vectors of four int32 that make one vector of packed elements. */
const VECTORS: Record<ElementWidth, number> = { 1: 4, 2: 2, 4: 1 };

/** The low `width` bytes of the elements of two vectors, most significant first; the second may be ignored. */
function lowBytes(width: ElementWidth): number[] {
  return Array.from({ length: 16 }, (_, i) => {
    const element = Math.floor(i / width) % 8;
    return 4 * element + (width - 1 - (i % width));
  });
}

/** `pack<width>(from, vectors, into)`: packs into `vectors` vectors; returns other than 0 when an element did not fit its width. */
export function packFunction(width: ElementWidth): WasmFunction {
  const f = new WasmFunction(`pack${width}`, ['i32', 'i32', 'i32'], 'i32');
  const [from, vectors, into] = [0, 1, 2];
  const x = Array.from({ length: VECTORS[width] }, () => f.local('v128'));
  const lost = f.local('v128');
  const cut = 32 - 8 * width;
  f.repeatWhile(() => {
    x.forEach((local, i) => {
      f.get(from)
        .memory('v128.load', 16 * i)
        .set(local);
      if (cut === 0) return;
      f.get(lost, local).i32(cut).op('i32x4.shl').i32(cut).op('i32x4.shr_s');
      f.get(local).op('v128.xor', 'v128.or').set(lost);
    });
    f.get(into);
    const pair = (i: number): void => {
      f.get(x[i]!, x[i + 1] ?? x[i]!).shuffle(lowBytes(width));
    };
    pair(0);
    if (width === 1) {
      pair(2);
      f.shuffle(Array.from({ length: 16 }, (_, i) => (i < 8 ? i : i + 8)));
    }
    f.memory('v128.store');
    f.get(from)
      .i32(16 * VECTORS[width])
      .op('i32.add')
      .set(from);
    f.get(into).i32(16).op('i32.add').set(into);
    f.get(vectors).i32(1).op('i32.sub').tee(vectors);
  });
  f.get(lost).op('v128.any_true');
  return f;
}
