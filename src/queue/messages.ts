/** What goes through the queue: what is to be run, and what a runner says it comes to. Neither side trusts the other. */
import { z } from 'zod';
import type { Answer } from '../dispute/trace.js';
import {
  AnswerJson,
  answerFromJson,
  answerToJson,
  HashJson,
  int32FromBase64,
  int32ToBase64,
} from '../verify/answer-json.js';
import { type PlainError, plainError } from '../verify/messages.js';
import type { Reply } from '../verify/runners.js';
import type { Inference } from '../verify/verifier.js';

/** Name of the queue in Redis. The number is that of this file's formats. */
export const QUEUE = 'runs-1';
/** Of its keys in Redis. */
export const PREFIX = 'og';

const RunJson = z.strictObject({
  modelId: HashJson,
  inputRoot: HashJson,
  /** Where the artefact may be fetched. */
  places: z.array(z.string()),
  /** The packed input as int32 in base64. */
  input: z.string(),
});
export type RunJson = z.infer<typeof RunJson>;

const ReplyJson = z.union([
  z.strictObject({ runner: z.string(), answer: AnswerJson }),
  z.strictObject({ runner: z.string(), refused: z.object({ message: z.string() }) }),
]);
export type ReplyJson =
  | { readonly runner: string; readonly answer: AnswerJson }
  | { readonly runner: string; readonly refused: PlainError };

/** A runner has told why it did not run something. */
export class RunRefused extends Error {
  constructor(
    readonly runner: string,
    message: string,
  ) {
    super(message);
    this.name = 'RunRefused';
  }
}

export function runToJson({ modelId, inputRoot, input }: Inference, places: readonly string[]): RunJson {
  return { modelId, inputRoot, places: [...places], input: int32ToBase64(input) };
}

/** @throws ZodError or RangeError when it is not a run. That the input has its root is for the run to show. */
export function runFromJson(json: unknown): Inference {
  const { modelId, inputRoot, places, input } = RunJson.parse(json);
  return { modelId, inputRoot, input: int32FromBase64(input), artefactPlaces: async () => places };
}

export function replyToJson(runner: string, answer: Answer): ReplyJson {
  return { runner, answer: answerToJson(answer) };
}

export function refusalToJson(runner: string, error: unknown): ReplyJson {
  return { runner, refused: plainError(error) };
}

/** @throws RunRefused; ZodError or RangeError when it is no reply to this run. */
export function replyFromJson(json: unknown, run: Pick<Inference, 'modelId' | 'inputRoot'>): Reply {
  const reply = ReplyJson.parse(json);
  if ('refused' in reply) throw new RunRefused(reply.runner, reply.refused.message);
  return { runner: reply.runner, answer: answerFromJson(reply.answer, run) };
}
