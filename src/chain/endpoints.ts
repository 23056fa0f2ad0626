/**
 * Several addresses of nodes, asked as one: the first good one in the operator's order, the next when it fails or lags, two at a time
 * where what they say decides something. That they disagree is told, and never by itself a reason to act.
 */
import { setMaxListeners } from 'node:events';
import type { JsonRpcPayload } from 'ethers';
import pRetry from 'p-retry';
import { NetworkError } from '../errors.js';
import { agreedOn } from './consult.js';
import { Disagreements, DOUBT_MS } from './disagreements.js';
import type { Answer, Endpoint } from './endpoint.js';
import type { ChainEvents, NodeState, NodesHealth } from './events.js';
import { type Gathered, gather } from './gather.js';
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
/** Rounds over the nodes for the votes that a decision takes, with pauses that double. */
const VOTE_ROUNDS = 5;
const VOTE_PAUSE_MS = 50;

/** "There is none" may mean that this node does not know it yet. */
const MAYBE_NOT_YET = new Set([
  'eth_getTransactionReceipt',
  'eth_getTransactionByHash',
  'eth_getBlockByNumber',
  'eth_getBlockByHash',
]);
/** Nothing, where a node that lags does not have the contract yet. */
const MAYBE_NO_CODE_YET = new Set(['eth_call', 'eth_getCode']);
/** What is tried on a state: a node that lags may refuse what others would not. */
const TRIED = new Set(['eth_call', 'eth_estimateGas']);

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
    setMaxListeners(0, this.closing.signal); // every question that is being retried listens
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

  /**
   * What two nodes say, where two are alive; where they differ, what most say.
   *
   * @throws NodeFailure when only one of them says anything; NetworkError when three or more differ and no answer has a majority.
   */
  async askTwo(payload: JsonRpcPayload): Promise<Answer> {
    const voters = this.voters();
    if (voters.length < 2) return this.ask(payload);
    this.surveyNowAndThen();
    const ballot: Ballot = { votes: [], abstained: new Set() };
    await this.vote(payload, voters, ballot, () => ballot.votes.length >= 2);
    const { votes } = ballot;
    const [first, second] = votes;
    if (!first) return this.ask(payload);
    const silent = (): boolean => votes.length + ballot.abstained.size < voters.length;
    if (!second && silent()) throw undecided(payload, votes);
    if (!second || keyOf(payload, first.answer) === keyOf(payload, second.answer)) return first.answer;
    await this.vote(payload, voters, ballot, () => !silent());
    if (votes.length === 2 && silent()) throw undecided(payload, votes);
    return this.settle(payload, inOrder(votes, this.all));
  }

  /** What every node says that can be had now, put into one answer (see consult.ts). @throws NodeFailure when none says anything. */
  async consult(payload: JsonRpcPayload): Promise<Answer> {
    const voters = this.voters();
    if (voters.length < 2) return this.ask(payload);
    this.surveyNowAndThen();
    const { good } = await this.gather(voters, payload, { wanted: voters.length, enough: 2 });
    const ballot: Ballot = { votes: [...good], abstained: new Set() };
    await this.vote(payload, voters, ballot, () => ballot.votes.length >= 2);
    const votes = inOrder(ballot.votes, this.all);
    return votes.length === 0
      ? this.ask(payload)
      : agreedOn(
          payload,
          votes.map(({ answer }) => answer),
        );
  }

  /**
   * The newest block that two nodes have, by its tag: of three heights or more the second highest, so that neither one that lags nor one that
   * makes blocks up decides. The block itself is null when no two of them have said the same of it. Null when fewer than two answer.
   */
  async commonBlock(tag: string): Promise<{ readonly number: number; readonly block: RawBlock | null } | null> {
    const payload: JsonRpcPayload = { id: 1, jsonrpc: '2.0', method: 'eth_getBlockByNumber', params: [tag, false] };
    const voters = this.voters().filter((node) => this.stateOf(node) !== 'lagging');
    const ballot: Ballot = { votes: [], abstained: new Set() };
    const blocks = (): RawBlock[] =>
      ballot.votes
        .flatMap(({ answer }) => ('result' in answer && answer.result !== null ? [answer.result as RawBlock] : []))
        .sort((x, y) => Number(y.number) - Number(x.number));
    await this.vote(payload, voters, ballot, () => {
      const [highest, second, third] = blocks().map(({ number }) => Number(number));
      // Of two that are far apart, a third says which of them is right.
      return third !== undefined || (second !== undefined && (highest as number) - second <= MOST_LAG_BLOCKS);
    });
    const [, common] = blocks();
    if (!common) return null;
    const same = blocks().filter(({ number, hash }) => number === common.number && hash === common.hash);
    return { number: Number(common.number), block: same.length > 1 ? common : null };
  }

  /** Every node is told of a transaction: one that keeps it to itself does not matter. The best answer of all. */
  async broadcast(payload: JsonRpcPayload): Promise<Answer> {
    this.surveyNowAndThen();
    return this.retried(async () => {
      const nodes = this.ranked().filter(({ pausedForMs }) => pausedForMs === 0);
      const asked = nodes.length > 0 ? nodes : this.ranked();
      // All of them are told; whoever is slow to answer is not waited for.
      const { good, failures } = await gather(asked, {
        wanted: asked.length,
        enough: 1,
        ask: (node) => node.ask(payload),
        slowAfterMs: (node) => node.slowAfterMs,
      });
      const answers = inOrder(good, asked).map(({ answer }) => answer);
      const best = answers.find((answer) => 'result' in answer) ?? answers[0];
      if (best) return best;
      throw failures[0]?.error;
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
    const ranked = this.ranked();
    const awake = ranked.filter(({ pausedForMs }) => pausedForMs === 0);
    if (awake.length === 0) await this.waitFor(ranked);
    const nodes = awake.length === 0 ? ranked : awake;
    const ok = nodes.filter((node) => this.stateOf(node) === 'ok');
    let failure: unknown = null;
    for (const some of [ok, nodes.filter((node) => !ok.includes(node))]) {
      const { good, others, failures } = await this.gather(some, payload, { wanted: 1, enough: 1 });
      const [best] = [...good, ...inOrder(others, this.all)];
      if (best) return best.answer;
      failure ??= failures[0]?.error ?? null;
    }
    throw failure;
  }

  private gather(
    nodes: readonly Endpoint[],
    payload: JsonRpcPayload,
    { wanted, enough }: { readonly wanted: number; readonly enough: number },
  ): Promise<Gathered<Endpoint, Answer>> {
    return gather(nodes, {
      wanted,
      enough,
      ask: (node) => node.ask(payload),
      isGood: (node, answer) => !this.mayKnowLess(node, payload, answer),
      slowAfterMs: (node) => node.slowAfterMs,
    });
  }

  /** Somebody else may know more: it does not know what was asked for, or has turned out to lag. */
  private mayKnowLess(node: Endpoint, { method, params }: JsonRpcPayload, answer: Answer): boolean {
    if (this.all.length === 1) return false;
    if (!('result' in answer)) return TRIED.has(method);
    if (answer.result === null) return MAYBE_NOT_YET.has(method);
    if (answer.result === '0x') return MAYBE_NO_CODE_YET.has(method);
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
   * Who is heard where something is decided, best first: also those that fail just now, and those that were doubted, so that two of three
   * are never left to one word against another. Not one on another chain.
   */
  private voters(): Endpoint[] {
    const alive = (state: NodeState): Endpoint[] =>
      this.inState(state).filter((node) => !node.disagrees && node.answeredWithin(ALIVE_MS));
    return [...this.inState('ok'), ...alive('failing'), ...alive('disagrees'), ...this.inState('lagging')];
  }

  /** Asks those who have not said anything yet, round after round, until `isDone`, or until nobody is left or the rounds are over. */
  private async vote(
    payload: JsonRpcPayload,
    voters: readonly Endpoint[],
    { votes, abstained }: Ballot,
    isDone: () => boolean,
  ): Promise<void> {
    for (let round = 1; !isDone(); round++) {
      const silent = voters.filter((voter) => !abstained.has(voter) && votes.every(({ node }) => node !== voter));
      if (silent.length === 0 || round > VOTE_ROUNDS) return;
      if (round > 1) await pause(VOTE_PAUSE_MS * 2 ** (round - 2));
      const wanted = votes.length < 2 ? 2 - votes.length : silent.length;
      const { good, others, failures } = await gather(silent, {
        wanted,
        enough: wanted,
        ask: (node) => node.ask(payload),
        isGood: (_, answer) => votesOn(payload, answer),
        slowAfterMs: (node) => node.slowAfterMs,
      });
      votes.push(...good);
      for (const { node } of others) abstained.add(node);
      for (const { node, error } of failures)
        if (error instanceof NodeFailure && error.failure === 'unknown') abstained.add(node);
    }
  }

  private async settle(payload: JsonRpcPayload, votes: readonly Vote<Endpoint>[]): Promise<Answer> {
    const { answer, doubted, majority } = outcomeOf(payload, votes);
    const believed = votes.filter(({ node }) => !doubted.includes(node)).map(({ node }) => node);
    if (!(await this.seeSameBlock(payload, [...believed, ...doubted]))) {
      if (majority) return answer;
      throw new NetworkError('OG_REORG', 'The nodes are on different blocks just now.', 'Try again.');
    }
    const names = doubted.map(({ address }) => address);
    if (!majority && votes.length > 2)
      throw new NetworkError(
        'OG_NODES_DISAGREE',
        `The nodes answer ${payload.method} in ${votes.length} ways, and no two of them agree; nothing is decided on that.`,
        'It is tried again.',
      );
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
    const { good } = await this.gather(nodes, block, { wanted: nodes.length, enough: nodes.length });
    const hashes = new Set(good.map(({ answer }) => keyOf(block, answer)));
    return good.length === nodes.length && hashes.size === 1;
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

export interface RawBlock {
  readonly number: string;
  readonly hash: string;
  readonly timestamp: string;
}

interface Ballot {
  readonly votes: Vote<Endpoint>[];
  /** Who has answered that it does not know. */
  readonly abstained: Set<Endpoint>;
}

function undecided({ method }: JsonRpcPayload, votes: readonly Vote<Endpoint>[]): NodeFailure {
  const names = votes.map(({ node }) => node.address).join(' and ');
  const only = votes.length === 1 ? `only ${names} has` : `only ${names} have, in different ways,`;
  return new NodeFailure(
    'unreachable',
    `Of the nodes ${only} answered ${method}; nothing is decided on one node's word.`,
    {
      hint: 'It is tried again.',
    },
  );
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A node that would not give so many logs has not contradicted one that did. */
function votesOn({ method }: JsonRpcPayload, answer: Answer): boolean {
  return method !== 'eth_getLogs' || 'result' in answer;
}

function inOrder(votes: readonly Vote<Endpoint>[], order: readonly Endpoint[]): Vote<Endpoint>[] {
  return [...votes].sort((x, y) => order.indexOf(x.node) - order.indexOf(y.node));
}
