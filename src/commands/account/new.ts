import { Args, Flags } from '@oclif/core';
import { OgCommand } from '../../cli/base.js';
import type { Json } from '../../cli/json.js';
import { newPassword } from '../../cli/new-password.js';
import { prose } from '../../cli/prose.js';
import { facts } from '../../cli/table.js';

export default class AccountNew extends OgCommand {
  static override summary = 'Make an account: a key in an encrypted keystore.';
  static override description = prose`
    The keystore is the standard one (V3) in the folder where cast wallet keeps its own, or in OG_KEYSTORE_DIR. The password is
    asked for, or comes from --password-file or OG_PASSWORD. Nobody can restore a lost password.`;
  static override examples = [
    '<%= config.bin %> account new worker',
    {
      description: 'Keep a key that you have already',
      command: 'OG_PRIVATE_KEY=0x... <%= config.bin %> account new worker --import --password-file secret.txt',
    },
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Name of the account: letters, digits, "-", "_" and ".".' }),
  };
  static override flags = {
    import: Flags.boolean({ summary: 'Keep the key that is in OG_PRIVATE_KEY instead of making a new one.' }),
    'password-file': Flags.string({
      env: 'OG_PASSWORD_FILE',
      helpValue: '<file>',
      summary: 'File whose first line is the password.',
    }),
  };

  async run(): Promise<Json> {
    const { args, flags } = await this.parse(AccountNew);
    const { createKeystore } = await import('../../chain/keystore.js');
    const password = await newPassword(args.name, flags['password-file']);
    const key = flags.import ? (process.env.OG_PRIVATE_KEY ?? '') : undefined;
    const { name, address, file } = await createKeystore(
      args.name,
      password,
      key === undefined ? {} : { privateKey: key },
    );
    this.say(
      facts([
        ['account', name],
        ['address', address ?? ''],
        ['keystore', file],
      ]),
    );
    return { name, address, file };
  }
}
