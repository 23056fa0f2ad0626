/** Tensors of which only some leaves are known, so that whatever reads another one is found out. */
import { LEAF_BYTES, tensorFromBytes } from '../../src/commit/tensor.js';
import type { ElementWidth } from '../../src/program/step.js';

export class MissingLeaf extends Error {
  constructor(readonly position: number) {
    super(`Leaf ${position} is not opened.`);
  }
}

/**
 * Stands in for an Int32Array: an element in a leaf of `leaves` is read from its bytes, any other throws MissingLeaf.
 *
 * @param firstLeaf position of the tensor's leaf 0 in its tree.
 * @param onRead told of every leaf that is read.
 */
export function partialTensor(
  leaves: ReadonlyMap<number, Uint8Array>,
  firstLeaf: number,
  width: ElementWidth,
  onRead: (position: number) => void = () => {},
): Int32Array {
  const perLeaf = LEAF_BYTES / width;
  return new Proxy(new Int32Array(), {
    get(_, property) {
      const element = Number(String(property));
      const position = firstLeaf + Math.floor(element / perLeaf);
      const leaf = leaves.get(position);
      if (!leaf) throw new MissingLeaf(position);
      onRead(position);
      return tensorFromBytes(leaf, width, perLeaf)[element % perLeaf];
    },
  });
}
