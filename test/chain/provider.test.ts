import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { displayUrl } from '../../src/chain/endpoint.js';
import { connectNode } from '../../src/chain/provider.js';
import { codeOf, errorOf } from './world.js';

type Answer = { status: number; body: string } | null;

/** A server that gives these answers one after the other, the last one for ever; null is silence. */
async function serverThatAnswers(...answers: Answer[]): Promise<{ server: Server; url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((_, response) => {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    if (answer) response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}/v3/secret`, asked: () => asked };
}

const close = (server: Server): void => {
  server.closeAllConnections();
  server.close();
};
const result = (value: string): Answer => ({
  status: 200,
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, result: value }),
});

test('nobody listens', async () => {
  const { server, url } = await serverThatAnswers(null);
  close(server);
  const started = Date.now();
  const error = await errorOf(connectNode({ url }));
  assert.is(error.code, 'OG_NODE_UNREACHABLE');
  assert.is(error.exitCode, 3);
  assert.match(error.message, 'nothing listens there');
  assert.match(error.message, new URL(url).host);
  assert.not.match(error.message, 'secret');
  assert.match(error.hint ?? '', '--rpc');
  assert.ok(Date.now() - started < 2000, 'it fails at once');
});

test('another chain is refused, naming both', async () => {
  const { server, url } = await serverThatAnswers(result('0x1'));
  const error = await errorOf(connectNode({ url, chainId: 31_337 }));
  close(server);
  assert.is(error.code, 'OG_WRONG_CHAIN');
  assert.is(error.exitCode, 2);
  assert.match(error.message, 'is on chain 1, but chain 31337 was asked for');
});

test('what is not a node is said to be none', async () => {
  const page = await serverThatAnswers({ status: 200, body: '<html>' });
  const stranger = await serverThatAnswers({
    status: 200,
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'no such method' } }),
  });
  assert.is(await codeOf(connectNode({ url: page.url })), 'OG_NODE_UNREACHABLE');
  assert.is(await codeOf(connectNode({ url: stranger.url })), 'OG_NOT_A_NODE');
  close(page.server);
  close(stranger.server);
});

test('silence ends after the timeout', async () => {
  const { server, url } = await serverThatAnswers(null);
  const error = await errorOf(connectNode({ url, timeoutMs: 50 }));
  close(server);
  assert.match(error.message, 'it did not answer in time');
});

test('a passing failure passes', async () => {
  const { server, url, asked } = await serverThatAnswers(
    { status: 502, body: '' },
    { status: 502, body: '' },
    result('0x7a69'),
  );
  const node = await connectNode({ url });
  close(server);
  assert.is(node.chainId, 31_337n);
  assert.is(asked(), 3);
  node.destroy();
});

test('addresses that are none', async () => {
  assert.is(await codeOf(connectNode({ url: 'localhost' })), 'OG_BAD_URL');
  assert.match((await errorOf(connectNode({ url: 'ws://127.0.0.1:8545' }))).message, 'not ws');
});

test('keys in addresses are not shown', () => {
  assert.is(displayUrl('https://user:pass@node.example/v3/key?k=1'), 'https://node.example/…');
  assert.is(displayUrl('http://127.0.0.1:8545'), 'http://127.0.0.1:8545');
});

test.run();
