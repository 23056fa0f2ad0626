import { Flags } from '@oclif/core';
import { showCount } from '../cli/amounts.js';
import { OgCommand } from '../cli/base.js';
import { accountFlags, chainFlags, inputFlag } from '../cli/flags.js';
import { parseJobId } from '../cli/ids.js';
import type { Json } from '../cli/json.js';
import { prose } from '../cli/prose.js';
import { openSender, openSession, type Session } from '../cli/session.js';
import { showSubmitted } from '../cli/show-submitted.js';
import { openStore } from '../cli/store.js';
import { type SubmittedFor, submitFor } from '../cli/submit-for.js';
import { stopSignal } from '../cli/until-stopped.js';

export default class Submit extends OgCommand {
  static override summary = 'Run a model and post the result with the bond.';
  static override description = prose`
    Either for a job that somebody has asked for (--job), or for an input of your own (--model and --input), which makes the job first.
    The bond comes back when the result becomes final. Whoever shows that the result is wrong gets a part of it; the rest is burned.

    --tamper lies on purpose: it changes one element of one step and goes on from there. It exists only on chain id 31337, the devnet, to
    see a liar caught.`;
  static override examples = [
    '<%= config.bin %> submit --job 7',
    '<%= config.bin %> submit --model digits.og --input seven.npy --account worker --json',
    {
      description: 'Lie in element 17 of step 4, on a devnet',
      command: '<%= config.bin %> submit --job 7 --tamper 4:17',
    },
  ];
  static override flags = {
    ...chainFlags,
    ...accountFlags,
    job: Flags.string({
      char: 'j',
      helpValue: '<number>',
      summary: 'The job to post a claim for.',
      exclusive: ['model'],
    }),
    model: Flags.string({
      char: 'm',
      helpValue: '<id or artefact>',
      summary: 'The model, for a job of your own.',
    }),
    input: inputFlag,
    tamper: Flags.string({
      helpValue: '<step>[:<element>]',
      summary: 'Devnet only (chain id 31337): lie in this step and element. Steps count from 1.',
    }),
    play: Flags.boolean({
      summary: "With --tamper: go on and make the liar's moves, until the claim has lost or the job ends.",
      dependsOn: ['tamper'],
    }),
  };

  async run(): Promise<Json> {
    const { flags } = await this.parse(Submit);
    const target = flags.job !== undefined ? { job: parseJobId(flags.job) } : { model: flags.model };
    const session = await openSession(flags);
    const store = await openStore(flags);
    const posted = await submitFor(session, () => openSender(session), store, {
      ...target,
      inputs: flags.input ?? [],
      tamper: flags.tamper,
      note: (text) => this.progress.note(text),
    });
    const { json, text } = showSubmitted(posted, await session.contracts.node.now());
    this.say(text);
    if (!flags.play) return json;
    // Said before the play begins, because it may go on for long.
    if (this.jsonEnabled()) this.logJson(json);
    await this.play(session, posted);
    return undefined;
  }

  private async play({ contracts }: Session, { sender, trace, submitted }: SubmittedFor): Promise<void> {
    const { playOwnClaims } = await import('../worker/play.js');
    this.progress.note("playing the liar's side");
    await playOwnClaims({
      contracts,
      sender,
      trace,
      jobId: submitted.jobId,
      signal: stopSignal(),
      onMove: (move, _txHash, gasUsed) => this.progress.note(`the liar's side: ${move} (${showCount(gasUsed)} gas)`),
    });
    this.progress.note('the claim has lost, or the job has ended');
  }
}
