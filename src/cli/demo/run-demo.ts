/** The whole story, chapter by chapter. */
import { registerModel } from '../../chain/model-registry.js';
import { canonicalJson } from '../../commit/canonical-json.js';
import { keccakHex } from '../../commit/keccak.js';
import { out } from '../colour.js';
import type { Json } from '../json.js';
import { parseLie } from '../tamper.js';
import { fraudulentJob } from './fraud.js';
import { honestJob } from './honest.js';
import { Narrator } from './narrator.js';
import { openStage, type Stage } from './stage.js';
import { loadSubject, type Subject, type SubjectOptions } from './subject.js';

export interface DemoOptions extends SubjectOptions {
  /** `<step>[:<element>]`; one that turns the answer when left out. */
  readonly lie?: string | undefined;
  /** Tell it on stdout. */
  readonly aloud: boolean;
}

export async function runDemo(options: DemoOptions): Promise<Json> {
  const startedAt = performance.now();
  const narrator = new Narrator(options.aloud);
  narrator.line("A model runs on somebody else's machine. How do you know that the answer is what the model says?");

  narrator.chapter('The model');
  const subject = await loadSubject(options);
  introduce(subject, narrator);
  const { program } = subject.model.artefact;
  const lie = options.lie === undefined ? undefined : parseLie(options.lie, program, '--lie');
  const stage = await openStage();
  try {
    narrator.line(
      `  A local chain runs at ${stage.devnet.url}, with the contracts at ${stage.devnet.contracts.address}.`,
    );
    await register(stage, subject, narrator);
    const honest = await honestJob(stage, subject, narrator);
    const fraud = await fraudulentJob(stage, subject, lie, narrator);
    const seconds = (performance.now() - startedAt) / 1000;
    narrator.chapter(`Done in ${seconds.toFixed(1)} s`);
    narrator.line('  Nobody trusted anybody. An honest answer cost a claim and an end; a lie cost the liar its bond.');
    narrator.line(`  Try ${out.bold('og demo --lie 1')}, or your own model: ${out.bold('og demo --model model.onnx')}`);
    return { modelId: subject.model.modelId, honest, fraud, seconds: Number(seconds.toFixed(2)) };
  } finally {
    await stage.devnet.stop();
  }
}

function introduce({ name, model }: Subject, narrator: Narrator): void {
  const { program } = model.artefact;
  narrator.line(
    `  ${name} is compiled to ${program.steps.length} steps over exact integers, the same on every machine:`,
  );
  narrator.line(
    `  ${program.steps
      .map((step) => step.name)
      .slice(0, 12)
      .join(' → ')}${program.steps.length > 12 ? ' → …' : ''}`,
  );
  narrator.line(`  model id ${model.modelId}`);
}

async function register({ devnet, cast }: Stage, { model }: Subject, narrator: Narrator): Promise<void> {
  const { source, fidelity } = model.artefact;
  const { gasUsed } = await registerModel(devnet.contracts, cast.worker, model.commitment.model, {
    sourceSha256: `0x${source.sha256}`,
    fidelityHash: keccakHex(Buffer.from(canonicalJson(fidelity))),
    uri: '',
  });
  narrator.transaction({ who: 'worker', what: 'registers the model', gasUsed });
}
