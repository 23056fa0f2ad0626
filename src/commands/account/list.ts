import { OgCommand } from '../../cli/base.js';
import type { Json } from '../../cli/json.js';
import { prose } from '../../cli/prose.js';
import { table } from '../../cli/table.js';

export default class AccountList extends OgCommand {
  static override summary = 'List the accounts on this machine.';
  static override description = prose`
    They are the keystores in the folder where cast wallet keeps its own, or in OG_KEYSTORE_DIR. No password is needed.`;
  static override examples = ['<%= config.bin %> account list', '<%= config.bin %> account list --json'];

  async run(): Promise<Json> {
    await this.parse(AccountList);
    const { listKeystores, keystoreFolder } = await import('../../chain/keystore.js');
    const accounts = await listKeystores();
    if (accounts.length > 0) {
      this.say(
        table(
          ['account', 'address', 'keystore'],
          accounts.map(({ name, address, file }) => [name, address ?? '(not said)', file]),
        ),
      );
    } else {
      this.say(`There are no accounts in ${keystoreFolder()}. Make one with "og account new <name>".`);
    }
    return { folder: keystoreFolder(), accounts: accounts.map(({ name, address, file }) => ({ name, address, file })) };
  }
}
