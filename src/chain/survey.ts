/** Compares nodes in what cannot change: the chain's id, an old block's hash, a contract's code. */
import { id as hashOfText, type JsonRpcPayload, type JsonRpcResult } from 'ethers';
import type { Observed } from './disagreements.js';
import type { Answer, Endpoint } from './endpoint.js';
import { gather } from './gather.js';

/** A block that is so deep is not reorganised away any more. */
export const REORG_BLOCKS = 64;

export interface Found {
  readonly observed: Observed;
  /** Those that were not believed. */
  readonly nodes: readonly Endpoint[];
}

/** A node that fails now and then is asked again. */
const ATTEMPTS = 3;

interface Said {
  readonly node: Endpoint;
  readonly value: string;
}

/**
 * Nodes that do not answer take no part.
 *
 * @param nodes in the operator's order.
 * @param contracts whose code is compared.
 */
export async function survey(
  nodes: readonly Endpoint[],
  chainId: bigint,
  contracts: readonly string[],
): Promise<Found[]> {
  const [ids] = await Promise.all([
    asked(nodes, 'eth_chainId', []),
    asked(nodes, 'eth_getBlockByNumber', ['latest', false]), // it learns its head by that
  ]);
  for (const { node, value } of ids) node.chainId = BigInt(value);
  const others = ids.filter(({ node }) => node.chainId !== chainId);
  const found = others.map(({ node, value }) => ({
    observed: {
      about: 'chainId' as const,
      key: `chainId:${node.address}`,
      detail: `${node.address} is on chain ${BigInt(value)}, not on ${chainId}`,
      doubted: [node.address],
      majority: false,
    },
    nodes: [node],
  }));

  const onChain = ids.flatMap(({ node }) => (node.chainId === chainId ? [node] : []));
  const heads = onChain.flatMap(({ head }) => (head === null ? [] : [head]));
  if (heads.length === 0) return found;
  const deep = `0x${Math.max(Math.min(...heads) - REORG_BLOCKS, 0).toString(16)}`;
  const blocks = await asked(onChain, 'eth_getBlockByNumber', [deep, false]);
  const hashes = blocks.flatMap(({ node, value }) => {
    const { hash } = (JSON.parse(value) ?? {}) as { hash?: string };
    return hash === undefined ? [] : [{ node, value: hash }];
  });
  const forked = different('blockHash', `block ${Number(deep)}`, hashes);

  const codes = contracts.map(async (contract) => {
    const said = await asked(onChain, 'eth_getCode', [contract, deep === '0x0' ? 'latest' : deep]);
    return different('code', `the code of ${contract}`, said);
  });
  return [...found, ...forked, ...(await Promise.all(codes)).flat()];
}

async function asked(nodes: readonly Endpoint[], method: string, params: readonly unknown[]): Promise<Said[]> {
  const payload: JsonRpcPayload = { id: 1, jsonrpc: '2.0', method, params: [...params] };
  const awake = nodes.filter(({ pausedForMs }) => pausedForMs === 0);
  const { good } = await gather(awake, {
    wanted: awake.length,
    enough: 1,
    ask: (node) => askAgain(node, payload),
    isGood: (_, answer) => 'result' in answer,
    slowAfterMs: ({ slowAfterMs }) => ATTEMPTS * slowAfterMs,
  });
  return good.map(({ node, answer }) => {
    const { result } = answer as JsonRpcResult;
    return { node, value: typeof result === 'string' ? result : JSON.stringify(result) };
  });
}

async function askAgain(node: Endpoint, payload: JsonRpcPayload): Promise<Answer> {
  for (let attempt = 1; ; attempt++)
    try {
      return await node.ask(payload);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
}

/** Where there is no majority, the first in the operator's order is believed. */
function different(about: 'blockHash' | 'code', subject: string, said: readonly Said[]): Found[] {
  const count = (value: string): number => said.filter((each) => each.value === value).length;
  const [most] = [...said].sort((x, y) => count(y.value) - count(x.value));
  const doubted = said.filter(({ value }) => value !== most?.value);
  if (!most || doubted.length === 0) return [];
  const names = doubted.map(({ node }) => node.address);
  const shown = (value: string): string => (about === 'code' ? `code with hash ${hashOfText(value)}` : value);
  const detail = doubted.map(({ node, value }) => `${node.address} says ${shown(value)}`).join('; ');
  return [
    {
      observed: {
        about,
        key: `${about}:${names.join()}`,
        detail: `of ${subject}, ${detail}; the others say ${shown(most.value)}`,
        doubted: names,
        majority: count(most.value) * 2 > said.length,
      },
      nodes: doubted.map(({ node }) => node),
    },
  ];
}
