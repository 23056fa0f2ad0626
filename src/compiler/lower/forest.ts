/** The decision trees of TreeEnsembleRegressor and TreeEnsemble in one form: every inner node asks `x[feature] <= threshold`. */
import { toNumbers } from '../onnx/tensor.js';
import type { PlanNode } from '../plan.js';

/** `yes` and `no` are positions in the list; a leaf's are its own. */
export interface TreeNode {
  readonly feature: number;
  readonly threshold: number;
  /** Below, and not at the threshold. */
  readonly isStrict: boolean;
  yes: number;
  no: number;
}

export interface Forest {
  readonly nodes: readonly TreeNode[];
  readonly roots: readonly number[];
  /** Values of the leaves by position: target and weight. */
  readonly leaves: ReadonlyMap<number, readonly (readonly [target: number, weight: number])[]>;
  readonly targets: number;
  readonly aggregate: 'SUM' | 'AVERAGE' | 'MIN' | 'MAX';
  readonly base: readonly number[];
  /** Most questions on a way from a root to a leaf. */
  readonly depth: number;
}

type Mode = 'BRANCH_LEQ' | 'BRANCH_LT' | 'BRANCH_GTE' | 'BRANCH_GT' | 'BRANCH_EQ' | 'BRANCH_NEQ' | 'BRANCH_MEMBER';

const MODES: readonly Mode[] = [
  'BRANCH_LEQ',
  'BRANCH_LT',
  'BRANCH_GTE',
  'BRANCH_GT',
  'BRANCH_EQ',
  'BRANCH_NEQ',
  'BRANCH_MEMBER',
];

class ForestBuilder {
  readonly nodes: TreeNode[] = [];
  readonly leaves = new Map<number, [number, number][]>();

  /** A node whose children are set later. */
  reserve(): number {
    const position = this.nodes.length;
    this.nodes.push({ feature: 0, threshold: 0, isStrict: false, yes: position, no: position });
    return position;
  }

  private ask(position: number, feature: number, threshold: number, isStrict: boolean, yes: number, no: number): void {
    this.nodes[position] = { feature, threshold, isStrict, yes, no };
  }

  /** Fills a reserved node with a question of any mode. */
  question(position: number, mode: Mode, feature: number, values: readonly number[], yes: number, no: number): void {
    const [value] = values as [number];
    switch (mode) {
      case 'BRANCH_LEQ':
        this.ask(position, feature, value, false, yes, no);
        break;
      case 'BRANCH_LT':
        this.ask(position, feature, value, true, yes, no);
        break;
      case 'BRANCH_GTE':
        this.ask(position, feature, value, true, no, yes);
        break;
      case 'BRANCH_GT':
        this.ask(position, feature, value, false, no, yes);
        break;
      case 'BRANCH_NEQ':
        this.question(position, 'BRANCH_EQ', feature, values, no, yes);
        break;
      case 'BRANCH_EQ': {
        // At most the value, and not below it.
        const below = this.reserve();
        this.ask(below, feature, value, true, no, yes);
        this.ask(position, feature, value, false, below, no);
        break;
      }
      case 'BRANCH_MEMBER': {
        const rest = values.slice(1);
        const next = rest.length === 0 ? no : this.reserve();
        if (rest.length > 0) this.question(next, mode, feature, rest, yes, no);
        this.question(position, 'BRANCH_EQ', feature, [value], yes, next);
      }
    }
  }

  vote(leaf: number, target: number, weight: number): void {
    this.leaves.set(leaf, [...(this.leaves.get(leaf) ?? []), [target, weight]]);
  }

  /** @throws Error when the nodes form a cycle. */
  depth(roots: readonly number[]): number {
    const depths = new Map<number, number>();
    const open = new Set<number>();
    const visit = (position: number): number => {
      const known = depths.get(position);
      if (known !== undefined) return known;
      if (open.has(position)) throw new Error('a tree has a cycle');
      open.add(position);
      const { yes, no } = this.nodes[position]!;
      const depth = yes === position && no === position ? 0 : 1 + Math.max(visit(yes), visit(no));
      open.delete(position);
      depths.set(position, depth);
      return depth;
    };
    return Math.max(0, ...roots.map(visit));
  }
}

function numbersOf({ attributes }: PlanNode, name: string): ArrayLike<number> {
  const tensor = attributes.tensor(`${name}_as_tensor`);
  return attributes.floats(name) ?? (tensor ? toNumbers(tensor) : []);
}

/** TreeEnsembleRegressor: nodes are named by tree and number. */
function ofRegressor(node: PlanNode): Forest {
  const { attributes } = node;
  const ints = (name: string): number[] => attributes.ints(name) ?? [];
  const [trees, ids] = [ints('nodes_treeids'), ints('nodes_nodeids')];
  const modes = attributes.texts('nodes_modes') ?? [];
  const values = numbersOf(node, 'nodes_values');
  const builder = new ForestBuilder();
  const positions = new Map<string, number>();
  trees.forEach((tree, i) => {
    positions.set(`${tree}:${ids[i]}`, builder.reserve());
  });
  const at = (tree: number, id: number): number => {
    const position = positions.get(`${tree}:${id}`);
    if (position === undefined) throw new Error(`tree ${tree} has no node ${id}`);
    return position;
  };
  const [features, yes, no] = [ints('nodes_featureids'), ints('nodes_truenodeids'), ints('nodes_falsenodeids')];
  const children = new Set<number>();
  trees.forEach((tree, i) => {
    const mode = modes[i]!;
    if (mode === 'LEAF') return;
    if (!MODES.includes(mode as Mode) || mode === 'BRANCH_MEMBER') throw new Error(`a node has the mode ${mode}`);
    const [whenTrue, whenFalse] = [at(tree, yes[i]!), at(tree, no[i]!)];
    children.add(whenTrue).add(whenFalse);
    builder.question(at(tree, ids[i]!), mode as Mode, features[i]!, [values[i]!], whenTrue, whenFalse);
  });
  const roots = trees.flatMap((tree, i) => {
    const position = at(tree, ids[i]!);
    return children.has(position) ? [] : [position];
  });
  const [voteTrees, voteNodes, voteTargets] = [ints('target_treeids'), ints('target_nodeids'), ints('target_ids')];
  const weights = numbersOf(node, 'target_weights');
  voteTrees.forEach((tree, i) => {
    builder.vote(at(tree, voteNodes[i]!), voteTargets[i]!, weights[i]!);
  });
  return {
    nodes: builder.nodes,
    roots,
    leaves: builder.leaves,
    targets: attributes.int('n_targets', 1),
    aggregate: attributes.text('aggregate_function', 'SUM') as Forest['aggregate'],
    base: Array.from(numbersOf(node, 'base_values')),
    depth: builder.depth(roots),
  };
}

const AGGREGATES: readonly Forest['aggregate'][] = ['AVERAGE', 'SUM', 'MIN', 'MAX'];

/** The values of each set: they are listed one set after the other, with a NaN between. */
function memberSets(values: ArrayLike<number>): number[][] {
  const sets: number[][] = [[]];
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) sets.push([]);
    else sets.at(-1)!.push(values[i]!);
  }
  return sets;
}

/** TreeEnsemble: nodes and leaves are lists of their own. */
function ofEnsemble(node: PlanNode): Forest {
  const { attributes } = node;
  const ints = (name: string): number[] => attributes.ints(name) ?? [];
  const tensorOf = (name: string): ArrayLike<number> => {
    const tensor = attributes.tensor(name);
    return tensor ? toNumbers(tensor) : [];
  };
  const features = ints('nodes_featureids');
  const splits = tensorOf('nodes_splits');
  const modes = tensorOf('nodes_modes');
  const sets = memberSets(tensorOf('membership_values'));
  const weights = tensorOf('leaf_weights');
  const builder = new ForestBuilder();
  const positions = features.map(() => builder.reserve());
  const leaves = ints('leaf_targetids').map((target, i) => {
    const leaf = builder.reserve();
    builder.vote(leaf, target, weights[i]!);
    return leaf;
  });
  const child = (list: string, flags: string): number[] => {
    const isLeaf = ints(flags);
    return ints(list).map((id, i) => {
      const position = (isLeaf[i] ? leaves : positions)[id];
      if (position === undefined)
        throw new Error(`a node leads to ${isLeaf[i] ? 'leaf' : 'node'} ${id}, which is not there`);
      return position;
    });
  };
  const yes = child('nodes_truenodeids', 'nodes_trueleafs');
  const no = child('nodes_falsenodeids', 'nodes_falseleafs');
  features.forEach((feature, i) => {
    const mode = MODES[modes[i]!];
    if (!mode) throw new Error(`a node has the mode ${modes[i]}`);
    const values = mode === 'BRANCH_MEMBER' ? sets.shift()! : [splits[i]!];
    builder.question(positions[i]!, mode, feature, values, yes[i]!, no[i]!);
  });
  const roots = ints('tree_roots').map((root) => positions[root]!);
  return {
    nodes: builder.nodes,
    roots,
    leaves: builder.leaves,
    targets: attributes.int('n_targets', 1),
    aggregate: AGGREGATES[attributes.int('aggregate_function', 1)]!,
    base: [],
    depth: builder.depth(roots),
  };
}

const parsed = new WeakMap<PlanNode['attributes'], Forest>();

/** @throws Error with a clause that says what is wrong with the trees. */
export function forestOf(node: PlanNode): Forest {
  let forest = parsed.get(node.attributes);
  if (!forest) {
    forest = node.operator === 'TreeEnsemble' ? ofEnsemble(node) : ofRegressor(node);
    parsed.set(node.attributes, forest);
  }
  return forest;
}

/** 0 for trees that cannot be read: their lowering says why. */
export function largestThreshold(node: PlanNode): number {
  try {
    return forestOf(node).nodes.reduce((most, { threshold }) => Math.max(most, Math.abs(threshold)), 0);
  } catch {
    return 0;
  }
}

export const isForest = ({ domain, operator }: Pick<PlanNode, 'domain' | 'operator'>): boolean =>
  domain === 'ai.onnx.ml' && (operator === 'TreeEnsembleRegressor' || operator === 'TreeEnsemble');
