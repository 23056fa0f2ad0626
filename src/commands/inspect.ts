import { basename } from 'node:path';
import { Args } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { homeFlags } from '../cli/flags.js';
import { isModelId } from '../cli/ids.js';
import type { Json } from '../cli/json.js';
import { readModelFile } from '../cli/model-files.js';
import { loadModel } from '../cli/models.js';
import { prose } from '../cli/prose.js';
import { openStore } from '../cli/store.js';

export default class Inspect extends OgCommand {
  static override summary = 'Show what is in a model, and which nodes would not compile and why.';
  static override description = prose`
    Of an ONNX file: inputs, outputs, operators, and every node that og cannot compile. Of an artefact: where it came from, and every step
    with the name of its node and what it costs to check one element of it on a chain.`;
  static override examples = [
    '<%= config.bin %> inspect model.onnx',
    '<%= config.bin %> inspect digits.og',
    {
      description: 'Names of the nodes that do not compile',
      command: '<%= config.bin %> inspect model.onnx --json | jq -r ".unsupported[].node"',
    },
  ];
  static override args = {
    model: Args.string({
      required: true,
      description: 'An ONNX file, an artefact, or the id of a model that is on this machine.',
    }),
  };
  static override flags = { ...homeFlags };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(Inspect);
    const { showArtefact, showOnnx } = await import('../cli/show-inspected.js');
    if (isModelId(args.model) || readModelFile(args.model).isArtefact) {
      const { json, text } = showArtefact(await loadModel(args.model, await openStore(flags)));
      this.say(text);
      return json;
    }
    const { inspect } = await import('../compiler/inspect.js');
    const { json, text } = showOnnx(inspect(readModelFile(args.model).bytes, basename(args.model)));
    this.say(text);
    return json;
  }
}
