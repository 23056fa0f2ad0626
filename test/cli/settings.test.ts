import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { settingsOf } from '../../src/cli/settings.js';
import { UserError } from '../../src/errors.js';

const test = suite('settings');
let folder: string;
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'og-settings-'));
});
test.after.each(() => rmSync(folder, { recursive: true, force: true }));

const config = (text: string): void => writeFileSync(join(folder, 'og.config.json'), text);
async function refusal(): Promise<UserError> {
  try {
    await settingsOf({}, folder);
  } catch (error) {
    assert.instance(error, UserError);
    return error as UserError;
  }
  throw new Error('it was accepted');
}

test('nothing set: the local node', async () => {
  assert.equal(await settingsOf({}, folder), { rpcUrls: ['http://127.0.0.1:8545'] });
});

test('og.config.json fills what flags leave open', async () => {
  config('{"rpcUrl": "http://a", "chainId": 5, "account": "me"}');
  const settings = await settingsOf({ rpc: ['http://b, http://c', 'http://d'] }, folder);
  assert.equal(settings, { rpcUrls: ['http://b', 'http://c', 'http://d'], chainId: 5, accounts: ['me'] });
});

test('several nodes and accounts, a safety and a limit of fees', async () => {
  config('{"rpcUrl": ["http://a", "http://b"], "account": ["me", "mine"], "safety": "safe", "maxFee": "30"}');
  assert.equal(await settingsOf({}, folder), {
    rpcUrls: ['http://a', 'http://b'],
    accounts: ['me', 'mine'],
    safety: 'safe',
    maxFeePerGasWei: 30_000_000_000n,
  });
});

test('an unknown key is named', async () => {
  config('{"rpcurl": "http://a"}');
  assert.match((await refusal()).message, /^"rpcurl" in .*og\.config\.json is not a setting of og\.$/);
});

test('a private key in the file is refused with the reason', async () => {
  config('{"privateKey": "0x1"}');
  assert.match((await refusal()).hint ?? '', /keystore/);
});

test('a wrong type, and a file that is no JSON', async () => {
  config('{"rpcUrl": 5}');
  assert.match((await refusal()).message, /"rpcUrl" in .* is not right/);
  config('{');
  assert.match((await refusal()).message, /is not JSON/);
});

test.run();
