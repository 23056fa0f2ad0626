import { Flags } from '@oclif/core';
import { showCount, showWei } from '../cli/amounts.js';
import { OgCommand } from '../cli/base.js';
import { accountFlags, chainFlags, gasPriceFlag } from '../cli/flags.js';
import type { Json } from '../cli/json.js';
import { prose } from '../cli/prose.js';
import { openNode, openSender } from '../cli/session.js';
import { settingsOf } from '../cli/settings.js';
import { contractAddresses } from '../cli/show-devnet.js';
import { facts } from '../cli/table.js';

export default class Deploy extends OgCommand {
  static override summary = 'Put the contracts on a chain, unless they are there.';
  static override description = prose`
    The address follows from the contracts' code and their parameters alone, so it is the same on every chain and whoever deploys; where
    they are there already, nothing is sent. Nobody owns a deployment and nothing in it can be changed.

    The bond follows from what a match over the dearest model costs (og compile prints it) and from the highest price of gas at which
    nobody honest shall pay for having been right: half of it goes to the winner, half is burned, and out of that half come the base fees
    of whoever moved for somebody else's claim.`;
  static override examples = [
    '<%= config.bin %> deploy --rpc https://node.example --from deployer',
    '<%= config.bin %> deploy --rpc https://node.example --from deployer --match-gas 2500000 --worst-gas-price 20',
    '<%= config.bin %> deploy --rpc https://node.example --from deployer --parameters devnet --json',
  ];
  static override flags = {
    ...chainFlags,
    ...accountFlags,
    parameters: Flags.option({
      options: ['standard', 'devnet'] as const,
      helpValue: '<name>',
      summary:
        'A day to challenge and six hours a side, or minutes for trying out (devnet, the default on chain 31337).',
    })(),
    'match-gas': Flags.integer({
      min: 1,
      helpValue: '<gas>',
      summary: 'Gas of a whole match over the dearest model that claims will be made on (1,650,000 when left out).',
    }),
    'worst-gas-price': gasPriceFlag({
      summary: 'Price of gas that bonds and refunds are sized for: gwei, or with a unit (11 gwei when left out).',
    }),
  };

  async run(): Promise<Json> {
    const { flags } = await this.parse(Deploy);
    const settings = await settingsOf(flags);
    const node = await openNode(settings);
    const [{ deploy, deploymentAddress }, { connect }, { DEVNET_PARAMETERS, STANDARD_PARAMETERS, withBonds }] =
      await Promise.all([
        import('../chain/deploy.js'),
        import('../chain/contracts.js'),
        import('../chain/parameters.js'),
      ]);
    const name = flags.parameters ?? (node.isDevnet ? 'devnet' : 'standard');
    const { parameters, basis, sum } = withBonds(name === 'devnet' ? DEVNET_PARAMETERS : STANDARD_PARAMETERS, {
      ...(flags['match-gas'] === undefined ? {} : { matchGas: flags['match-gas'] }),
      ...(flags['worst-gas-price'] === undefined ? {} : { gasPriceWei: flags['worst-gas-price'] }),
    });
    const there = (await node.getCode(deploymentAddress(parameters))) !== '0x';
    // No key is asked for when there is nothing to send.
    const sent = there
      ? null
      : (await deploy(node, await openSender({ settings, contracts: { node } }), parameters)).sent;
    const contracts = await connect(node, deploymentAddress(parameters));
    const addresses = contractAddresses(contracts);
    this.say(
      facts([
        ['chain id', node.chainId],
        ...Object.entries(addresses),
        [
          'bond',
          `${showWei(sum.bondWei)}: twice ${showCount(sum.gas)} gas at ${showWei(basis.gasPriceWei)}, rounded up`,
        ],
        ['of which', `${showWei(sum.potWei)} for the winner, ${showWei(sum.burnWei)} burned, refunds out of it`],
        ['transaction', sent?.txHash ?? 'none: it was there already'],
        ...(sent ? [['gas', sent.gasUsed] as const] : []),
      ]),
    );
    return {
      chainId: Number(node.chainId),
      contracts: addresses,
      parameters: { ...parameters },
      txHash: sent?.txHash ?? null,
      gasUsed: sent ? Number(sent.gasUsed) : 0,
    };
  }
}
