/**
 * Several addresses of nodes, asked as one: the first good one in the operator's order, the next when it fails or lags, two at a time
 * where what they say decides something. That they disagree is told, and never by itself a reason to act.
 */
import type { JsonRpcPayload } from 'ethers';
import pRetry from 'p-retry';
import { NetworkError } from '../errors.js';
import { Disagreements, DOUBT_MS } from './disagreements.js';
import type { Answer, Endpoint } from './endpoint.js';
import type { ChainEvents, NodeState, NodesHealth } from './events.js';
import { NodeFailure } from './rpc-failure.js';
import { survey } from './survey.js';
import { keyOf, outcomeOf, type Vote } from './votes.js';

/** Rounds over all nodes, after the first, in which any answer will do. */
const RETRIES = 3;
const RETRY_PAUSE_MS = 300;
/** A node that is further behind is only asked when there is no other. */
const MOST_LAG_BLOCKS = 5;
/** All nodes have asked for a pause: so long it is waited for, and else told. */
const LONGEST_WAIT_MS = 30_000;

/** A node that has answered within this is alive, though it fails just now: nothing is decided without a second node while there is one. */
const ALIVE_MS = 60_000;
/** Rounds over the nodes for the second of two votes. */
const VOTE_ROUNDS = 3;

/** "There is none" may mean that this node does not know it yet. */
const MAYBE_NOT_YET = new Set([
  'eth_getTransactionReceipt',
  'eth_getTransactionByHash',
  'eth_getBlockByNumber',
  'eth_getBlockByHash',
]);

export class Endpoints {
  readonly disagreements: Disagreements;
  private readonly states = new Map<Endpoint, NodeState>();
  private readonly closing = new AbortController();
  private nextSurveyMs = 0;
  private surveys = 0;
  private surveying: Promise<void> | null = null;

  /**
   * @param all in the operator's order.
   * @param watched contracts whose code the nodes must agree on.
   */
  constructor(
    readonly all: readonly Endpoint[],
    readonly chainId: bigint,
    readonly events: ChainEvents,
    private readonly surveyEveryMs: number,
    readonly watched: Set<string> = new Set(),
  ) {
    this.disagreements = new Disagreements(events);
  }

  /** The head that may be relied on: the second highest of three or more, since one node may make its own up. */
  get commonHead(): number | null {
    const heads = this.all.flatMap(({ head, disagrees }) => (head === null || disagrees ? [] : [head]));
    heads.sort((x, y) => y - x);
    return (heads.length < 3 ? heads[0] : heads[1]) ?? null;
  }

  get chosen(): Endpoint {
    return this.ranked()[0] as Endpoint;
  }

  health(): NodesHealth {
    const { chosen, commonHead } = this;
    const nodes = this.all.map((each) => each.health(this.stateOf(each), each === chosen, commonHead));
    return { nodes, head: commonHead, disagreements: this.disagreements.all };
  }

  /** One answer, from the best node that gives one. @throws NodeFailure when none does. */
  async ask(payload: JsonRpcPayload): Promise<Answer> {
    this.surveyNowAndThen();
    return this.retried(() => this.round(payload));
  }

  /** The answer of two nodes, where two are alive. @throws NodeFailure when only one of them gives one. */
  async askTwo(payload: JsonRpcPayload): Promise<Answer> {
    const failing = this.inState('failing').filter((node) => node.answeredWithin(ALIVE_MS));
    const voters = [...this.inState('ok'), ...failing];
    if (voters.length < 2) return this.ask(payload);
    this.surveyNowAndThen();
    const votes: Vote<Endpoint>[] = [];
    const abstained = new Set<Endpoint>();
    let silent = voters;
    for (let round = 1; round <= VOTE_ROUNDS && votes.length < 2; round++) {
      votes.push(...(await this.votes(payload, silent, 2 - votes.length, abstained)));
      silent = voters.filter((voter) => !abstained.has(voter) && votes.every(({ node }) => node !== voter));
    }
    if (votes.length === 1 && silent.some((node) => node.answeredWithin(ALIVE_MS)))
      throw new NodeFailure(
        'unreachable',
        `Of the nodes only ${votes[0]?.node.address} has answered ${payload.method}; nothing is decided on one node's word.`,
        { hint: 'It is tried again.' },
      );
    const [first, second] = votes;
    if (!first) return this.ask(payload);
    if (!second || keyOf(payload, first.answer) === keyOf(payload, second.answer)) return first.answer;
    const asked = votes.map(({ node }) => node);
    const others = voters.filter((node) => !asked.includes(node));
    const all = [...votes, ...(await this.votes(payload, others, others.length))];
    return this.settle(payload, inOrder(all, this.all));
  }

  /** The lower of two good nodes' heights of a block by its tag: both know it. Null when fewer than two answer. */
  async commonHeight(tag: string): Promise<number | null> {
    const payload: JsonRpcPayload = { id: 1, jsonrpc: '2.0', method: 'eth_getBlockByNumber', params: [tag, false] };
    const votes = await this.votes(payload, this.inState('ok'), 2);
    const heights = votes.flatMap(({ answer }) => {
      const block = 'result' in answer ? (answer.result as { number: string } | null) : null;
      return block ? [Number(block.number)] : [];
    });
    return heights.length < 2 ? null : Math.min(...heights);
  }

  /** Every node is told of a transaction: one that keeps it to itself does not matter. The best answer of all. */
  async broadcast(payload: JsonRpcPayload): Promise<Answer> {
    this.surveyNowAndThen();
    return this.retried(async () => {
      const nodes = this.ranked().filter(({ pausedForMs }) => pausedForMs === 0);
      const told = await Promise.allSettled(
        (nodes.length > 0 ? nodes : this.ranked()).map(async (node) => node.ask(payload)),
      );
      const answers = told.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      const best = answers.find((answer) => 'result' in answer) ?? answers[0];
      if (best) return best;
      throw (told[0] as PromiseRejectedResult).reason;
    });
  }

  /** Compares the nodes now. Otherwise it is done now and then, when something is asked. */
  async compare(): Promise<void> {
    this.surveying ??= this.survey().finally(() => {
      this.surveying = null;
    });
    await this.surveying;
  }

  close(): void {
    this.closing.abort(new NetworkError('OG_CLOSED', 'The connection to the node was closed.'));
  }

  inState(...wanted: readonly NodeState[]): Endpoint[] {
    return this.all.filter((each) => wanted.includes(this.stateOf(each)));
  }

  private stateOf(endpoint: Endpoint): NodeState {
    const state = endpoint.state(this.commonHead, MOST_LAG_BLOCKS);
    const before = this.states.get(endpoint);
    this.states.set(endpoint, state);
    if (before !== undefined && before !== state)
      this.events.emit('node', endpoint.health(state, false, this.commonHead));
    return state;
  }

  /** Best first. One that disagrees is not asked while there is any other. */
  private ranked(): Endpoint[] {
    const usable = [...this.inState('ok'), ...this.inState('lagging'), ...this.inState('failing', 'resting')];
    const known = usable.filter(({ chainId }) => chainId === this.chainId);
    return known.length > 0 ? known : [...this.all];
  }

  private async round(payload: JsonRpcPayload): Promise<Answer> {
    let none: Answer | null = null;
    let failure: unknown = null;
    const ranked = this.ranked();
    const awake = ranked.filter(({ pausedForMs }) => pausedForMs === 0);
    if (awake.length === 0) await this.waitFor(ranked);
    for (const node of awake.length === 0 ? ranked : awake) {
      if (none !== null && this.stateOf(node) !== 'ok') break;
      try {
        const answer = await node.ask(payload);
        if (!this.mayKnowLess(node, payload, answer)) return answer;
        none ??= answer;
      } catch (error) {
        failure ??= error;
      }
    }
    if (none !== null) return none;
    throw failure;
  }

  /** Somebody else may know more: it does not know what was asked for, or has turned out to lag. */
  private mayKnowLess(node: Endpoint, { method, params }: JsonRpcPayload, answer: Answer): boolean {
    if (this.all.length === 1 || !('result' in answer)) return false;
    if (answer.result === null) return MAYBE_NOT_YET.has(method);
    const [block] = params as readonly unknown[];
    const asksHead = method === 'eth_blockNumber' || (method === 'eth_getBlockByNumber' && block === 'latest');
    return asksHead && this.stateOf(node) === 'lagging';
  }

  private async retried(attempt: () => Promise<Answer>): Promise<Answer> {
    return pRetry(attempt, {
      retries: RETRIES,
      minTimeout: RETRY_PAUSE_MS,
      randomize: true,
      signal: this.closing.signal,
      shouldRetry: ({ error }) => error instanceof NodeFailure && error.mayPass,
    });
  }

  /** @throws NodeFailure when every node wants to be left alone for longer than one can wait. */
  private async waitFor(nodes: readonly Endpoint[]): Promise<void> {
    const waitMs = Math.min(...nodes.map(({ pausedForMs }) => pausedForMs));
    if (waitMs > LONGEST_WAIT_MS)
      throw new NodeFailure(
        'overload',
        `Every node has asked for a pause, the shortest of ${Math.ceil(waitMs / 1000)} s (too many requests).`,
        { hint: 'Give more addresses (--rpc), or ask your provider for a higher limit.' },
      );
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  /**
   * Answers of so many of these nodes, as far as they give any.
   *
   * @param abstained is told who has answered that it does not know.
   */
  private async votes(
    payload: JsonRpcPayload,
    nodes: readonly Endpoint[],
    count: number,
    abstained = new Set<Endpoint>(),
  ): Promise<Vote<Endpoint>[]> {
    const votes: Vote<Endpoint>[] = [];
    let rest = nodes;
    while (votes.length < count && rest.length > 0) {
      const asked = rest.slice(0, count - votes.length);
      rest = rest.slice(asked.length);
      const settled = await Promise.allSettled(asked.map((node) => node.ask(payload)));
      settled.forEach((each, i) => {
        const node = asked[i] as Endpoint;
        if (each.status === 'rejected') {
          if (each.reason instanceof NodeFailure && each.reason.failure === 'unknown') abstained.add(node);
        } else if (votesOn(payload, each.value)) votes.push({ node, answer: each.value });
        else abstained.add(node);
      });
    }
    return votes;
  }

  private async settle(payload: JsonRpcPayload, votes: readonly Vote<Endpoint>[]): Promise<Answer> {
    const { answer, doubted, majority } = outcomeOf(payload, votes);
    const believed = votes.filter(({ node }) => !doubted.includes(node)).map(({ node }) => node);
    if (!(await this.seeSameBlock(payload, [...believed, ...doubted]))) {
      if (majority) return answer;
      throw new NetworkError('OG_REORG', 'The nodes are on different blocks just now.', 'Try again.');
    }
    const names = doubted.map(({ address }) => address);
    this.disagreements.observe({
      about: 'read',
      key: `read:${names.join()}`,
      detail: `${names.join(', ')} answered ${payload.method} otherwise than ${believed.map(({ address }) => address).join(', ')}: ${JSON.stringify(payload.params).slice(0, 300)}`,
      doubted: names,
      majority,
    });
    if (majority) for (const node of doubted) node.doubt(DOUBT_MS);
    return answer;
  }

  /** Whether the nodes have the same block at the end of what was asked; where they do not, one lags or the chain reorganises. */
  private async seeSameBlock({ method, params }: JsonRpcPayload, nodes: readonly Endpoint[]): Promise<boolean> {
    if (method === 'eth_getBlockByNumber') return false;
    const [filter] = params as readonly [{ toBlock?: string }];
    if (method !== 'eth_getLogs' || filter.toBlock === undefined) return true;
    const block: JsonRpcPayload = {
      method: 'eth_getBlockByNumber',
      params: [filter.toBlock, false],
      id: 1,
      jsonrpc: '2.0',
    };
    const votes = await this.votes(block, nodes, nodes.length);
    const hashes = new Set(votes.map(({ answer }) => keyOf(block, answer)));
    return votes.length === nodes.length && hashes.size === 1;
  }

  private surveyNowAndThen(): void {
    if (this.all.length < 2 || this.closing.signal.aborted || Date.now() < this.nextSurveyMs) return;
    this.nextSurveyMs = Date.now() + this.surveyEveryMs;
    void this.compare();
  }

  private async survey(): Promise<void> {
    const found = await survey(this.all, this.chainId, this.surveys++ % 30 === 0 ? [...this.watched] : []);
    for (const each of this.all) {
      each.disagrees = found.some(({ observed, nodes }) => observed.about !== 'code' && nodes.includes(each));
      this.stateOf(each);
    }
    this.disagreements.compared(found.map(({ observed }) => observed));
  }
}

/** A node that would not give so many logs has not contradicted one that did. */
function votesOn({ method }: JsonRpcPayload, answer: Answer): boolean {
  return method !== 'eth_getLogs' || 'result' in answer;
}

function inOrder(votes: readonly Vote<Endpoint>[], order: readonly Endpoint[]): Vote<Endpoint>[] {
  return [...votes].sort((x, y) => order.indexOf(x.node) - order.indexOf(y.node));
}
