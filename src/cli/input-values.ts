import { UserError } from '../errors.js';

const WORDS: Readonly<Record<string, number>> = { true: 1, false: 0 };

/** Reads `--input-value` flags: `sr=16000`, `sizes=1,3,224`, `training=false`. */
export function parseInputValues(flags: readonly string[]): Record<string, number[]> {
  const values: Record<string, number[]> = {};
  for (const flag of flags) {
    const at = flag.lastIndexOf('=');
    const name = flag.slice(0, Math.max(at, 0));
    const words = flag.slice(at + 1).split(',');
    const numbers = words.map((word) => WORDS[word.trim()] ?? (word.trim() === '' ? Number.NaN : Number(word)));
    if (!name || !numbers.every(Number.isFinite))
      throw new UserError(
        'OG_BAD_INPUT_VALUE',
        `"${flag}" is not the value of an input.`,
        'Give the input and its numbers: --input-value sr=16000.',
      );
    if (values[name]) throw new UserError('OG_BAD_INPUT_VALUE', `The value of "${name}" is given twice.`);
    values[name] = numbers;
  }
  return values;
}
