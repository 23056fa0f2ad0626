/** What the register holds for an operator that is computed as a few simpler ones. */
import type { Node } from '../onnx/graph.js';
import type { Site } from './site.js';

export interface Expansion {
  /** Puts the simpler nodes in place of the node: they give all of its results that have names. */
  readonly expand: (site: Site) => void;
  /** Whether a node like this can need it, by its attributes and results alone; yes unless told. */
  readonly concerns?: (node: Node) => boolean;
  /** Whether this node needs it; yes unless told. A node that does not goes to the operator's lowering. */
  readonly applies?: (site: Site) => boolean;
  /** Why the node cannot be compiled, as a clause, or null. */
  readonly refuses?: (site: Site) => string | null;
  /** What to do instead when it is refused and nothing else in the graph is left to expand. */
  readonly lastResort?: Expansion;
}
