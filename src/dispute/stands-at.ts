/** Where a match stands, from what its sides have posted: the contract keeps only the hash of both nodes. */
import { fromHex, type Hash, type Hex } from '../commit/hash.js';
import { keccakHex } from '../commit/keccak.js';
import { rootOf } from './answer.js';
import { type Both, otherSide, type Side } from './game.js';

/** `NodeOpened` of IMatches.sol. */
export interface Opened {
  readonly side: Side;
  readonly height: number;
  readonly position: number;
  /** Level below the node at (height, position). */
  readonly children: readonly Hash[];
}

/** `LeafPosted` of IMatches.sol. */
export interface PostedLeaf {
  readonly side: Side;
  readonly position: number;
  readonly leaf: Hex;
}

/**
 * Both sides' nodes where the match stands, side 0 first: that of the side which moved last is what it has opened, the other's was
 * opened the move before. Null at the root, and when the postings do not belong together.
 *
 * @param opened in the order of the moves. @param leaves likewise.
 */
export function nodesAt(opened: readonly Opened[], leaves: readonly PostedLeaf[]): Both<Hash> | null {
  const last = leaves.at(-1);
  if (last) {
    const before = leaves.at(-2);
    const other = before ? hashOf(before.leaf) : childAt(opened.at(-1), 0, last.position);
    return bySide(last.side, hashOf(last.leaf), other);
  }
  const [before, now] = [opened.at(-2), opened.at(-1)];
  return now ? bySide(now.side, rootOf(now.children), childAt(before, now.height, now.position)) : null;
}

const hashOf = (leaf: Hex): Hash => keccakHex(fromHex(leaf));

function childAt(opened: Opened | undefined, height: number, position: number): Hash | null {
  if (!opened) return null;
  const levels = Math.log2(opened.children.length);
  if (opened.height - levels !== height) return null;
  return opened.children[position - opened.position * opened.children.length] ?? null;
}

function bySide(side: Side, own: Hash, other: Hash | null): Both<Hash> | null {
  if (other === null) return null;
  const nodes: [Hash, Hash] = [own, own];
  nodes[otherSide(side)] = other;
  return nodes;
}
