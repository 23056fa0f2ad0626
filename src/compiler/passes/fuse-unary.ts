/**
 * Turns every chain of elementwise nodes that depends on one tensor only (all other operands being scalar constants) into one
 * function of that tensor: Add(3) → Clip(0, 6) → Mul(x) → Div(6) becomes a single `Unary` node.
 */
import { isFloat, toNumbers } from '../onnx/tensor.js';
import { constantOf, factsOf, type Plan, type PlanNode } from '../plan.js';
import { SCALAR_OPERATORS, type ScalarOperator } from '../scalar/operators.js';
import { type AffineClamp, composeAffine, IDENTITY, type UnaryFunction } from '../unary-function.js';
import { narrowRange, wrap } from '../whole-types.js';

/** A tensor as a function of another one. */
interface Expression {
  readonly root: string;
  readonly fn: UnaryFunction;
}

/** The domain of nodes that passes make. */
export const INTERNAL_DOMAIN = 'og';

const IDENTITY_OPERATOR: ScalarOperator = { evaluate: (x) => x!, affine: () => IDENTITY.affine };

const CASTS = new Set(['Cast', 'CastLike', 'BitCast']);

function castOperator(plan: Plan, node: PlanNode): ScalarOperator | null {
  const [from, to] = [factsOf(plan, node.inputs[0]!).type, factsOf(plan, node.outputs[0]!).type];
  if (node.operator === 'BitCast' && (isFloat(from) || isFloat(to))) return null;
  if (to === 'bool') return from === 'bool' ? IDENTITY_OPERATOR : { evaluate: (x) => (x === 0 ? 0 : 1) };
  if (isFloat(to) || !isFloat(from)) return IDENTITY_OPERATOR;
  return { evaluate: (x) => Math.trunc(x!) };
}

/** Narrow whole numbers wrap around: such a function is no line, unless it stays within the type. */
function wrapping(plan: Plan, node: PlanNode, operator: ScalarOperator): ScalarOperator {
  const { type } = factsOf(plan, node.outputs[0]!);
  const bounds = type === 'bool' ? null : narrowRange(type);
  if (!bounds) return operator;
  const staysWithin = (line: AffineClamp, position: number): boolean => {
    const from = narrowRange(factsOf(plan, node.inputs[position]!).type);
    if (!from) return false;
    const ends = [from.lo, from.hi].map((x) => Math.min(Math.max(line.alpha * x + line.beta, line.lo), line.hi));
    return ends.every((end) => end >= bounds.lo && end <= bounds.hi);
  };
  return {
    evaluate: (...operands) => wrap(operator.evaluate(...operands), type),
    affine: (position, operands) => {
      const line = operator.affine?.(position, operands) ?? null;
      return line && staysWithin(line, position) ? line : null;
    },
  };
}

/** Whole numbers of more values than a table has: a function of them that is no line is left to steps that are exact for all. */
const EXACT_WITHOUT_TABLE = new Set([
  'Abs',
  'Cast',
  'CastLike',
  'BitCast',
  'Div',
  'Mod',
  'BitShift',
  'BitwiseAnd',
  'BitwiseOr',
  'BitwiseXor',
  'Less',
  'LessOrEqual',
  'Greater',
  'GreaterOrEqual',
  'Equal',
]);

function isBetterWithoutTable(plan: Plan, node: PlanNode, root: string, fn: UnaryFunction): boolean {
  if (fn.affine || !EXACT_WITHOUT_TABLE.has(node.operator)) return false;
  const isWhole = (name: string): boolean => !isFloat(factsOf(plan, name).type);
  return (
    isWhole(root) && !narrowRange(factsOf(plan, root).type) && isWhole(node.inputs[0]!) && isWhole(node.outputs[0]!)
  );
}

function scalarOperator(plan: Plan, node: PlanNode): ScalarOperator | null {
  if (node.domain !== '') return null;
  if (CASTS.has(node.operator)) return castOperator(plan, node);
  if (!Object.hasOwn(SCALAR_OPERATORS, node.operator)) return null;
  return SCALAR_OPERATORS[node.operator]!(node.attributes, !isFloat(factsOf(plan, node.outputs[0]!).type));
}

type Argument = number | undefined | Expression;

const isExpression = (argument: Argument): argument is Expression => typeof argument === 'object';

function compose(operator: ScalarOperator, label: string, inputs: readonly Argument[]): UnaryFunction {
  const functions = inputs.map((input) => (isExpression(input) ? input.fn : input));
  const constants = inputs.map((input) => (isExpression(input) ? undefined : input));
  const variable = inputs.findIndex(isExpression);
  const inner = (inputs[variable] as Expression).fn;
  const isSole = inputs.filter(isExpression).length === 1;
  const outer = isSole && inner.affine ? (operator.affine?.(variable, constants) ?? null) : null;
  const labels = inputs.flatMap((input) =>
    isExpression(input) && input.fn.label !== '' ? input.fn.label.split('+') : [],
  );
  return {
    label: [...new Set([...labels, label])].join('+'),
    evaluate: (x) => operator.evaluate(...functions.map((f) => (typeof f === 'object' ? f.evaluate(x) : f))),
    affine: outer && inner.affine ? composeAffine(outer, inner.affine) : null,
  };
}

function expressionOf(plan: Plan, node: PlanNode, known: ReadonlyMap<string, Expression>): Expression | null {
  const scalar = scalarOperator(plan, node);
  if (!scalar) return null;
  const operator = wrapping(plan, node, scalar);
  const inputs: Argument[] = [];
  for (const name of node.operator === 'CastLike' ? node.inputs.slice(0, 1) : node.inputs) {
    if (name === '') inputs.push(undefined);
    else {
      const constant = constantOf(plan, name);
      if (!constant) inputs.push(known.get(name) ?? { root: name, fn: IDENTITY });
      else if (constant.data.length === 1) inputs.push(toNumbers(constant)[0]!);
      else return null;
    }
  }
  const roots = new Set(inputs.filter(isExpression).map(({ root }) => root));
  const [root] = roots;
  if (roots.size !== 1 || root === undefined) return null;
  if (factsOf(plan, root).shape.join() !== factsOf(plan, node.outputs[0]!).shape.join()) return null;
  const fn = compose(operator, node.operator, inputs);
  return isBetterWithoutTable(plan, node, root, fn) ? null : { root, fn };
}

/** A root is computed, which is finer than a table; the line before it (an epsilon that is added) goes into what comes before. */
function isRootOfLine(plan: Plan, node: PlanNode, expressions: ReadonlyMap<string, Expression>): boolean {
  const before = expressions.get(node.inputs[0]!);
  return node.operator === 'Sqrt' && !!before?.fn.affine && isFloat(factsOf(plan, before.root).type);
}

export function fuseUnary(plan: Plan): Plan {
  const expressions = new Map<string, Expression>();
  for (const node of plan.nodes) {
    const expression = expressionOf(plan, node, expressions);
    if (expression) expressions.set(node.outputs[0]!, expression);
  }
  const needed = new Set(plan.outputs.map(({ tensor }) => tensor));
  for (const node of [...plan.nodes].reverse()) {
    const [output, input] = [node.outputs[0]!, node.inputs[0]!];
    const expression = expressions.get(output);
    if (!expression) for (const name of node.inputs) needed.add(name);
    else if (needed.has(output) && isRootOfLine(plan, node, expressions)) {
      expressions.set(output, expressionOf(plan, node, new Map())!);
      needed.add(input);
    }
  }
  const nodes = plan.nodes.flatMap((node): PlanNode[] => {
    const expression = expressions.get(node.outputs[0]!);
    if (!expression) return [node];
    if (!needed.has(node.outputs[0]!)) return [];
    const { root, fn } = expression;
    return [{ ...node, operator: 'Unary', domain: INTERNAL_DOMAIN, inputs: [root], unary: fn }];
  });
  return { ...plan, nodes };
}
