/** Inputs of the kind that a model is meant for, from a seed: no sample is ever given twice. */
import { Random } from '../../fixtures/random.js';
import type { FloatSample } from '../../src/compiler/compile.js';
import type { FloatTensor } from '../../src/compiler/float-runtime.js';
import type { GraphInput } from '../../src/compiler/onnx/graph.js';
import { generateSamples } from '../../src/compiler/samples.js';
import type { Shapes } from '../../src/compiler/shapes.js';

/** Sample number `index`. */
export type Sampler = (index: number) => FloatSample;

const real = (dims: readonly number[], data: Float32Array): FloatTensor => ({ type: 'float32', dims: [...dims], data });
const whole = (dims: readonly number[], values: readonly number[]): FloatTensor => ({
  type: 'int64',
  dims: [...dims],
  data: BigInt64Array.from(values, BigInt),
});

const filled = (length: number, next: (i: number) => number): Float32Array =>
  Float32Array.from({ length }, (_, i) => next(i));

/** Mean 0, variance 1, nearly. */
const normal = (random: Random): number => Array.from({ length: 12 }, () => random.unit()).reduce((x, y) => x + y) - 6;

const LINE_HEIGHT = 32;

/** Grey values 0 to 1 of dark strokes in rows on light paper, as a scanned page has. */
function page(height: number, width: number, random: Random): Float32Array {
  const paper = random.between(0.75, 1);
  const pixels = new Float32Array(height * width).fill(paper);
  const lines = Math.max(1, Math.floor(height / LINE_HEIGHT));
  for (let line = 0; line < lines; line++) {
    const [top, bottom] = [0.25, 0.75].map((part) => Math.floor(((line + part) * height) / lines)) as [number, number];
    for (let x = random.integer(3, 14); x < width - 8; ) {
      const letter = random.integer(6, 14);
      const strokes = random.unit() < 0.15 ? 0 : 4;
      for (let stroke = 0; stroke < strokes; stroke++) {
        const ink = random.between(0, 0.3);
        const isUpright = random.unit() < 0.5;
        const place = random.unit();
        for (let t = 0; t < (isUpright ? bottom - top : letter); t++)
          for (let thick = 0; thick < 2; thick++) {
            const row = isUpright ? top + t : Math.floor(top + place * (bottom - top - 2)) + thick;
            const column = isUpright ? Math.floor(x + place * (letter - 2)) + thick : x + t;
            if (row < height && column < width) pixels[row * width + column] = ink;
          }
      }
      x += letter + 2;
    }
  }
  return pixels.map((value) => value + random.between(-0.03, 0.03));
}

/** A page as an image model takes it: channels first, 0 to 1 brought to -1 to 1. */
export const pages =
  (name: string, [, channels, height, width]: readonly [number, number, number, number], seed: number): Sampler =>
  (index) => {
    const pixels = page(height, width, new Random(seed + index));
    const data = filled(channels * height * width, (i) => (pixels[i % (height * width)]! - 0.5) / 0.5);
    return { [name]: real([1, channels, height, width], data) };
  };

/** A picture of smooth patches and edges, channels last, in -1 to 1. */
export const pictures =
  (name: string, [, height, width, channels]: readonly [number, number, number, number], seed: number): Sampler =>
  (index) => {
    const random = new Random(seed + index);
    const patches = Array.from({ length: 12 }, () => ({
      x: random.between(0, width),
      y: random.between(0, height),
      radius: random.between(0.05, 0.4) * width,
      colour: Array.from({ length: channels }, () => random.between(-1, 1)),
    }));
    const shade = random.between(-0.5, 0.5);
    const data = filled(height * width * channels, (i) => {
      const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
      const patch = patches.find((each) => Math.hypot(x - each.x, y - each.y) < each.radius);
      const value = (patch?.colour[i % channels] ?? shade) + (0.4 * x) / width - 0.2;
      return Math.min(Math.max(value + random.between(-0.05, 0.05), -1), 1);
    });
    return { [name]: real([1, height, width, channels], data) };
  };

/** Speech embeddings of 16 frames: they drift from frame to frame, and some components are far larger than others. */
export const embeddings =
  (name: string, seed: number): Sampler =>
  (index) => {
    const random = new Random(seed + index);
    const base = filled(96, () => 8 * normal(random));
    const data = filled(16 * 96, (i) => base[i % 96]! + 4 * normal(random));
    return { [name]: real([1, 16, 96], data) };
  };

/** 32 ms of sound at 16 kHz: a few tones of a voice, noise, or almost nothing; and a state as it is after some of it. */
export const sounds =
  (seed: number): Sampler =>
  (index) => {
    const random = new Random(seed + index);
    const loudness = [0.002, 0.05, 0.3, 0.8][index % 4]!;
    const pitch = random.between(80, 300);
    const tones = Array.from({ length: 12 }, (_, k) => ({ at: pitch * (k + 1), size: random.unit() / (k + 1) }));
    const data = filled(512, (i) => {
      const voice = tones.reduce((sum, { at, size }) => sum + size * Math.sin((2 * Math.PI * at * i) / 16_000), 0);
      return loudness * (0.5 * voice + 0.1 * normal(random));
    });
    const state = filled(256, (i) => (index % 3 === 0 ? 0 : i < 128 ? Math.tanh(normal(random)) : 2 * normal(random)));
    return { input: real([1, 512], data), state: real([2, 1, 128], state), sr: whole([], [16_000]) };
  };

const LARGEST_ID = 63;

/** What fits any model: numbers around zero, ids from 0, and a mask that ends somewhere. */
export function samplesOf(inputs: readonly GraphInput[], shapes: Shapes, seed: number): Sampler {
  return (index) => {
    const random = new Random(seed + index);
    const generated = generateSamples(inputs, shapes, 2, seed + index)[index % 2]!;
    const own = inputs
      .filter(({ type }) => type === 'int64')
      .map(({ name }) => {
        const length = shapes[name]!.reduce((product, dim) => product * dim, 1);
        const tokens = random.integer(1, Math.max(1, length));
        const values = Array.from({ length }, (_, i) =>
          /mask/i.test(name) ? (i < tokens ? 1 : 0) : random.integer(0, LARGEST_ID),
        );
        return [name, whole(shapes[name]!, values)] as const;
      });
    return { ...generated, ...Object.fromEntries(own) };
  };
}
