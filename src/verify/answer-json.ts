/** An answer as JSON: on disk, and between machines. What is read is checked against the run that it is said to be of. */
import { z } from 'zod';
import type { Hash } from '../commit/hash.js';
import { type ModelHeader, modelIdOf, outputRootOf } from '../commit/model.js';
import type { Answer } from '../dispute/trace.js';

/** Everything that a run depends on. */
export type RunKey = Pick<Answer, 'modelId' | 'inputRoot'>;

export const HashJson = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hash);

const Count = z.int().nonnegative();
const Width = z.union([z.literal(1), z.literal(2), z.literal(4)]);

const HeaderJson = z.strictObject({
  programRoot: HashJson,
  constantsRoot: HashJson,
  layoutHash: HashJson,
  stepCount: Count,
  slotDepth: Count,
  tensorDepth: Count,
  constantSlotDepth: Count,
  constantTensorDepth: Count,
  inputElements: Count,
  inputWidth: Width,
  outputElements: Count,
  outputWidth: Width,
}) satisfies z.ZodType<ModelHeader>;

export const AnswerJson = z.object({
  model: HeaderJson,
  inputRoot: HashJson,
  traceRoot: HashJson,
  outputRoot: HashJson,
  /** Elements as int32 of this machine's byte order (little-endian wherever Node runs), in base64. */
  output: z.string(),
});
export type AnswerJson = z.infer<typeof AnswerJson>;

export function answerToJson({ model, inputRoot, traceRoot, outputRoot, output }: Answer): AnswerJson {
  return { model, inputRoot, traceRoot, outputRoot, output: int32ToBase64(output) };
}

/**
 * That the trace root is true only a run can say; everything else is checked.
 *
 * @throws RangeError when it is of another run, or contradicts itself.
 */
export function answerFromJson(json: AnswerJson, key: RunKey): Answer {
  const { model, traceRoot, outputRoot } = json;
  if (modelIdOf(model) !== key.modelId || json.inputRoot !== key.inputRoot)
    throw new RangeError('It is the answer of another run.');
  const output = int32FromBase64(json.output);
  if (outputRootOf(model, output) !== outputRoot) throw new RangeError('Its output has another root.');
  return { modelId: key.modelId, model, inputRoot: key.inputRoot, traceRoot, outputRoot, output };
}

export function int32ToBase64(data: Int32Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}

/** @throws RangeError when it is not a whole number of elements. */
export function int32FromBase64(text: string): Int32Array {
  const bytes = new Uint8Array(Buffer.from(text, 'base64')); // aligned
  if (bytes.length % 4 !== 0) throw new RangeError('These are not whole elements.');
  return new Int32Array(bytes.buffer);
}
