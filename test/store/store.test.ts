import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Hash } from '../../src/commit/hash.js';
import { fetchModel, obtainModel } from '../../src/store/fetch.js';
import { Store, storeFolder } from '../../src/store/store.js';
import { smallArtefact, smallInput } from '../chain/small-model.js';
import { codeOf, errorOf } from '../chain/world.js';

let folder: string;
let store: Store;
test.before.each(() => {
  folder = mkdtempSync(join(tmpdir(), 'og-store-'));
  store = new Store(join(folder, 'new', 'store'));
});
test.after.each(() => rmSync(folder, { recursive: true }));

const OTHER: Hash = `0x${'ab'.repeat(32)}`;

async function serverOf(bytes: Uint8Array, status = 200): Promise<{ server: Server; url: string }> {
  const server = createServer((_, response) => response.writeHead(status).end(bytes));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/small.safetensors` };
}

test('an artefact comes back by its model id', async () => {
  assert.equal(await store.modelIds(), []);
  const { modelId, commitment } = await store.putArtefact(smallArtefact());
  assert.equal(await store.modelIds(), [modelId]);
  const found = await store.model(modelId);
  assert.equal(found?.commitment.model, commitment.model);
  assert.equal(readFileSync(store.artefactPath(modelId)).length, smallArtefact().length);
  assert.is(await store.model(OTHER), null);
});

test('an input comes back by its root', async () => {
  const { commitment } = await store.putArtefact(smallArtefact());
  const root = await store.putInput(commitment.model, smallInput());
  assert.equal(await store.input(commitment.model, root), smallInput());
  assert.is(await store.input(commitment.model, OTHER), null);
});

test('a damaged file is refused, naming it and what to do', async () => {
  const { modelId, commitment } = await store.putArtefact(smallArtefact());
  const file = store.artefactPath(modelId);
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.with(bytes.length - 1, (bytes.at(-1) as number) ^ 1));
  const changed = await errorOf(store.model(modelId));
  assert.is(changed.code, 'OG_STORE_DAMAGED');
  assert.match(changed.message, `${file} is damaged: it holds model 0x`);
  assert.match(changed.hint ?? '', `rm '${file}'`);
  truncateSync(file, 100);
  assert.is(await codeOf(store.model(modelId)), 'OG_STORE_DAMAGED');

  const root = await store.putInput(commitment.model, smallInput());
  const input = join(store.folder, 'inputs', root);
  writeFileSync(input, readFileSync(input).with(0, 77));
  assert.match((await errorOf(store.input(commitment.model, root))).message, 'its root is 0x');
  truncateSync(input, 3);
  assert.match((await errorOf(store.input(commitment.model, root))).message, 'has 16 bytes, not 3');
});

test('a damaged artefact is fetched again', async () => {
  const source = join(folder, 'small.safetensors');
  writeFileSync(source, smallArtefact());
  const { modelId } = await store.putArtefact(smallArtefact());
  truncateSync(store.artefactPath(modelId), 10);
  await obtainModel(store, modelId, [source]);
  assert.ok(await store.model(modelId));
});

test('fetched from a path, a file URL and the web', async () => {
  const file = join(folder, 'small.safetensors');
  writeFileSync(file, smallArtefact());
  const { server, url } = await serverOf(smallArtefact());
  for (const uri of [file, pathToFileURL(file).href, url]) {
    const empty = new Store(mkdtempSync(join(folder, 's')));
    const { modelId } = await store.putArtefact(smallArtefact());
    assert.is((await fetchModel(empty, modelId, uri)).modelId, modelId);
    assert.ok(await empty.model(modelId), 'and kept');
  }
  server.close();
});

test('what hashes to something else is refused', async () => {
  const { server, url } = await serverOf(smallArtefact());
  const error = await errorOf(fetchModel(store, OTHER, url));
  assert.is(error.code, 'OG_OTHER_MODEL');
  assert.equal(await store.modelIds(), []);
  server.close();
});

test('what cannot be had says what was tried', async () => {
  const { server, url } = await serverOf(new Uint8Array(), 404);
  const error = await errorOf(obtainModel(store, OTHER, ['', url, join(folder, 'none')]));
  server.close();
  assert.is(error.code, 'OG_NO_ARTEFACT');
  assert.match(error.message, 'answered with HTTP status 404');
  assert.match(error.message, 'There is no file');
  assert.match(error.hint ?? '', store.artefactPath(OTHER));
  assert.match((await errorOf(obtainModel(store, OTHER, []))).message, 'Nobody has said where it is');
});

test('a stranger may not point at files of this machine, nor send without end', async () => {
  const file = join(folder, 'secret');
  writeFileSync(file, 'x');
  assert.is(await codeOf(fetchModel(store, OTHER, file, { stranger: true })), 'OG_BAD_URI');
  assert.is(await codeOf(fetchModel(store, OTHER, pathToFileURL(file).href, { stranger: true })), 'OG_BAD_URI');
  const { server, url } = await serverOf(new Uint8Array(100_000));
  assert.is(await codeOf(fetchModel(store, OTHER, url, { maxBytes: 1000 })), 'OG_TOO_LARGE');
  server.close();
});

test('the folder', () => {
  assert.is(storeFolder({ OG_HOME: '/og' }), '/og');
  assert.match(storeFolder({}), /og/);
});

test.run();
