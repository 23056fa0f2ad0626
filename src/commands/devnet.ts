import { Flags } from '@oclif/core';
import { OgCommand } from '../cli/base.js';
import { secondsFlag } from '../cli/flags.js';
import { prose } from '../cli/prose.js';
import { devnetFacts, showDevnet } from '../cli/show-devnet.js';
import { aborted, stopSignal } from '../cli/until-stopped.js';

export default class DevnetCommand extends OgCommand {
  static override summary = 'Start a local chain with the contracts on it, until stopped.';
  static override description =
    prose`It is anvil, which comes with og, with chain id 31337 and ten accounts that have money and keys
that everybody knows. Its challenge window and clocks are minutes instead of hours. Nothing is kept when it stops.`;
  static override examples = [
    '<%= config.bin %> devnet',
    '<%= config.bin %> devnet --port 9545 --window 30s --clock 30s',
    {
      description: 'Then, in another terminal',
      command: 'OG_PRIVATE_KEY=<a key it printed> <%= config.bin %> register digits.og',
    },
  ];
  static override flags = {
    port: Flags.integer({
      char: 'p',
      min: 1,
      max: 65_535,
      default: 8545,
      helpValue: '<number>',
      summary: 'Port to listen on.',
    }),
    accounts: Flags.integer({ min: 1, max: 100, default: 10, helpValue: '<number>', summary: 'Accounts with money.' }),
    'block-time': secondsFlag({
      helpValue: '<duration>',
      summary: 'Mine a block every so often instead of one for each transaction.',
    }),
    window: secondsFlag({ helpValue: '<duration>', summary: 'Challenge window (2m when left out).' }),
    clock: secondsFlag({ helpValue: '<duration>', summary: "Each side's clock in a match (2m when left out)." }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(DevnetCommand);
    const signal = stopSignal();
    this.progress.note('starting anvil and deploying the contracts');
    const [{ startDevnet }, { DEVNET_PARAMETERS }, { seconds }] = await Promise.all([
      import('../chain/devnet.js'),
      import('../chain/parameters.js'),
      import('../units.js'),
    ]);
    const devnet = await startDevnet({
      port: flags.port,
      accounts: flags.accounts,
      ...(flags['block-time'] === undefined ? {} : { blockTimeSeconds: flags['block-time'] }),
      parameters: {
        ...DEVNET_PARAMETERS,
        ...(flags.window === undefined ? {} : { challengeWindowSeconds: seconds(flags.window) }),
        ...(flags.clock === undefined ? {} : { clockSeconds: seconds(flags.clock) }),
      },
    });
    // Printed at once and not on return: this command returns when the chain is gone.
    if (this.jsonEnabled()) this.logJson(devnetFacts(devnet));
    else this.say(showDevnet(devnet));
    await Promise.race([aborted(signal), devnet.exited]);
    if (!signal.aborted) throw new Error('anvil ended by itself.');
    this.progress.note('stopping');
    await devnet.stop();
  }
}
