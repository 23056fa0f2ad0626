import { Flags } from '@oclif/core';
import { showWei } from '../cli/amounts.js';
import { askFor, USUAL_CLAIM_SECONDS } from '../cli/ask-for.js';
import { OgCommand } from '../cli/base.js';
import { showSeconds } from '../cli/durations.js';
import { accountFlags, chainFlags, inputFlag, secondsFlag, weiFlag } from '../cli/flags.js';
import { idNumber } from '../cli/ids.js';
import type { Json } from '../cli/json.js';
import { obtainModelFor } from '../cli/models.js';
import { packedInput } from '../cli/packed-input.js';
import { prose } from '../cli/prose.js';
import { openSender, openSession } from '../cli/session.js';
import { openStore } from '../cli/store.js';
import { facts } from '../cli/table.js';

export default class Request extends OgCommand {
  static override summary = 'Ask for an inference and put up the fee.';
  static override description = prose`
    The fee goes to whoever's answer becomes final, or comes back when nobody answers. The input is posted with the request; one that
    is too large, or is given with --by-root, is shown by its hash only: then workers must get it from you, and anyone may demand
    it on the chain.`;
  static override examples = [
    '<%= config.bin %> request --model digits.og --input seven.npy --fee 0.001',
    '<%= config.bin %> request --model 0x3f1c... --input x=x.npy --fee 500000gwei --claim-within 10m --json',
  ];
  static override flags = {
    ...chainFlags,
    ...accountFlags,
    model: Flags.string({ char: 'm', required: true, helpValue: '<id or artefact>', summary: 'The model.' }),
    input: inputFlag,
    fee: weiFlag({ required: true, summary: 'The fee: ether, or with a unit (0.001, 5gwei, 100wei).' }),
    'claim-within': secondsFlag({
      helpValue: '<duration>',
      summary: 'How long a first claim may take (1h when left out).',
    }),
    consumer: Flags.string({ helpValue: '<address>', summary: 'Contract to call back when the answer is final.' }),
    'by-root': Flags.boolean({ summary: "Show only the input's hash." }),
  };

  async run(): Promise<Json> {
    const { flags } = await this.parse(Request);
    const session = await openSession(flags);
    const store = await openStore(flags);
    const model = await obtainModelFor(flags.model, store, session.contracts);
    const input = await packedInput(model.artefact.program, flags.input ?? []);
    const sender = await openSender(session);
    const claimSeconds = flags['claim-within'] ?? USUAL_CLAIM_SECONDS;
    const asked = await askFor(session, sender, store, model, input, {
      feeWei: flags.fee,
      claimSeconds,
      consumer: flags.consumer,
      byRoot: flags['by-root'],
    });
    this.say(
      facts([
        ['job', asked.jobId],
        ['model id', model.modelId],
        ['input root', asked.inputRoot],
        ['input', asked.byRoot ? 'by its hash; keep the file, somebody may demand it' : 'posted with the request'],
        ['fee', showWei(flags.fee)],
        ['first claim', `within ${showSeconds(claimSeconds)}`],
        ['transaction', asked.txHash],
      ]),
    );
    return {
      jobId: idNumber(asked.jobId),
      modelId: model.modelId,
      inputRoot: asked.inputRoot,
      byRoot: asked.byRoot,
      feeWei: flags.fee,
      txHash: asked.txHash,
      gasUsed: Number(asked.gasUsed),
    };
  }
}
