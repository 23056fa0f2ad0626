/** The index of a gather: which rows of the reshaped source its loops read. */
import { elementCount } from '../../program/step.js';
import type { Access, LoopRange } from './access.js';
import type { Gather } from './layout.js';

/** The coordinates that a gather reads, for every combination of its loops, row-major; -1 where a guard says fill. */
export function gatherIndex(access: Access, { loops, start, block, radix }: Gather): Int32Array {
  const counts = loops.map((loop) => (access.ranges[loop] as LoopRange).count);
  const result = new Int32Array(elementCount(counts));
  // The coordinate, then what each guard looks at: all affine in the loops.
  const forms = [
    { base: (start - block) / radix, coefs: loops.map((loop) => (access.strides[loop] as number) / radix) },
    ...access.guards.map(({ base, coefs }) => ({ base, coefs: loops.map((loop) => coefs[loop] as number) })),
  ];
  const extents = access.guards.map((guard) => guard.extent);
  const at = loops.map(() => 0);
  const last = loops.length - 1;
  const inner = counts[last] ?? 1;
  for (let k = 0; k < result.length; k += inner) {
    const now = forms.map(({ base, coefs }) => coefs.reduce((sum, coef, i) => sum + coef * (at[i] as number), base));
    const [coordinate, ...seen] = now as [number, ...number[]];
    for (let j = 0; j < inner; j++) {
      let open = true;
      for (let i = 0; i < seen.length; i++) {
        const c = (seen[i] as number) + j * (forms[i + 1]!.coefs[last] as number);
        if (c < 0 || c >= (extents[i] as number)) open = false;
      }
      result[k + j] = open ? coordinate + j * (forms[0]!.coefs[last] ?? 0) : -1;
    }
    for (let i = last - 1; i >= 0; i--) {
      at[i] = (at[i] as number) + 1;
      if ((at[i] as number) < (counts[i] as number)) break;
      at[i] = 0;
    }
  }
  return result;
}
