/** Stands between a watchtower and its node: every answer takes a little longer, and what is sent is seen when it is sent. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transaction } from 'ethers';

interface Question {
  readonly method: string;
  readonly params: readonly unknown[];
}

export class Relay {
  private constructor(private readonly server: Server) {}

  /** @param onSent is called with each transaction that passes, before the node has it. */
  static async open(node: string, latencyMs: number, onSent: (transaction: Transaction) => void): Promise<Relay> {
    const server = createServer(async (request, response) => {
      const body = await bodyOf(request);
      for (const { method, params } of [JSON.parse(body) as Question | Question[]].flat())
        if (method === 'eth_sendRawTransaction') onSent(Transaction.from(params[0] as string));
      if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
      const answer = await fetch(node, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Relay(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
