/** Which nodes cannot be compiled, all at once, before anything is run. */
import { UserError } from '../errors.js';
import { RANDOM_OPERATORS } from './constness.js';
import { expansionOf } from './expand/register.js';
import { loweringOf } from './lower/register.js';
import type { Node, OnnxModel } from './onnx/graph.js';

/** A node that og cannot compile, and why. */
export interface Unsupported {
  readonly node: string;
  readonly operator: string;
  readonly opset: number;
  /** Shapes of the inputs where the file or the float model tells them. */
  readonly shapes: readonly string[];
  readonly reason: string;
}

/** The newest that og compiles. */
export const NEWEST_OPSET = 26;

/** Operators whose result has as many elements as the input's values say. */
const DATA_DEPENDENT = new Set(['NonMaxSuppression', 'NonZero']);

/** Operators that give or take lists of tensors or optional ones. */
const isOfSequences = (operator: string): boolean => /Sequence|^Optional/.test(operator);

function reasonAgainst(node: Node): string | null {
  if (loweringOf(node) || expansionOf(node))
    return node.opset > NEWEST_OPSET ? `opset ${node.opset} is newer than og knows` : null;
  if (node.domain === '' && RANDOM_OPERATORS.has(node.operator)) return 'it gives another result at every run';
  if (node.attributes.hasGraph) return 'control flow is not supported';
  if (node.domain === '' && DATA_DEPENDENT.has(node.operator))
    return 'the shape of its result depends on the input data';
  if (node.domain === '' && isOfSequences(node.operator)) return 'sequences of tensors are not supported';
  return node.domain === ''
    ? 'the operator is not supported'
    : `operators of the domain "${node.domain}" are not supported`;
}

/** Shapes that the file itself declares. */
function declaredShapes(model: OnnxModel): Map<string, string> {
  const shapes = new Map<string, string>();
  const { input, valueInfo, output } = model.graphProto;
  for (const { name, type } of [...input, ...valueInfo, ...output]) {
    if (type?.value.case !== 'tensorType' || !type.value.value.shape) continue;
    shapes.set(name, type.value.value.shape.dim.map(({ value }) => String(value.value ?? '?')).join('x'));
  }
  for (const [name, tensor] of model.graph.initializers) shapes.set(name, tensor.dims.join('x'));
  return shapes;
}

/** @param nodes those that are left to compute: whatever is constant needs no lowering. */
export function findUnsupported(model: OnnxModel, nodes: readonly Node[]): Unsupported[] {
  const shapes = declaredShapes(model);
  return nodes.flatMap((node) => {
    const reason = reasonAgainst(node);
    if (!reason) return [];
    return [
      {
        node: node.name,
        operator: node.domain === '' ? node.operator : `${node.domain}.${node.operator}`,
        opset: node.opset,
        shapes: node.inputs.map((name) => shapes.get(name) ?? '?'),
        reason,
      },
    ];
  });
}

const MOST_LISTED = 20;

/** One error for all of them. */
export function refuseUnsupported(file: string, unsupported: readonly Unsupported[]): void {
  if (unsupported.length === 0) return;
  const lines = unsupported.slice(0, MOST_LISTED).map(({ node, operator, opset, shapes, reason }) => {
    const inputs = shapes.length > 0 ? `, inputs ${shapes.join(', ')}` : '';
    return `  ${operator} node "${node}" (opset ${opset}${inputs}): ${reason}`;
  });
  const rest = unsupported.length - lines.length;
  if (rest > 0) lines.push(`  and ${rest} more`);
  throw new UserError(
    'OG_UNSUPPORTED_NODE',
    `${file} cannot be compiled because of ${unsupported.length === 1 ? 'one node' : `${unsupported.length} nodes`}:\n${lines.join('\n')}`,
    'Export the model without these operators, or cut it before them; og inspect lists what is in it.',
  );
}
