import { Args, Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { accountFlags, chainFlags } from '../cli/flags.js';
import { parseJobId } from '../cli/ids.js';
import type { Json } from '../cli/json.js';
import { prose } from '../cli/prose.js';
import { openSender, openSession } from '../cli/session.js';
import { EXIT_WRONG, exitCodeOf, showChallenged } from '../cli/show-challenged.js';
import { openStore } from '../cli/store.js';
import { storyLine } from '../cli/story.js';
import { stopSignal } from '../cli/until-stopped.js';

export default class Challenge extends OgCommand {
  static override summary = 'Re-run a job; if its result is wrong, dispute it to the end.';
  static override description = prose`
    Says whether the posted result is correct (exit code 0) or wrong (exit code ${EXIT_WRONG}). If it is wrong, posts a counter-claim with a
    bond and makes every move until the wrong claim has lost: this may take as long as the other side's clock. If it cannot be
    checked, because the model or the input is not to be had, it says so, puts up nothing, and ends with exit code 2.`;
  static override examples = [
    '<%= config.bin %> challenge 7 --dry-run',
    '<%= config.bin %> challenge 7 --account watchtower',
    {
      description: 'In a script',
      command: '<%= config.bin %> challenge 7 --dry-run --json || echo "wrong, or not to be checked"',
    },
  ];
  static override args = { job: Args.string({ required: true, description: 'Number of the job.' }) };
  static override flags = {
    ...chainFlags,
    ...accountFlags,
    'dry-run': Flags.boolean({ summary: 'Only give the verdict; needs no account and sends nothing.' }),
    'until-final': Flags.boolean({ summary: 'Then wait for the challenge window to end, and end the job.' }),
  };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(Challenge);
    const jobId = parseJobId(args.job);
    const session = await openSession(flags);
    const dryRun = flags['dry-run'];
    const sender = dryRun ? null : await openSender(session);
    const { challengeJob } = await import('../watch/challenge.js');
    const progress = this.progress;
    const result = await challengeJob({
      contracts: session.contracts,
      store: await openStore(flags),
      sender,
      jobId,
      dryRun,
      untilFinal: flags['until-final'],
      signal: stopSignal(),
      onEvent: (event) => {
        const line = storyLine(event);
        if (line) progress.note(line);
      },
    });
    const { json, text } = showChallenged(result);
    this.say(text);
    this.endWith(exitCodeOf(result));
    return json;
  }
}
