import { Args, Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { homeFlags, inputFlag } from '../cli/flags.js';
import type { Json } from '../cli/json.js';
import { loadModel } from '../cli/models.js';
import { outputsJson, showOutputs, writeOutputs } from '../cli/outputs.js';
import { packedInput } from '../cli/packed-input.js';
import { prose } from '../cli/prose.js';
import { openStore } from '../cli/store.js';
import { facts } from '../cli/table.js';

export default class Run extends OgCommand {
  static override summary = 'Run a compiled model on this machine; no chain is needed.';
  static override description = prose`
    The integers are the same on every machine, and so are the roots: they are what a claim commits to.`;
  static override examples = [
    '<%= config.bin %> run digits.og --input seven.npy',
    '<%= config.bin %> run model.og --input x=x.npy --input mask=mask.npy --output results/',
    '<%= config.bin %> run digits.og --input seven.npy --trace --json',
  ];
  static override args = {
    model: Args.string({ required: true, description: 'The artefact, or the id of a model that is on this machine.' }),
  };
  static override flags = {
    ...homeFlags,
    input: inputFlag,
    output: Flags.string({ char: 'o', helpValue: '<folder>', summary: 'Write each output there, as <name>.npy.' }),
    trace: Flags.boolean({ summary: "Also compute the trace root: the commitment to every step's output." }),
  };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(Run);
    const store = await openStore(flags);
    const { artefact, commitment, modelId } = await loadModel(args.model, store);
    const { program } = artefact;
    const input = await packedInput(program, flags.input ?? []);
    const [{ Executor }, { inputRootOf, outputRootOf, traceForest }, { unpackOutputs }] = await Promise.all([
      import('../executor/executor.js'),
      import('../commit/model.js'),
      import('../program/layout.js'),
    ]);
    this.progress.note(`running ${program.steps.length} steps`);
    const executor = await Executor.load(program);
    const traced = flags.trace ? await executor.traceTrees(input, commitment.model.tensorDepth) : null;
    const packed = traced ? traced.slots.at(-1)! : await executor.run(input);
    await executor.close();
    const outputs = unpackOutputs(program, packed);
    const files = flags.output === undefined ? {} : await writeOutputs(outputs, flags.output);
    const roots = {
      inputRoot: inputRootOf(commitment.model, input),
      outputRoot: outputRootOf(commitment.model, packed),
      traceRoot: traced ? traceForest(commitment, traced.slots, traced.trees).root : null,
    };
    this.say(showOutputs(outputs, files));
    this.say(
      facts([
        ['input root', roots.inputRoot],
        ['output root', roots.outputRoot],
        ['trace root', roots.traceRoot ?? undefined],
      ]),
    );
    return { modelId, outputs: outputsJson(outputs, files), ...roots };
  }
}
