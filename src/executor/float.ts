/** Runs original float models in ONNX Runtime, for the compiler's calibration and fidelity report. */
import type {
  FloatRuntime,
  FloatRuntimeOptions,
  FloatSession,
  FloatTensor,
  FloatTensorType,
} from '../compiler/float-runtime.js';
import { UserError } from '../errors.js';
import { loadRuntime, nodeOf, openSession, type RuntimeSession, sentenceOf } from './runtime.js';

type OrtTensor = import('onnxruntime-node').Tensor;

export function loadFloatRuntime(): FloatRuntime {
  return { open };
}

async function open(modelBytes: Uint8Array, options: FloatRuntimeOptions = {}): Promise<FloatSession> {
  try {
    const session = await openSession(modelBytes, { optimize: options.optimize ? 'all' : undefined });
    return new OrtFloatSession(session);
  } catch (error) {
    throw refusal('ONNX Runtime refuses the model', error);
  }
}

class OrtFloatSession implements FloatSession {
  readonly inputs: string[];
  readonly outputs: string[];

  constructor(private readonly session: RuntimeSession) {
    this.inputs = [...session.inputNames];
    this.outputs = [...session.outputNames];
  }

  async run(feeds: Record<string, FloatTensor>, fetch: string[] = this.outputs): Promise<Record<string, FloatTensor>> {
    const { Tensor } = await loadRuntime();
    const missing = this.inputs.find((name) => !feeds[name]);
    if (missing !== undefined) throw new UserError('OG_MISSING_INPUT', `The model's input "${missing}" was not given.`);
    const unknown = fetch.find((name) => !this.outputs.includes(name));
    if (unknown !== undefined)
      throw new UserError(
        'OG_UNKNOWN_OUTPUT',
        `The model has no output "${unknown}"; its outputs are ${this.outputs.join(', ')}.`,
      );
    try {
      const tensors = Object.fromEntries(
        this.inputs.map((name) => {
          const { type, data, dims } = feeds[name]!;
          return [name, new Tensor(ortType(type), data as never, dims) as OrtTensor];
        }),
      );
      const results = await this.session.run(tensors, fetch);
      return Object.fromEntries(fetch.map((name) => [name, fromOrt(results[name]!)]));
    } catch (error) {
      throw refusal('ONNX Runtime could not run the model', error);
    }
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}

/** ONNX Runtime for JavaScript has the same names as ONNX. */
const ortType = (type: string): 'float32' => type as 'float32';

function fromOrt(tensor: OrtTensor): FloatTensor {
  return { type: tensor.type as FloatTensorType, dims: [...tensor.dims], data: tensor.data as FloatTensor['data'] };
}

function refusal(what: string, error: unknown): UserError {
  const node = nodeOf(error);
  const where = node ? ` at node "${node.name}" (${node.op})` : '';
  return new UserError(
    'OG_MODEL_REFUSED',
    `${what}${where}: ${sentenceOf(error)}`,
    'Check the file with another ONNX tool; the operators and opsets that og compiles are listed by: og inspect',
    { cause: error },
  );
}
