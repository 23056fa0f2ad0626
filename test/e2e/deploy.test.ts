/** og deploy on a chain that is no devnet, as a process of its own. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deploymentAddress } from '../../src/chain/deploy.js';
import { type Devnet, startDevnet } from '../../src/chain/devnet.js';
import { DEVNET_PARAMETERS, STANDARD_PARAMETERS } from '../../src/chain/parameters.js';
import { build, Terminal } from './og.js';

const test = suite('og deploy');
const CHAIN_ID = 7777;
let chain: Devnet;
let nobody: Terminal;
let deployer: Terminal;

test.before(async () => {
  await build();
  chain = await startDevnet({ chainId: CHAIN_ID }); // with the devnet's parameters
  nobody = new Terminal({ OG_RPC_URL: chain.url });
  deployer = nobody.with({ OG_PRIVATE_KEY: chain.accounts[1]!.privateKey });
});
test.after(async () => {
  await chain?.stop();
  nobody?.close();
});

const codeAt = (address: string): Promise<string> => chain.node.getCode(address);
const spent = (account: number): Promise<number> => chain.node.getTransactionCount(chain.accounts[account]!.address);

test('what cannot be done is refused, and nothing is sent', async () => {
  const standard = deploymentAddress(STANDARD_PARAMETERS);
  const keyless = await nobody.og('deploy', '--json');
  assert.is(keyless.exitCode, 2);
  const poor = await nobody.with({ OG_PRIVATE_KEY: `0x${'7'.repeat(64)}` }).og('deploy', '--json');
  assert.is(poor.exitCode, 2);
  assert.match(poor.json.error.message, /has 0\.0 ETH, but "deploy" needs up to 0\.\d+ ETH/);
  const elsewhere = await deployer.og('deploy', '--chain-id', '1', '--json');
  assert.is(elsewhere.exitCode, 2);
  const gone = await deployer.with({ OG_RPC_URL: 'http://127.0.0.1:9' }).og('deploy', '--json');
  assert.is(gone.exitCode, 3);
  assert.is(await codeAt(standard), '0x');
  assert.is(await spent(1), 0);
});

test('a real chain gets the standard parameters, at the address that follows from them', async () => {
  const { exitCode, json, stderr } = await deployer.og('deploy', '--json');
  assert.is(exitCode, 0, stderr);
  assert.is(json.chainId, CHAIN_ID);
  assert.is(json.contracts.deployment, deploymentAddress(STANDARD_PARAMETERS));
  assert.match(json.txHash, /^0x[0-9a-f]{64}$/);
  assert.ok(json.gasUsed > 1e6 && json.gasUsed < 2 ** 24);
  assert.is(json.parameters.challengeWindowSeconds, STANDARD_PARAMETERS.challengeWindowSeconds);
  assert.is(json.parameters.bondWei, String(STANDARD_PARAMETERS.bondWei));
  for (const address of Object.values(json.contracts as Record<string, string>))
    assert.is.not(await codeAt(address), '0x', address);
});

test('where it is already nothing is sent, and no key is asked for', async () => {
  const before = await chain.node.getBlockNumber();
  for (const [flags, parameters] of [
    [[], STANDARD_PARAMETERS],
    [['--parameters', 'devnet'], DEVNET_PARAMETERS],
  ] as const) {
    const { exitCode, json, stderr } = await nobody.og('deploy', ...flags, '--json');
    assert.is(exitCode, 0, stderr);
    assert.is(json.contracts.deployment, deploymentAddress(parameters));
    assert.equal([json.txHash, json.gasUsed], [null, 0]);
  }
  assert.is(await chain.node.getBlockNumber(), before);
  assert.match((await nobody.og('deploy')).stdout, /none: it was there already/);
});

test('others find it there without being told where', async () => {
  const { exitCode, json, stdout } = await nobody.og('jobs', '--json');
  assert.is(exitCode, 0, stdout);
  assert.equal(json.jobs ?? json, []);
});

test.run();
