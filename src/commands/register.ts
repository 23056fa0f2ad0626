import { basename } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { fileBytes } from '../cli/arrays/file.js';
import { OgCommand } from '../cli/base.js';
import { accountFlags, chainFlags } from '../cli/flags.js';
import { isModelId } from '../cli/ids.js';
import type { Json } from '../cli/json.js';
import { loadModel } from '../cli/models.js';
import { prose } from '../cli/prose.js';
import { openSender, openSession } from '../cli/session.js';
import { openStore } from '../cli/store.js';
import { facts } from '../cli/table.js';

export default class Register extends OgCommand {
  static override summary = 'Make a model known on the chain: its id, where it came from, where to get it.';
  static override description = prose`
    A model id is the hash of the program, so registering it claims nothing and anyone may. Whoever fetches the artefact checks that
    it hashes to the id. Registering again says again where to get it.`;
  static override examples = [
    '<%= config.bin %> register digits.og',
    '<%= config.bin %> register digits.og --uri https://example.org/digits.og --account worker',
  ];
  static override args = { model: Args.string({ required: true, description: 'The artefact.' }) };
  static override flags = {
    ...chainFlags,
    ...accountFlags,
    uri: Flags.string({
      default: '',
      helpValue: '<url>',
      summary: 'Where others can fetch the artefact (http or https).',
    }),
  };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(Register);
    const store = await openStore(flags);
    const { artefact, commitment, modelId } = await loadModel(args.model, store);
    if (!isModelId(args.model)) await store.putArtefact(fileBytes(args.model), basename(args.model));
    const session = await openSession(flags);
    const sender = await openSender(session);
    const [{ registerModel }, { keccakHex }, { canonicalJson }] = await Promise.all([
      import('../chain/model-registry.js'),
      import('../commit/keccak.js'),
      import('../commit/canonical-json.js'),
    ]);
    const { source, fidelity } = artefact;
    const provenance = {
      sourceSha256: `0x${source.sha256}` as const,
      fidelityHash: keccakHex(Buffer.from(canonicalJson(fidelity))),
      uri: flags.uri,
    };
    if (!flags.uri) this.progress.note('no --uri: others can only use the model if they have its artefact already');
    const { txHash, gasUsed } = await registerModel(session.contracts, sender, commitment.model, provenance);
    this.say(
      facts([
        ['model id', modelId],
        ['source', `${source.file}, SHA-256 ${source.sha256}`],
        ['transaction', txHash],
        ['gas', gasUsed],
      ]),
    );
    return { modelId, txHash, gasUsed: Number(gasUsed), ...provenance };
  }
}
