/** Mutation number `index` of a seed: always the same bytes. */
import { Random } from '../../fixtures/random.js';
import { VALID_MODELS, validArtefacts } from './corpus.js';
import { mutateArtefact } from './mutate-artefact.js';
import { mutateBytes } from './mutate-bytes.js';
import { mutateModel } from './mutate-model.js';
import type { FileKind } from './try-file.js';

export interface Mutation {
  readonly kind: FileKind;
  /** Of the valid file. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const SEED_STRIDE = 1_000_003;

/** Three of ten are artefacts; of each kind, most damages know the format. */
export async function mutation(seed: number, index: number): Promise<Mutation> {
  const random = new Random(Math.imul(seed, SEED_STRIDE) + index);
  const kind: FileKind = random.unit() < 0.7 ? 'model' : 'artefact';
  const files = kind === 'model' ? VALID_MODELS : await validArtefacts();
  const pick = () => files[random.integer(0, files.length - 1)]!;
  const { name, bytes } = pick();
  if (random.unit() < 0.3) return { kind, name, bytes: mutateBytes(bytes, random, pick().bytes) };
  return { kind, name, bytes: kind === 'model' ? mutateModel(bytes, random) : mutateArtefact(bytes, random) };
}
