/** Which nodes cannot be compiled, all at once, before anything is run. */
import type { GraphProto } from 'onnx-buf';
import { UserError } from '../errors.js';
import { constantTensors, liveNodes, RANDOM_OPERATORS } from './constness.js';
import { expansionOf } from './expand/register.js';
import { loweringOf } from './lower/register.js';
import { type Node, type OnnxModel, readsOf } from './onnx/graph.js';
import { readNodes } from './onnx/read.js';

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

/** Nodes whose bodies are put in their place once it is known what they do (If, Loop, Scan). */
const isOpened = (node: Node): boolean => node.attributes.hasGraph && expansionOf(node) !== undefined;

/**
 * Nodes that cannot be compiled whatever the samples show. What depends on an If or a Loop, or is needed by one only, is left out: it
 * may be constant or unused once that is opened.
 */
export function surelyUnsupported(model: OnnxModel): Unsupported[] {
  const { graph } = model;
  const constant = constantTensors(graph);
  const uncertain = new Set<string>();
  for (const node of graph.nodes)
    if (isOpened(node) || readsOf(node).some((name) => uncertain.has(name)))
      for (const name of node.outputs) uncertain.add(name);
  const plain = { ...graph, nodes: graph.nodes.filter((node) => !isOpened(node)) };
  const sure = liveNodes(plain, constant).filter(({ outputs }) => !outputs.some((name) => uncertain.has(name)));
  return findUnsupported(model, sure);
}

/** Nodes in bodies, and in bodies in these, that could not be compiled where they stand. */
export function unsupportedInBodies(model: OnnxModel, nodes: readonly Node[] = model.graph.nodes): Unsupported[] {
  const constant = constantTensors(model.graph);
  return nodes.flatMap((node) => node.attributes.graphs.flatMap((body) => inBody(model, body, node.name, constant)));
}

function inBody(model: OnnxModel, body: GraphProto, owner: string, around: ReadonlySet<string>): Unsupported[] {
  const nodes = readNodes(body, model.opset).map((node) => ({ ...node, name: `${owner}/${node.name}` }));
  const initializers = new Set([...around, ...body.initializer.map(({ name }) => name)]);
  const constant = constantTensors({ nodes, initializers: new Map() }, initializers);
  const live = liveNodes({ nodes, outputs: body.output.map(({ name }) => name) }, constant);
  const inner = live.flatMap((node) =>
    node.attributes.graphs.flatMap((each) => inBody(model, each, node.name, constant)),
  );
  return [...findUnsupported(model, live), ...inner];
}

/** Nodes that cannot be compiled. */
export class UnsupportedNodes extends UserError {
  constructor(
    message: string,
    readonly nodes: readonly Unsupported[],
  ) {
    super(
      'OG_UNSUPPORTED_NODE',
      message,
      'Export the model without these operators, or cut it before them; og inspect lists what is in it.',
    );
  }
}

const MOST_LISTED = 20;

/**
 * One error for all of them.
 *
 * @param cause what else is wrong with the file.
 */
export function refuseUnsupported(file: string, unsupported: readonly Unsupported[], cause?: UserError): void {
  if (unsupported.length === 0) return;
  const lines = unsupported.slice(0, MOST_LISTED).map(({ node, operator, opset, shapes, reason }) => {
    const inputs = shapes.length > 0 ? `, inputs ${shapes.join(', ')}` : '';
    return `  ${operator} node "${node}" (opset ${opset}${inputs}): ${reason}`;
  });
  const rest = unsupported.length - lines.length;
  if (rest > 0) lines.push(`  and ${rest} more`);
  if (cause) lines.push(`Besides: ${cause.message}`);
  const count = unsupported.length === 1 ? 'one node' : `${unsupported.length} nodes`;
  throw new UnsupportedNodes(`${file} cannot be compiled because of ${count}:\n${lines.join('\n')}`, unsupported);
}
