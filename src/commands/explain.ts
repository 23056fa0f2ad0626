import { Args, Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { chainFlags } from '../cli/flags.js';
import { parseMatchId } from '../cli/ids.js';
import type { Json } from '../cli/json.js';
import { fileBytes, writeFile } from '../cli/model-files.js';
import { loadModel } from '../cli/models.js';
import { prose } from '../cli/prose.js';
import { openSession } from '../cli/session.js';
import { openStore } from '../cli/store.js';
import { asHash, type Hash } from '../commit/hash.js';
import { UserError } from '../errors.js';
import type { Program } from '../program/program.js';

export default class Explain extends OgCommand {
  static override summary =
    'Replay a match from the chain: every move, where it led, who paid what; as evidence for others.';
  static override description = prose`
    Reads what both sides have shown and shows each move with its time, sender and cost, the layer that it came to, and who paid what in
    the end. The names of the layers come from the model, if it is on this machine or given.

    With --out, everything is written to one file: the transactions as they were signed, which anybody can check without a chain by
    --verify. That computes every hash again, from the seals down to one element, and the element itself. Exit code 4 when the evidence
    does not hold.`;
  static override examples = [
    '<%= config.bin %> explain 1-2',
    '<%= config.bin %> explain 1-2 --model digits.og --out evidence.json',
    { description: 'Somebody else, without a chain', command: '<%= config.bin %> explain --verify evidence.json' },
  ];
  static override args = {
    match: Args.string({ description: 'The match: the numbers of its two claims, such as 1-2.' }),
  };
  static override flags = {
    ...chainFlags,
    model: Flags.string({
      char: 'm',
      helpValue: '<id or artefact>',
      summary: 'The model, for the names of its layers; the one on this machine when left out.',
    }),
    out: Flags.string({ char: 'o', helpValue: '<file>', summary: 'Write the evidence to this file.' }),
    verify: Flags.string({
      helpValue: '<file>',
      exclusive: ['out'],
      summary: 'Check an evidence file instead: no chain is asked.',
    }),
  };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(Explain);
    const store = await openStore(flags);
    const programOf = async (modelId: Hash): Promise<Program | null> => {
      if (flags.model === undefined) return (await store.model(modelId))?.commitment.program ?? null;
      const model = await loadModel(flags.model, store);
      if (model.modelId === modelId) return model.commitment.program;
      throw new UserError(
        'OG_OTHER_MODEL',
        `${flags.model} is model ${model.modelId}; the match is about model ${modelId}.`,
        'Leave --model out, or give the artefact of that model.',
      );
    };
    if (flags.verify !== undefined) return this.verify(flags.verify, args.match, programOf);
    if (args.match === undefined)
      throw new UserError(
        'OG_NO_MATCH',
        'Say which match is to be explained.',
        'og explain 1-2 explains the match of claims 1 and 2; og job <number> lists the matches of a job.',
      );
    const id = parseMatchId(args.match);
    const { contracts } = await openSession(flags);
    const [{ readMatchRecord }, { explanationJson, showExplanation }] = await Promise.all([
      import('../cli/read-match.js'),
      import('../cli/explain-view.js'),
    ]);
    const record = await readMatchRecord(contracts, id);
    const explanation = { record, program: await programOf(record.view.job.modelId) };
    this.say(showExplanation(explanation));
    if (flags.out !== undefined) {
      const { bundleOf } = await import('../cli/evidence-file.js');
      await writeFile(flags.out, `${JSON.stringify(bundleOf(contracts, record), null, 1)}\n`);
      this.say(`\nThe evidence is in ${flags.out}. Anybody can check it: og explain --verify ${flags.out}`);
    }
    return { ...explanationJson(explanation), evidence: flags.out ?? null };
  }

  private async verify(
    path: string,
    match: string | undefined,
    programOf: (modelId: Hash) => Promise<Program | null>,
  ): Promise<Json> {
    const [{ bundleMatch, parseBundle }, { verifyBundle }] = await Promise.all([
      import('../cli/evidence-file.js'),
      import('../cli/show-examined.js'),
    ]);
    const bundle = parseBundle(Buffer.from(fileBytes(path)).toString('utf8'), path);
    if (match !== undefined && match !== bundleMatch(bundle))
      throw new UserError('OG_OTHER_MATCH', `${path} is about match ${bundleMatch(bundle)}, not ${match}.`);
    const { ok, json, text } = verifyBundle(bundle, await programOf(asHash(bundle.job.modelId)));
    this.say(text);
    if (!ok) this.endWith(4);
    return json;
  }
}
