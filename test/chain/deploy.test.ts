import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../src/chain/contracts.js';
import { CREATE2_PROXY, deploy, deploymentAddress } from '../../src/chain/deploy.js';
import { type Devnet, startDevnet } from '../../src/chain/devnet.js';
import { DEVNET_PARAMETERS, STANDARD_PARAMETERS } from '../../src/chain/parameters.js';
import { wei } from '../../src/units.js';
import { errorOf } from './world.js';

let devnet: Devnet;
test.before(async () => {
  devnet = await startDevnet();
});
test.after(() => devnet.stop());

test('the address follows from code and parameters, and the contracts are there', () => {
  assert.is(devnet.contracts.address, deploymentAddress(DEVNET_PARAMETERS));
  assert.ok(devnet.contracts.sameBuild);
  assert.is.not(deploymentAddress(STANDARD_PARAMETERS), deploymentAddress(DEVNET_PARAMETERS));
  assert.equal(devnet.contracts.parameters, DEVNET_PARAMETERS);
});

test('deploying again finds it and sends nothing', async () => {
  const sender = devnet.sender(1);
  const again = await deploy(devnet.node, sender, DEVNET_PARAMETERS);
  assert.equal(again, { address: devnet.contracts.address, sent: null });
  assert.is(sender.meter.entries.length, 0);
});

test('it fits a transaction, and its first block is found', async () => {
  const parameters = { ...DEVNET_PARAMETERS, bondWei: wei(7) };
  await devnet.node.send('anvil_mine', ['0x10']);
  const { address, sent } = await deploy(devnet.node, devnet.sender(1), parameters);
  assert.ok(sent && sent.gasUsed < 2n ** 24n, `${sent?.gasUsed} gas`);
  const contracts = await connect(devnet.node, address);
  assert.is(contracts.firstBlock, sent.blockNumber);
  assert.is(contracts.parameters.bondWei, 7n);
});

test('the proxy is made where it is missing', async () => {
  await devnet.node.send('anvil_setCode', [CREATE2_PROXY, '0x']);
  await devnet.node.send('anvil_setNonce', [CREATE2_PROXY, '0x0']);
  const parameters = { ...DEVNET_PARAMETERS, bondWei: wei(8) };
  const sender = devnet.sender(2);
  const { address } = await deploy(devnet.node, sender, parameters);
  assert.is(address, deploymentAddress(parameters));
  assert.equal(
    sender.meter.entries.map(({ kind }) => kind),
    ['fundProxyMaker', 'deploy'],
  );
});

test('an address without a deployment is refused by name', async () => {
  const nothing = await errorOf(connect(devnet.node, '0x00000000000000000000000000000000000000aa'));
  assert.is(nothing.code, 'OG_NO_DEPLOYMENT');
  assert.match(nothing.message, /0x0+aa on chain 31337 .*: there is no contract\./);
  const other = await errorOf(connect(devnet.node, devnet.contracts.jobs.address));
  assert.match(other.message, 'the contract is not a Deployment');
});

test.run();
