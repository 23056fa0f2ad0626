/** What the register holds for an operator. */
import type { PlanNode } from '../plan.js';
import type { LoweringContext } from './context.js';

export interface Lowering {
  /** Adds the steps of a node and defines its outputs. */
  readonly lower: (context: LoweringContext, node: PlanNode) => void;
  /** Why a node cannot be compiled, as a clause, or null. Asked of every node before any is lowered. */
  readonly refuses?: (context: LoweringContext, node: PlanNode) => string | null;
  /** The node's first result takes a function in its finish (`node.applied`); `reals`: unless it is of whole numbers. */
  readonly finishes?: boolean | 'reals';
  /** The results are some of the inputs' elements: they are stored as precisely as these. */
  readonly selects?: boolean;
  /** The results are views of the first input. */
  readonly isView?: boolean;
  /** The node makes use of inputs with more than the ordinary precision. */
  readonly wantsWide?: boolean;
}
