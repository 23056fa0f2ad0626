/** Models and inputs that nobody can check. Nobody honest has a part in such a job, and so nobody honest can lose by it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registerModel } from '../../src/chain/model-registry.js';
import { commitModel, inputRootOf } from '../../src/commit/model.js';
import { traceSource } from '../../src/dispute/trace.js';
import { evaluate } from '../../src/program/evaluate.js';
import type { Program } from '../../src/program/program.js';
import type { JobId } from '../../src/units.js';
import { smallArtefact, smallInput, smallProgram } from '../chain/small-model.js';
import { pause } from './chain.js';
import type { Honest } from './honest.js';
import type { Stage } from './stage.js';
import type { Strategy } from './strategy.js';

const NO_HASH = `0x${'00'.repeat(32)}` as const;

/** A program that multiplies until nothing holds it: `checkProgram` refuses it. */
function overflowing(): Program {
  const program = smallProgram();
  const steps = program.steps.map((step, i) => (i === 0 ? { ...step, shift: -52 } : step));
  return { ...program, steps };
}

/** A job of another model, claimed by somebody; a watchtower and a worker look at it. */
async function foreignJob(stage: Stage, program: Program, artefact: Uint8Array | null): Promise<JobId> {
  const { chain, contracts, workshop } = stage;
  const commitment = commitModel(program);
  const file = join(workshop.store.folder, `foreign-${commitment.modelId}.og`);
  if (artefact) writeFileSync(file, artefact);
  const provenance = { sourceSha256: NO_HASH, fidelityHash: NO_HASH, uri: file };
  await registerModel(contracts, chain.devnet.sender(0), commitment.model, provenance);
  const job = await stage.request('unjudged', { model: commitment.model, input: smallInput() });
  const slots = evaluate(smallProgram(), smallInput());
  const liar = stage.liar(traceSource(commitment, slots), { moves: 0 });
  await stage.claim(job, liar.account, liar.trace);
  return job;
}

/** Says that it cannot be checked, and puts up nothing. */
async function isLeftAlone(stage: Stage, tower: Honest): Promise<void> {
  const end = Date.now() + 60_000;
  while (tower.said('unverifiable').length === 0 && Date.now() < end) await pause(50);
  stage.require(tower.said('unverifiable').length > 0, 'the watchtower was to say that the job cannot be checked');
  stage.require(tower.said('challenge', 'submit').length === 0, 'nothing was to be put up');
}

function unverifiable(
  name: string,
  sentence: string,
  programOf: () => Program,
  artefactOf: (program: Program) => Uint8Array | null,
): Strategy {
  return {
    name,
    sentence,
    stage: { subject: 'small' },
    async play(stage) {
      const program = programOf();
      await foreignJob(stage, program, artefactOf(program));
      await isLeftAlone(stage, await stage.honestly('watch'));
    },
  };
}

/** Another model than the small one, and as legal. */
function other(): Program {
  const program = smallProgram();
  const steps = program.steps.map((step, i) => (i === 0 ? { ...step, shift: 7 } : step));
  return { ...program, steps };
}

export const MODELS: readonly Strategy[] = [
  unverifiable(
    'bounds-that-do-not-hold',
    'a claim on a program whose numbers grow beyond what is exact',
    overflowing,
    (program) => smallArtefact(program),
  ),
  unverifiable(
    'constants-nobody-can-fetch',
    'a claim on a model whose artefact is nowhere to be had',
    other,
    () => null,
  ),
  unverifiable('artefact-of-another-model', "a claim on a model where another model's artefact is given", other, () =>
    smallArtefact(),
  ),
  {
    name: 'input-nobody-has',
    sentence: 'a claim on an input that only the liar knows, and keeps to itself',
    stage: { subject: 'small' },
    async play(stage) {
      const { chain, contracts, subject } = stage;
      const { model } = subject.model.commitment;
      const secret = smallInput(3);
      const { jobs } = contracts;
      const call = jobs.call(
        'requestByRoot',
        [subject.model.modelId, inputRootOf(model, secret), 600n, `0x${'00'.repeat(20)}`],
        5n,
      );
      await chain.devnet.sender(1).send(call);
      const job = (await jobs.read('jobCount', [])) as JobId;
      await stage.expectEnd(job, 'void');
      const liar = stage.liar(traceSource(subject.model.commitment, evaluate(smallProgram(), secret)), { moves: 0 });
      await stage.claim(job, liar.account, liar.trace);
      const tower = await stage.honestly('watch');
      await stage.until(() => tower.said('demandInput').length > 0);
      const { inputDemandSeconds } = contracts.parameters;
      await chain.devnet.passSeconds(inputDemandSeconds + 1);
      await stage.until(async () => (await stage.view(job)).job.status === 'void');
    },
  },
];
