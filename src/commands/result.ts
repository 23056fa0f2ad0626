import { Args, Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { chainFlags } from '../cli/flags.js';
import { idNumber, parseJobId } from '../cli/ids.js';
import { statusText } from '../cli/job-view.js';
import type { Json } from '../cli/json.js';
import { outputsJson, showOutputs, writeOutputs } from '../cli/outputs.js';
import { prose } from '../cli/prose.js';
import { readResult } from '../cli/read-result.js';
import { openSession } from '../cli/session.js';
import { openStore } from '../cli/store.js';
import { facts } from '../cli/table.js';

export default class Result extends OgCommand {
  static override summary = 'Read the final output of a job, in real numbers.';
  static override description = prose`
    The chain holds integers; what they stand for is in the model's artefact, which must be on this machine or where its registrants say
    it is. While the job is open there is no output, and the status says so.`;
  static override examples = [
    '<%= config.bin %> result 7',
    '<%= config.bin %> result 7 --output results/',
    '<%= config.bin %> result 7 --json',
  ];
  static override args = { job: Args.string({ required: true, description: 'Number of the job.' }) };
  static override flags = {
    ...chainFlags,
    output: Flags.string({ char: 'o', helpValue: '<folder>', summary: 'Write each output there, as <name>.npy.' }),
  };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(Result);
    const id = parseJobId(args.job);
    const { contracts } = await openSession(flags);
    const { job, outputRoot, outputs } = await readResult(contracts, await openStore(flags), id);
    const files = outputs && flags.output !== undefined ? await writeOutputs(outputs, flags.output) : {};
    this.say(
      facts([
        ['job', `${id}, ${statusText(job.status)}`],
        ['output root', outputRoot ?? undefined],
      ]),
    );
    if (outputs) this.say(showOutputs(outputs, files));
    else if (job.status === 'final')
      this.say('The output is too large for the chain: run the model and compare the output root.');
    else
      this.say(
        job.status === 'open'
          ? `There is no final answer yet: og job ${id} says what it waits for.`
          : 'Nobody gave an answer that held.',
      );
    return {
      jobId: idNumber(id),
      status: job.status,
      modelId: job.modelId,
      outputRoot,
      outputs: outputs && outputsJson(outputs, files),
    };
  }
}
