import { Args } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { chainFlags } from '../cli/flags.js';
import { parseMatchId } from '../cli/ids.js';
import type { Json } from '../cli/json.js';
import { prose } from '../cli/prose.js';
import { openSession } from '../cli/session.js';
import { openStore } from '../cli/store.js';

export default class MatchCommand extends OgCommand {
  static override summary = 'Show one match: who is to move, how long is left, where the two sides part.';
  static override description = prose`
    Once a match has come down to a leaf, the layer and the element are shown by name, if the model is on this machine.`;
  static override examples = ['<%= config.bin %> match 3-5', '<%= config.bin %> match 3-5 --json'];
  static override args = {
    match: Args.string({ required: true, description: 'The match, by the numbers of its two claims.' }),
  };
  static override flags = { ...chainFlags };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(MatchCommand);
    const id = parseMatchId(args.match);
    const { contracts } = await openSession(flags);
    const [{ readMatch }, { matchViewJson, showMatch }] = await Promise.all([
      import('../cli/read-match.js'),
      import('../cli/match-view.js'),
    ]);
    const found = await readMatch(contracts, await openStore(flags), id);
    this.say(showMatch(found));
    return matchViewJson(found);
  }
}
