/** /metrics, /healthz and /readyz over HTTP. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../errors.js';
import type { Health, Operations } from './operations.js';

export interface OpsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @param listen `host:port`; port 0 takes a free one. @throws UserError when it cannot be listened at. */
export async function serveOps(operations: Operations, listen: string): Promise<OpsServer> {
  const { host, port } = parseListen(listen);
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?')[0];
    try {
      if (path === '/metrics') {
        const body = await operations.scrape();
        response.writeHead(200, { 'content-type': operations.metrics.registry.contentType }).end(body);
      } else if (path === '/healthz') answer(operations.healthy());
      else if (path === '/readyz') answer(operations.ready());
      else response.writeHead(404).end('There are /metrics, /healthz and /readyz.\n');
    } catch (error) {
      response.writeHead(500).end(`${(error as Error).message}\n`);
    }
    function answer({ ok, problems }: Health): void {
      response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify({ ok, problems }));
    }
  });
  await listening(server, host, port);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, close };
}

/** @throws UserError when it is not `host:port`. */
export function parseListen(text: string): { host: string; port: number } {
  const found = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  const port = Number(found?.[2]);
  if (!found || port > 65_535)
    throw new UserError('OG_BAD_LISTEN', `"${text}" is not host:port.`, 'Give one such as 127.0.0.1:9464.');
  return { host: (found[1] || '127.0.0.1').replace(/^\[(.*)\]$/, '$1'), port };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new UserError(
          'OG_LISTEN',
          `${host}:${port} cannot be listened at: ${cause.message}.`,
          'Choose another --listen.',
          {
            cause,
          },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
}
