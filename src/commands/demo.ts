import { Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { inputFlag, shapeFlag } from '../cli/flags.js';
import type { Json } from '../cli/json.js';
import { prose } from '../cli/prose.js';
import { parseShapes } from '../cli/shapes.js';

export default class Demo extends OgCommand {
  static override summary = 'See the whole story: an honest answer becomes final, a liar is caught and slashed.';
  static override description = prose`
    It starts a local chain of its own, registers a small network that reads handwritten digits, and lets an honest job become final. Then a
    worker lies in one number of a middle layer, so that the answer changes; a watchtower notices, the two are narrowed down to that number,
    the contract computes it, and the liar loses its bond. Nothing outside of this machine is used, and nothing is kept.`;
  static override examples = [
    '<%= config.bin %> demo',
    '<%= config.bin %> demo --lie 1:5000',
    '<%= config.bin %> demo --model model.onnx --input x=x.npy',
    { description: 'Only the facts', command: '<%= config.bin %> demo --json | jq .fraud.gas' },
  ];
  static override flags = {
    model: Flags.string({
      char: 'm',
      helpValue: '<file>',
      summary: 'An ONNX file or an artefact; the digits when left out.',
    }),
    shape: shapeFlag,
    input: inputFlag,
    lie: Flags.string({
      char: 'l',
      helpValue: '<step>[:<element>]',
      summary: 'Where to lie, steps counted from 1; somewhere in the middle where it changes the answer when left out.',
    }),
  };

  async run(): Promise<Json> {
    const { flags } = await this.parse(Demo);
    const { runDemo } = await import('../cli/demo/run-demo.js');
    return runDemo({
      model: flags.model,
      shapes: parseShapes(flags.shape ?? []),
      inputs: flags.input ?? [],
      lie: flags.lie,
      aloud: !this.jsonEnabled(),
    });
  }
}
