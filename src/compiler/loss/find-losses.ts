/**
 * Which steps a program loses most with, measured: what each node adds to the error of its result beyond what its inputs bring,
 * and what that alone does to the outputs of the float model.
 */
import type { Losses, StepLoss } from '../../program/artefact.js';
import { unpackOutputs } from '../../program/layout.js';
import type { Program } from '../../program/program.js';
import type { Tensor } from '../build/tensor.js';
import type { FloatRuntime, FloatSession, FloatTensor, FloatTensorType } from '../float-runtime.js';
import type { Lowered } from '../lower/lower.js';
import { LARGEST_REAL } from '../measure.js';
import type { OnnxModel } from '../onnx/graph.js';
import { instrument } from '../onnx/instrument.js';
import { toNumbers } from '../onnx/tensor.js';
import { packSample } from '../pack-sample.js';
import { factsOf, type Plan } from '../plan.js';
import type { FloatSample } from '../samples.js';
import type { Shapes } from '../shapes.js';
import { decode } from './decode.js';
import { inputName, readName, withErrors, withGiven } from './rewire.js';
import { RelativeError } from './size.js';

/** Runs a program and keeps every slot. */
export type TraceProgram = (program: Program, input: Int32Array) => Promise<Int32Array[]>;

/** A compiled model with what is known of it. */
export interface Subject {
  /** The float model that the plan was made from. */
  readonly model: OnnxModel;
  readonly shapes: Shapes;
  readonly plan: Plan;
  /** The program before expensive steps were split, and where it holds the plan's tensors. */
  readonly lowered: Lowered;
  /** The program that people get. */
  readonly program: Program;
}

const MOST_SAMPLES = 2;
/** Nodes whose error is tried on the outputs: those that add most to their own results. */
const MOST_TRIED = 32;
const MOST_LISTED = 5;
/** The float model itself rounds as much. */
const FLOAT32_ROUNDING = 2 ** -22;

/** A tensor that the program holds, and what is measured of it. */
interface Place {
  readonly name: string;
  readonly tensor: Tensor;
  readonly node: string;
  readonly operator: string;
  readonly type: FloatTensorType;
  readonly own: RelativeError;
  /** What the node adds, by sample. */
  readonly errors: Float64Array[];
  elements: number;
  saturated: number;
}

const real = (values: Float64Array, dims: readonly number[]): FloatTensor => ({
  type: 'float64',
  dims: [...dims],
  data: values,
});

const NO_ERROR = real(new Float64Array(1), []);

function placesOf({ plan, lowered }: Subject): Place[] {
  const made = [
    ...plan.inputs.map(({ name }) => ({ name, node: name, operator: 'input' })),
    ...plan.nodes.flatMap(({ name: node, operator, unary, outputs }) =>
      outputs.filter((name) => name !== '').map((name) => ({ name, node, operator: unary?.label ?? operator })),
    ),
  ];
  return made.flatMap(({ name, node, operator }) => {
    const tensor = lowered.tensors.get(name);
    if (tensor?.source.kind !== 'slot') return [];
    const type = factsOf(plan, name).type as FloatTensorType;
    return [
      {
        name,
        node,
        operator,
        tensor,
        type,
        own: new RelativeError(),
        errors: [],
        elements: 0,
        saturated: 0,
        squares: 0,
      },
    ];
  });
}

const typesOf = (places: readonly Place[]) => new Map(places.map(({ name, type }) => [name, type]));

/** What the node of each place adds to its result, given the integers that it reads. */
async function measureOwn(
  { model, shapes }: Subject,
  places: readonly Place[],
  samples: readonly FloatSample[],
  traces: readonly Int32Array[][],
  runtime: FloatRuntime,
): Promise<void> {
  const inputs = new Set(model.graph.inputs.map(({ name }) => name));
  const computed = places.map(({ name }) => name).filter((name) => !inputs.has(name));
  const session = await runtime.open(instrument(withGiven(model, typesOf(places)), shapes, computed));
  try {
    for (const [i, sample] of samples.entries()) {
      const held = places.map(({ tensor }) => decode(traces[i]!, tensor)!);
      const given = places.map(({ name, tensor }, k) => [inputName(name), real(held[k]!, tensor.shape)] as const);
      const wanted = { ...sample, ...(await session.run({ ...sample, ...Object.fromEntries(given) }, computed)) };
      places.forEach((place, k) => {
        const values = toNumbers(wanted[place.name]!);
        const { range, scale, ordered } = place.tensor;
        const [lo, hi] = ordered ? [-Infinity, Infinity] : [(range.lo - 1) * scale, (range.hi + 1) * scale];
        place.own.add(values, held[k]!);
        place.elements += values.length;
        place.errors.push(
          values.map((x, at) => {
            if (!(Math.abs(x) <= LARGEST_REAL)) return 0;
            if (x < lo || x > hi) place.saturated++;
            return held[k]![at]! - x;
          }),
        );
      });
    }
  } finally {
    await session.close();
  }
}

/** The outputs of the float model when places have errors. */
async function outputsWith(
  session: FloatSession,
  { model }: Subject,
  tried: readonly Place[],
  sample: FloatSample,
  errorOf: (place: Place) => FloatTensor,
): Promise<Float64Array[]> {
  const isTried = new Set(tried.map(({ name }) => name));
  const names = model.graph.outputs.map((name) => (isTried.has(name) ? readName(name) : name));
  const errors = Object.fromEntries(tried.map((place) => [inputName(place.name), errorOf(place)]));
  const results = await session.run({ ...sample, ...errors }, names);
  return names.map((name) => toNumbers(results[name]!));
}

/** The largest of some magnitudes, by the middle one; zeros aside. */
function spreadOf(values: Float64Array): number | null {
  const magnitudes = values
    .map(Math.abs)
    .filter((value) => value > 0 && value <= LARGEST_REAL)
    .sort();
  return magnitudes.length === 0 ? null : magnitudes.at(-1)! / magnitudes[magnitudes.length >> 1]!;
}

function stepLoss(place: Place, outputError: number, traces: readonly Int32Array[][], subject: Subject): StepLoss {
  const { lowered, program } = subject;
  const { node, operator, tensor, own, elements, saturated, errors } = place;
  const slot = tensor.source.kind === 'slot' ? tensor.source.index : 0;
  const name = lowered.program.steps[slot - 1]?.name;
  const exact = decode(traces[0]!, tensor)!.map((value, i) => value - errors[0]![i]!);
  return {
    // Splitting keeps the name of the step that gives the result.
    step: name === undefined ? 0 : program.steps.findIndex((step) => step.name === name) + 1,
    node,
    operator,
    ownError: own.size,
    outputError,
    saturated: saturated / Math.max(elements, 1),
    spread: spreadOf(exact),
  };
}

/**
 * @param samples some that the ranges were not measured on.
 * @throws UserError when the runtime cannot run the model in pieces.
 */
export async function findLosses(
  subject: Subject,
  samples: readonly FloatSample[],
  runtime: FloatRuntime,
  trace: TraceProgram,
): Promise<Losses> {
  const { model, shapes, lowered } = subject;
  const used = samples.slice(0, MOST_SAMPLES);
  const traces: Int32Array[][] = [];
  for (const sample of used) traces.push(await trace(lowered.program, packSample(lowered.program, sample)));
  const places = placesOf(subject);
  await measureOwn(subject, places, used, traces, runtime);
  const tried = places
    .filter(({ own }) => own.size > FLOAT32_ROUNDING)
    .sort((x, y) => y.own.size - x.own.size)
    .slice(0, MOST_TRIED);

  const names = new Set(tried.map(({ name }) => name));
  const fetched = model.graph.outputs.map((name) => (names.has(name) ? readName(name) : name));
  const session = await runtime.open(instrument(withErrors(model, typesOf(tried)), shapes, fetched));
  const total = new RelativeError();
  const alone = tried.map(() => new RelativeError());
  try {
    for (const [i, sample] of used.entries()) {
      const exact = await outputsWith(session, subject, tried, sample, () => NO_ERROR);
      const actual = unpackOutputs(lowered.program, traces[i]!.at(-1)!);
      model.graph.outputs.forEach((name, k) => {
        total.add(exact[k]!, actual[name]!.data);
      });
      for (const [t, place] of tried.entries()) {
        const error = real(place.errors[i]!, place.tensor.shape);
        const wrong = await outputsWith(session, subject, tried, sample, (other) =>
          other === place ? error : NO_ERROR,
        );
        wrong.forEach((values, k) => {
          alone[t]!.add(exact[k]!, values);
        });
      }
    }
  } finally {
    await session.close();
  }
  const worst = tried
    .map((place, t) => ({ place, outputError: alone[t]!.size }))
    .filter(({ outputError }) => outputError > FLOAT32_ROUNDING)
    .sort((x, y) => y.outputError - x.outputError)
    .slice(0, MOST_LISTED);
  return {
    outputError: total.size,
    steps: worst.map(({ place, outputError }) => stepLoss(place, outputError, traces, subject)),
  };
}
