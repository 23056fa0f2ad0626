/** From a model to a plan: shapes, samples, expansions, ranges; and all refusals that there are on the way, at once. */
import { create } from '@bufbuild/protobuf';
import { ValueInfoProtoSchema } from 'onnx-buf';
import { UserError } from '../errors.js';
import type { CompileRequest } from './compile.js';
import { constantTensors, liveNodes } from './constness.js';
import { expandModel } from './expand/expand.js';
import type { FloatRuntime } from './float-runtime.js';
import { refusedNodes } from './lower/lower.js';
import { headroomOf, type Measurement, measure, type RealRange } from './measure.js';
import { type Node, type OnnxModel, readsOf } from './onnx/graph.js';
import { optimise } from './optimise.js';
import type { Frozen } from './passes/freeze-inputs.js';
import type { Plan } from './plan.js';
import { chooseSamples, type Samples } from './samples.js';
import { fixShapes, type Shapes } from './shapes.js';
import {
  findUnsupported,
  refuseUnsupported,
  surelyUnsupported,
  type Unsupported,
  UnsupportedNodes,
  unsupportedInBodies,
} from './supported.js';

/** Ranges given by the user, all of those that are needed. */
function givenRanges(
  given: Readonly<Record<string, RealRange>>,
  measured: Readonly<Record<string, RealRange>>,
): Readonly<Record<string, RealRange>> {
  const missing = Object.keys(measured).filter((name) => !given[name]);
  if (missing.length > 0)
    throw new UserError(
      'OG_MISSING_RANGES',
      `The ranges given say nothing of ${missing.length} tensors, the first being "${missing[0]}".`,
      'Use the ranges of an artefact that was compiled from the same ONNX file.',
    );
  return Object.fromEntries(Object.keys(measured).map((name) => [name, given[name]!]));
}

function planOf(model: OnnxModel, nodes: readonly Node[], measurement: Measurement): Plan {
  const { inputs, outputs } = model.graph;
  const outputPairs = outputs.map((name) => ({ name, tensor: name }));
  return { inputs, outputs: outputPairs, nodes, facts: measurement.facts, ranges: measurement.ranges };
}

const isRuntimeRefusal = (error: unknown): boolean => error instanceof UserError && error.code === 'OG_MODEL_REFUSED';

/** A model with what was measured of it. */
export interface Prepared {
  readonly model: OnnxModel;
  readonly shapes: Shapes;
  readonly samples: Samples;
  readonly original: Plan;
  readonly ranges: Readonly<Record<string, RealRange>>;
}

async function measureModel(
  request: CompileRequest,
  frozen: Frozen,
  seed: number,
  warn: (warning: string) => void,
  runtime: FloatRuntime,
): Promise<Prepared> {
  const { inputs } = frozen.model.graph;
  const shapes = fixShapes(inputs, frozen.shapes, warn);
  const samples = chooseSamples(inputs, shapes, frozen.samples, seed, warn);
  if (samples.generated && !request.ranges && inputs.length > 0)
    warn('There are no calibration samples: ranges come from generated inputs, which may be unlike real ones.');
  const { model, refused } = await expandModel(frozen.model, shapes, samples.calibration[0]!, runtime);
  const { graph } = model;
  const constant = constantTensors(graph);
  const nodes = liveNodes(graph, constant);
  const unsupported = [...refused, ...findUnsupported(model, nodes)];
  const tensors = graph.nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '');
  const measuring = request.ranges || unsupported.length > 0 ? samples.calibration.slice(0, 1) : samples.calibration;
  const headroom = headroomOf(measuring.length, samples.generated);
  const measured = await measure(model, shapes, tensors, constant, measuring, headroom, runtime).catch((error) => {
    if (!isRuntimeRefusal(error)) refuseUnsupported(model.file, unsupported);
    throw error;
  });
  const named = new Set(unsupported.map(({ node }) => node));
  const asUsed = refusedNodes(optimise(planOf(model, nodes, measured), false)).filter(({ node }) => !named.has(node));
  refuseUnsupported(model.file, [...unsupported, ...asUsed]);
  const ranges = request.ranges ? givenRanges(request.ranges, measured.ranges) : measured.ranges;
  return { model, shapes, samples, original: planOf(model, nodes, { facts: measured.facts, ranges }), ranges };
}

/** The part of a model that does not depend on these nodes, which may be in bodies, with whatever it computes as its outputs. */
function without(model: OnnxModel, removed: ReadonlySet<string>): OnnxModel {
  const { graph, graphProto } = model;
  const lost = new Set<string>();
  const isKept = graph.nodes.map((node) => {
    const holdsOne = node.attributes.hasGraph && [...removed].some((name) => name.startsWith(`${node.name}/`));
    const keeps = !removed.has(node.name) && !holdsOne && !readsOf(node).some((name) => lost.has(name));
    if (!keeps) for (const name of node.outputs) lost.add(name);
    return keeps;
  });
  const nodes = graph.nodes.filter((_, i) => isKept[i]);
  const read = new Set(nodes.flatMap(readsOf));
  const outputs = nodes.flatMap((node) => node.outputs).filter((name) => name !== '' && !read.has(name));
  const changed = {
    ...graphProto,
    node: graphProto.node.filter((_, i) => isKept[i]),
    output: outputs.map((name) => create(ValueInfoProtoSchema, { name })),
  };
  return {
    ...model,
    graph: { ...graph, nodes, outputs },
    graphProto: changed,
    proto: { ...model.proto, graph: changed },
  };
}

/**
 * @throws UserError when the options or the samples are wrong, or nodes cannot be compiled: all of these are named, with whatever else
 * stops the compiler (a shape that is missing) or although ONNX Runtime does not know some of them.
 */
export async function prepare(
  request: CompileRequest,
  frozen: Frozen,
  seed: number,
  warn: (warning: string) => void,
  runtime: FloatRuntime,
): Promise<Prepared> {
  const { model } = frozen;
  const attempt = (of: OnnxModel) => measureModel(request, { ...frozen, model: of }, seed, warn, runtime);
  try {
    return await attempt(model);
  } catch (error) {
    if (error instanceof UnsupportedNodes) throw error;
    const sure = surelyUnsupported(model);
    if (!isRuntimeRefusal(error)) {
      refuseUnsupported(model.file, sure, error instanceof UserError ? error : undefined);
      throw error;
    }
    // ONNX Runtime refuses a whole file, and the nodes in bodies whether they are used or not.
    const unknown = [...sure, ...unsupportedInBodies(model)];
    const named = new Set(unknown.map(({ node }) => node));
    const rest = unknown.length > 0 ? await refusalOf(() => attempt(without(model, named))) : [];
    refuseUnsupported(model.file, [...unknown, ...rest.filter(({ node }) => !named.has(node))]);
    throw error;
  }
}

/** What is refused by something that may fail in any other way, too. */
async function refusalOf(work: () => Promise<unknown>): Promise<readonly Unsupported[]> {
  try {
    await work();
    return [];
  } catch (error) {
    return error instanceof UnsupportedNodes ? error.nodes : [];
  }
}
