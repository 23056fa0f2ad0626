/** The digits that come with og: a small network that was trained for it, and handwritten digits that it has not seen. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packInputs } from '../../program/layout.js';
import type { Program } from '../../program/program.js';
import { drawPicture } from './picture.js';

const FOLDER = fileURLToPath(new URL('../../../fixtures/digits/', import.meta.url));

export const DIGITS_MODEL = `${FOLDER}digits.onnx`;
export const DIGITS_CALIBRATION = `${FOLDER}calibration.npz`;

const SIDE = 28;

export interface DigitSample {
  /** What a person says it is. */
  readonly label: number;
  /** Row by row, 0 (paper) to 1 (ink). */
  readonly pixels: Float32Array;
}

export function readDigits(): DigitSample[] {
  const { samples } = JSON.parse(readFileSync(`${FOLDER}samples.json`, 'utf8')) as {
    samples: { label: number; pixels: string }[];
  };
  return samples.map(({ label, pixels }) => ({
    label,
    pixels: Float32Array.from(Buffer.from(pixels, 'base64'), (byte) => byte / 255),
  }));
}

/** The first sample of a digit. */
export function digitOf(label: number): DigitSample {
  const found = readDigits().find((sample) => sample.label === label);
  if (!found) throw new Error(`There is no sample of the digit ${label}.`);
  return found;
}

export function packDigit(program: Program, { pixels }: DigitSample): Int32Array {
  const { name, shape } = program.inputs[0]!;
  return packInputs(program, { [name]: { shape, data: pixels } });
}

export const drawDigit = ({ pixels }: DigitSample): string[] => drawPicture(pixels, SIDE);
