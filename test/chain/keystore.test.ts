import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addressOfAccount,
  createKeystore,
  keystoreFolder,
  listKeystores,
  openAccount,
} from '../../src/chain/keystore.js';
import { codeOf, errorOf } from './world.js';

let folder: string;
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'og-keys-'));
});
test.after.each(() => rmSync(folder, { recursive: true }));

const cheap = { scryptN: 1024 };
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';
const ADDRESS = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';

/** Written by `cast wallet new` 1.7.1, with the password pw2. */
const FROM_CAST = {
  crypto: {
    cipher: 'aes-128-ctr',
    cipherparams: { iv: 'a1d4190d8b4c54ce0e4d3c63448d67b5' },
    ciphertext: '763dc42fad320cdd5f643458637cbc5de9244f397d8b57750953edb7a908c453',
    kdf: 'scrypt',
    kdfparams: {
      dklen: 32,
      n: 8192,
      p: 1,
      r: 8,
      salt: '4051b31b9a6b24d5ab04b7cb6787327b01ae89d102b151c3b7b5f36fbd9eafb5',
    },
    mac: '651e4c675d54888aaefa37c1249198ef31592f9d3ac7fe245d5bbbc3f689ecc7',
  },
  id: 'd4581d46-f3f3-4708-9678-619ffeed0c99',
  version: 3,
};
const FROM_CAST_ADDRESS = '0x64f472C44B64ccC6382C8AD0d5E9B1DB55910292';

test('made, listed and opened', async () => {
  const made = await createKeystore('alice', 'secret', { folder, ...cheap });
  assert.equal(await listKeystores(folder), [made]);
  assert.is(statSync(made.file).mode & 0o077, 0, 'nobody else can read it');
  const wallet = await openAccount({ account: 'alice', folder, environment: { OG_PASSWORD: 'secret' } });
  assert.is(wallet.address, made.address);
});

test('the only account need not be named, and its password may be in a file or asked for', async () => {
  await createKeystore('alice', 'secret', { folder, privateKey: KEY, ...cheap });
  const file = join(folder, '..', `og-password-${process.pid}`);
  writeFileSync(file, 'secret\n');
  const byFile = await openAccount({ folder, environment: { OG_PASSWORD_FILE: file } });
  rmSync(file);
  const asked: string[] = [];
  const askPassword = async (name: string): Promise<string> => {
    asked.push(name);
    return 'secret';
  };
  const byPerson = await openAccount({ folder, environment: {}, askPassword });
  assert.equal([byFile.address, byPerson.address], [ADDRESS, ADDRESS]);
  assert.equal(asked, ['alice']);
});

test("Foundry's keystores are the same thing", async () => {
  writeFileSync(join(folder, 'bob'), JSON.stringify(FROM_CAST));
  assert.equal(
    (await listKeystores(folder)).map(({ name, address }) => ({ name, address })),
    [{ name: 'bob', address: null }],
  );
  const environment = { OG_PASSWORD: 'pw2' };
  assert.is(await addressOfAccount({ folder, environment }), FROM_CAST_ADDRESS);
});

test('a key in the environment is for development', async () => {
  assert.is((await openAccount({ folder, environment: { OG_PRIVATE_KEY: KEY } })).address, ADDRESS);
  const error = await errorOf(openAccount({ folder, environment: { OG_PRIVATE_KEY: '0x1234' } }));
  assert.is(error.code, 'OG_BAD_KEY');
  assert.not.match(`${error.message}${error.stack}`, '1234', 'the key is not shown');
});

test('mistakes are named', async () => {
  await createKeystore('alice', 'secret', { folder, ...cheap });
  assert.is(await codeOf(createKeystore('alice', 'x', { folder, ...cheap })), 'OG_KEYSTORE_WRITE');
  assert.is(await codeOf(createKeystore('../alice', 'x', { folder })), 'OG_KEYSTORE_NAME');
  assert.is(await codeOf(createKeystore('bob', '', { folder })), 'OG_PASSWORD');
  assert.is(await codeOf(openAccount({ folder, environment: { OG_PASSWORD: 'wrong' } })), 'OG_WRONG_PASSWORD');
  assert.is(await codeOf(openAccount({ folder, environment: {} })), 'OG_PASSWORD');
  assert.is(await codeOf(openAccount({ account: 'bob', folder, environment: {} })), 'OG_NO_ACCOUNT');
  writeFileSync(join(folder, 'notes'), 'hello');
  assert.is(await codeOf(openAccount({ account: 'notes', folder, environment: {} })), 'OG_NOT_A_KEYSTORE');
  await createKeystore('bob', 'secret', { folder, ...cheap });
  assert.match((await errorOf(openAccount({ folder, environment: {} }))).message, 'there are 2: alice, bob');
});

test('the folder', async () => {
  assert.is(keystoreFolder({ OG_KEYSTORE_DIR: '/keys' }), '/keys');
  assert.match(keystoreFolder({}), /\.foundry.keystores$/);
  assert.equal(await listKeystores(join(folder, 'none')), []);
});

test.run();
