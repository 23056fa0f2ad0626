/** What is lied about: a model, an input, and what they truly give. Made once, used by all strategies. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFile } from '../../src/cli/compile-file.js';
import { DIGITS_CALIBRATION, DIGITS_MODEL, digitOf, packDigit } from '../../src/cli/demo/digits.js';
import { type TraceSource, traceSource } from '../../src/dispute/trace.js';
import { encodeArtefact } from '../../src/program/artefact.js';
import { evaluate } from '../../src/program/evaluate.js';
import { type Model, Store } from '../../src/store/store.js';
import { ProcessVerifier } from '../../src/verify/process-verifier.js';
import { smallArtefact, smallInput } from '../chain/small-model.js';

export interface Subject {
  readonly model: Model;
  readonly input: Int32Array;
  readonly truth: TraceSource;
}

export type SubjectName = 'digits' | 'small';

/** The machine of the honest side: its store, and the processes that re-run jobs. */
export class Workshop {
  readonly store = new Store(mkdtempSync(join(tmpdir(), 'og-liars-')));
  readonly verifier = new ProcessVerifier(this.store, { parallel: 1, trustsPlaces: true });
  private readonly subjects = new Map<SubjectName, Promise<Subject>>();

  /**
   * `digits`: a trained network of seven steps, whose matches have three rounds. `small`: six steps of different kinds, of whose traces a
   * slot does not exist.
   */
  subject(name: SubjectName): Promise<Subject> {
    const known = this.subjects.get(name) ?? this.make(name);
    this.subjects.set(name, known);
    return known;
  }

  async close(): Promise<void> {
    await this.verifier.close();
    rmSync(this.store.folder, { recursive: true, force: true });
  }

  private async make(name: SubjectName): Promise<Subject> {
    const bytes = name === 'small' ? smallArtefact() : await digitsArtefact();
    const model = await this.store.putArtefact(bytes);
    const { commitment } = model;
    const input = name === 'small' ? smallInput() : packDigit(commitment.program, digitOf(5));
    return { model, input, truth: traceSource(commitment, evaluate(commitment.program, input)) };
  }
}

async function digitsArtefact(): Promise<Uint8Array> {
  const { artefact } = await compileFile(DIGITS_MODEL, { calibration: DIGITS_CALIBRATION });
  return encodeArtefact(artefact);
}
