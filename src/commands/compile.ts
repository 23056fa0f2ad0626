import { Args, Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { compileFile } from '../cli/compile-file.js';
import { homeFlags, shapeFlag } from '../cli/flags.js';
import { parseInputValues } from '../cli/input-values.js';
import type { Json } from '../cli/json.js';
import { artefactPathFor, writeFile } from '../cli/model-files.js';
import { prose } from '../cli/prose.js';
import { parseShapes } from '../cli/shapes.js';
import { showCompiled } from '../cli/show-compiled.js';
import { openStore } from '../cli/store.js';

export default class Compile extends OgCommand {
  static override summary = 'Turn an ONNX model into a program over exact integers.';
  static override description =
    prose`Every machine computes the same integers from the program, so its results can be disputed on a chain.
Ranges are measured by running the model on samples (--calibration); without samples, on generated numbers, which is
usually worse. The report says how close the program comes to the original model on samples it was not measured on, and
what a dispute over it costs at worst. When it is not close enough, the report names the steps that lose most, and what to try.

The artefact is a safetensors file; it holds no code. Compiling the same file with the same options and samples gives the same
bytes, and --ranges-from gives the same model id on any machine.`;
  static override examples = [
    '<%= config.bin %> compile digits.onnx --calibration digits.npz',
    '<%= config.bin %> compile resnet.onnx --shape input=1x3x224x224 --calibration samples/ -o resnet.og',
    '<%= config.bin %> compile digits.onnx --ranges-from digits.og --json',
    {
      description: 'Which steps lose most, and how much each',
      command: '<%= config.bin %> compile digits.onnx --explain-loss --json | jq .fidelity.losses',
    },
  ];
  static override args = {
    model: Args.string({ required: true, description: 'The ONNX file.' }),
  };
  static override flags = {
    ...homeFlags,
    output: Flags.string({
      char: 'o',
      helpValue: '<file>',
      summary: 'Where to write the artefact (<model>.og when left out).',
    }),
    shape: shapeFlag,
    'input-value': Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: '<name>=<numbers>',
      summary: 'Fix an input, such as sr=16000: it is a constant of the program and no input of it.',
    }),
    calibration: Flags.string({
      char: 'c',
      helpValue: '<file or folder>',
      summary:
        'Samples to measure ranges with: .npy or .npz of N samples, or a folder of array files or of one folder a sample.',
    }),
    bits: Flags.integer({
      min: 8,
      max: 16,
      helpValue: '<8-16>',
      summary: 'Bits of activations and weights (16 when left out).',
    }),
    'ranges-from': Flags.string({
      helpValue: '<artefact>',
      summary: 'Use the ranges of an artefact instead of measuring: re-derives its model id from the ONNX file.',
      exclusive: ['calibration'],
    }),
    'explain-loss': Flags.boolean({
      summary:
        'Find out which steps lose most, even when the program is close to the model (always done when it is not).',
    }),
  };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(Compile);
    const progress = this.progress;
    progress.note(`compiling ${args.model}`);
    const compiled = await compileFile(args.model, {
      shapes: parseShapes(flags.shape ?? []),
      inputValues: parseInputValues(flags['input-value'] ?? []),
      ...(flags.calibration === undefined ? {} : { calibration: flags.calibration }),
      ...(flags.bits === undefined ? {} : { bits: flags.bits }),
      ...(flags['ranges-from'] === undefined ? {} : { rangesFrom: flags['ranges-from'] }),
      ...(flags['explain-loss'] ? { explainLoss: true } : {}),
    });
    for (const warning of compiled.warnings) progress.warn(warning);
    const { encodeArtefact } = await import('../program/artefact.js');
    const bytes = encodeArtefact(compiled.artefact);
    const path = flags.output ?? artefactPathFor(args.model);
    await writeFile(path, bytes);
    const store = await openStore(flags);
    const { modelId } = await store.putArtefact(bytes, path);
    const { json, text } = showCompiled(compiled, modelId, path, bytes.length);
    this.say(text);
    return json;
  }
}
