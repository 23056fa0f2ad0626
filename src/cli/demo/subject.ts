/** What the demonstration runs: the digits that come with og, or a model and inputs that it is given. */
import { basename } from 'node:path';
import { encodeArtefact } from '../../program/artefact.js';
import type { Program } from '../../program/program.js';
import { widthRange } from '../../program/range.js';
import type { Model } from '../../store/store.js';
import { readModelBytes } from '../../store/store.js';
import { compileFile } from '../compile-file.js';
import { readModelFile } from '../model-files.js';
import { packedInput } from '../packed-input.js';
import { DIGITS_CALIBRATION, DIGITS_MODEL, type DigitSample, digitOf, drawDigit, packDigit } from './digits.js';

/** One input, and how to show it. */
export interface Exhibit {
  readonly packed: Int32Array;
  readonly title: string;
  readonly picture: readonly string[];
  /** What a person says the answer is; null where nobody has said. */
  readonly label: number | null;
}

export interface Subject {
  readonly name: string;
  readonly model: Model;
  readonly honest: Exhibit;
  readonly disputed: Exhibit;
}

export interface SubjectOptions {
  /** An ONNX file or an artefact. */
  readonly model?: string | undefined;
  /** Shapes by input name, for an ONNX file that leaves them open. */
  readonly shapes: Record<string, number[]>;
  /** `--input` flags. */
  readonly inputs: readonly string[];
}

const HONEST_DIGIT = 7;
const DISPUTED_DIGIT = 9;

export async function loadSubject({ model: path, shapes, inputs }: SubjectOptions): Promise<Subject> {
  if (path === undefined && inputs.length === 0) return digitsSubject();
  const model = await loadOrCompile(path ?? DIGITS_MODEL, shapes);
  const { program } = model.artefact;
  const exhibit = inputs.length > 0 ? givenInput(await packedInput(program, inputs), inputs) : madeUpInput(program);
  return { name: basename(path ?? DIGITS_MODEL), model, honest: exhibit, disputed: exhibit };
}

async function digitsSubject(): Promise<Subject> {
  const model = await loadOrCompile(DIGITS_MODEL, {});
  const exhibitOf = (digit: DigitSample): Exhibit => ({
    packed: packDigit(model.artefact.program, digit),
    title: `a handwritten ${digit.label} that the network has never seen`,
    picture: drawDigit(digit),
    label: digit.label,
  });
  return {
    name: 'digits.onnx',
    model,
    honest: exhibitOf(digitOf(HONEST_DIGIT)),
    disputed: exhibitOf(digitOf(DISPUTED_DIGIT)),
  };
}

async function loadOrCompile(path: string, shapes: Record<string, number[]>): Promise<Model> {
  const { bytes, isArtefact } = readModelFile(path);
  if (isArtefact) return readModelBytes(bytes, basename(path));
  const { artefact } = await compileFile(
    path,
    path === DIGITS_MODEL ? { calibration: DIGITS_CALIBRATION } : { shapes },
  );
  // Written and read again, as everybody else gets it.
  const encoded = encodeArtefact(artefact);
  return readModelBytes(encoded, basename(path));
}

function givenInput(packed: Int32Array, files: readonly string[]): Exhibit {
  return { packed, title: files.join(', '), picture: [], label: null };
}

/** Integers from the lower half of what the input holds, the same ones each time. */
function madeUpInput(program: Program): Exhibit {
  const { elements, width } = program.input;
  const { hi } = widthRange(width);
  let state = 1;
  const packed = Int32Array.from({ length: elements }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((state / 2 ** 31) * (hi / 2));
  });
  return { packed, title: 'made-up numbers (give your own with --input)', picture: [], label: null };
}
