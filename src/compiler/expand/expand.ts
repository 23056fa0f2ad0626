/**
 * Replaces operators that are compositions of simpler ones (Attention, losses, an If with a known condition, ...) before the float
 * model is measured, so that ranges are known of everything between, too.
 */
import type { GraphProto, NodeProto } from 'onnx-buf';
import { constantTensors, liveNodes } from '../constness.js';
import type { FloatRuntime } from '../float-runtime.js';
import { type Measurement, measure } from '../measure.js';
import type { Node, OnnxModel } from '../onnx/graph.js';
import { readNodes } from '../onnx/read.js';
import { decodeTensor } from '../onnx/tensor.js';
import type { FloatSample } from '../samples.js';
import type { Shapes } from '../shapes.js';
import { type Unsupported, unsupportedInBodies } from '../supported.js';
import type { Expansion } from './expansion.js';
import { recognise } from './recognise.js';
import { expansionOf } from './register.js';
import { Site } from './site.js';

/** Bodies within bodies: each turn opens one level. */
const MOST_TURNS = 16;

interface Candidate {
  readonly node: Node;
  readonly position: number;
  readonly expansion: Expansion;
}

/** Nodes that may be expanded: those that the outputs depend on and that are not constant. */
function candidates(model: OnnxModel): Candidate[] {
  const live = new Set(liveNodes(model.graph, constantTensors(model.graph)));
  return model.graph.nodes.flatMap((node, position) => {
    const expansion = live.has(node) ? expansionOf(node) : undefined;
    return expansion && expansion.concerns?.(node) !== false ? [{ node, position, expansion }] : [];
  });
}

/** The model with other nodes and more initialisers. */
function withNodes(model: OnnxModel, nodes: NodeProto[], added: GraphProto['initializer']): OnnxModel {
  const graphProto = { ...model.graphProto, node: nodes, initializer: [...model.graphProto.initializer, ...added] };
  const initializers = new Map(model.graph.initializers);
  for (const tensor of added) initializers.set(tensor.name, decodeTensor(tensor, 'an initialiser'));
  return {
    ...model,
    proto: { ...model.proto, graph: graphProto },
    graphProto,
    graph: { ...model.graph, nodes: readNodes(graphProto, model.opset), initializers },
  };
}

function refusal(site: Site, reason: string): Unsupported {
  const { name, operator, domain, opset, inputs } = site.node;
  const shapes = inputs.map((_, i) => (site.has(i) ? site.shape(i).join('x') : '-'));
  return { node: name, operator: domain === '' ? operator : `${domain}.${operator}`, opset, shapes, reason };
}

export interface Expanded {
  readonly model: OnnxModel;
  /** Nodes that cannot be expanded, and what is in their bodies that could not be compiled. */
  readonly refused: readonly Unsupported[];
}

interface Place {
  readonly site: Site;
  readonly position: number;
  readonly expansion: Expansion;
}

/** The places that can be expanded, and why the others cannot. */
function readyOf(places: readonly Place[]): { ready: readonly Place[]; refused: readonly Unsupported[] } {
  const reasons = places.map((place) => place.expansion.refuses?.(place.site) ?? null);
  return {
    ready: places.filter((_, i) => reasons[i] === null),
    refused: places.flatMap(({ site }, i) => (reasons[i] === null ? [] : [refusal(site, reasons[i]!)])),
  };
}

/** One turn: every candidate that needs it and can be. @returns the same model when none was. */
function expandOnce(model: OnnxModel, found: readonly Candidate[], survey: Measurement): Expanded {
  const taken = new Set(model.graph.nodes.flatMap(({ outputs }) => outputs));
  const prefixOf = (name: string): string => {
    let prefix = name;
    while ([...taken].some((other) => other.startsWith(`${prefix}/`))) prefix = `${prefix}'`;
    taken.add(`${prefix}/`);
    return prefix;
  };
  const protos: NodeProto[] = model.graphProto.node;
  const sites = found.flatMap(({ node, position, expansion }) => {
    const site = new Site(node, protos[position]!, survey, prefixOf(node.name));
    return expansion.applies?.(site) === false ? [] : [{ site, position, expansion }];
  });
  if (sites.length === 0) return { model, refused: [] };
  // What cannot be expanded now may be when the others are: a condition may come out of another If.
  let { ready, refused } = readyOf(sites);
  if (ready.length === 0)
    ({ ready, refused } = readyOf(
      sites.map((place) => ({ ...place, expansion: place.expansion.lastResort ?? place.expansion })),
    ));
  if (ready.length === 0) {
    const nodes = sites.map(({ site }) => site.node);
    return { model, refused: [...refused, ...unsupportedInBodies(model, nodes)] };
  }
  const byPosition = new Map(ready.map(({ site, position, expansion }) => [position, { site, expansion }]));
  const nodes = protos.flatMap((proto, position) => {
    const place = byPosition.get(position);
    if (!place) return [proto];
    place.expansion.expand(place.site);
    return place.site.nodes;
  });
  const initializers = ready.flatMap(({ site }) => site.initializers);
  return { model: withNodes(model, nodes, initializers), refused: [] };
}

/**
 * Expands whatever can be.
 *
 * @param sample a set of inputs to find shapes and constants with.
 */
export async function expandModel(
  original: OnnxModel,
  shapes: Shapes,
  sample: FloatSample,
  runtime: FloatRuntime,
): Promise<Expanded> {
  const known = recognise(original);
  let model = known ? withNodes(original, known, []) : original;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const found = candidates(model);
    if (found.length === 0) break;
    const tensors = model.graph.nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '');
    const survey = await measure(model, shapes, tensors, constantTensors(model.graph), [sample], 1, runtime);
    const expanded = expandOnce(model, found, survey);
    if (expanded.model === model) return expanded;
    model = expanded.model;
  }
  return { model, refused: [] };
}
