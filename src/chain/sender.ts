/**
 * Sending transactions: tried before paid for, and followed until they are mined. Safe to do twice, and harmless when somebody else was
 * faster: a call that would revert, or is not wanted any more, is not sent.
 */
import { formatEther, formatUnits, isError, type Log, type TransactionReceipt, type TransactionRequest } from 'ethers';
import type { Hex } from '../commit/hash.js';
import { NetworkError, UserError } from '../errors.js';
import type { Timestamp } from '../units.js';
import { Account, type Place } from './account.js';
import { ContractRefusal, refusalOf } from './errors.js';
import type { AccountHealth } from './events.js';
import { type FeeMarket, type Fees, feesNow, raised } from './fees.js';
import { GasMeter, type Spent } from './gas.js';
import type { Node } from './provider.js';
import {
  type Deadline,
  nonceWasTaken,
  notMined,
  notSettled,
  type Patience,
  patienceWith,
  pause,
  secondsLeftUntil,
  Transaction,
  type TransactionSigner,
} from './transaction.js';
import type { Address, Call } from './typed.js';

export type { TransactionSigner };

/** The most gas that one transaction may have (EIP-7825). */
export const TRANSACTION_GAS_CAP = 2n ** 24n;

export interface SenderOptions extends Patience {
  readonly meter?: GasMeter;
}

export interface SendOptions {
  /** Chain time after which it is of no use. What is due first goes first, and offers grow faster the less time is left. */
  readonly deadline?: Timestamp | null;
  /**
   * Asked just before it is sent: the block that the newest state was read at, in which the call is wanted still; null, and it is dropped,
   * when it is not wanted any more.
   */
  readonly stillWanted?: () => Promise<number | null>;
  /** The account that must send it. Chosen by itself when left out. */
  readonly from?: Address;
}

/** A transaction that was mined and succeeded. */
export interface Sent extends Spent {
  readonly blockNumber: number;
  readonly logs: readonly Log[];
}

/** A call whose nonce another process took is tried and sent anew this often. */
const ATTEMPTS = 4;
/**
 * Transactions of the same account that another process sent are waited for, up to this: the state does not show them yet, and they may be the very
 * same. A bond, which would be put up twice, is given up for now after it; anything else would only fail, and goes then.
 */
const OTHERS_WAITED_FOR_MS = 60_000;
const OTHERS_LOOKED_AT_EVERY_MS = 1_000;
/** What has less time left than this, and puts up nothing, is not held up by that. */
const IN_NO_HURRY_SECONDS = 600;
/** Some nodes refuse what cannot be in the next block, others keep it until it can. */
const TOO_CHEAP = /fee per gas less than block base fee|transaction underpriced/i;
/** Calls that mean something else from another account: what they write is the sender's. */
const BOUND_TO_SENDER = new Set(['submit', 'challenge', 'demand', 'post', 'withdraw', 'request', 'requestByRoot']);

/**
 * There is one Sender in a process for its accounts. The first is who one is: bonds and credit are its own. Moves that anyone may make
 * go from whichever account is free, so that one whose transaction is stuck holds nobody up. Calls of one account are simulated, priced and
 * broadcast one at a time, by their deadlines; waiting for blocks goes on side by side.
 */
export class Sender {
  readonly address: Address;
  /** All accounts, the first one first. */
  readonly addresses: readonly Address[];
  readonly meter: GasMeter;
  private readonly accounts: readonly [Account, ...Account[]];
  private market: FeeMarket | null = null;

  constructor(
    readonly node: Node,
    signers: TransactionSigner | readonly TransactionSigner[],
    private readonly options: SenderOptions = {},
  ) {
    const [first, ...others] = [signers].flat().map((signer) => new Account(node, signer));
    if (!first) throw new RangeError('A sender needs an account.');
    this.accounts = [first, ...others];
    this.address = first.address;
    this.addresses = this.accounts.map(({ address }) => address);
    this.meter = options.meter ?? new GasMeter();
  }

  health(): readonly AccountHealth[] {
    return this.accounts.map(({ health }) => health);
  }

  /** What gas was last seen to cost; null before anything was sent. */
  get lastFees(): FeeMarket | null {
    return this.market;
  }

  /** Runs a call without sending it. @throws ContractRefusal when it would revert. */
  async simulate(call: Call, from = this.address): Promise<Hex> {
    try {
      return (await this.node.call({ ...request(call, from), blockTag: this.node.simulationTag })) as Hex;
    } catch (error) {
      throw refusalOf(error) ?? error;
    }
  }

  /**
   * Sends a call and waits until it is mined.
   *
   * @throws ContractRefusal when it would revert or is not wanted any more (nothing is sent), or did revert; UserError when the account
   * cannot pay or the gas does not fit a transaction; NetworkError when it is not mined in time.
   */
  async send(call: Call, options: SendOptions = {}): Promise<Sent> {
    const beganMs = Date.now();
    for (let attempt = 1; ; ) {
      const account = this.accountFor(call, options.from);
      const waits = Date.now() - beganMs < OTHERS_WAITED_FOR_MS;
      if (!waits && call.valueWei) throw notSettled(account.address, call);
      const transaction = await account.inTurn(options.deadline ?? null, () =>
        this.broadcast(account, call, options, waits),
      );
      if (transaction === 'later') {
        if (Date.now() - beganMs > 2 * OTHERS_WAITED_FOR_MS) throw notSettled(account.address, call);
        await pause(Math.min(OTHERS_LOOKED_AT_EVERY_MS, this.node.pollingMs));
        continue;
      }
      let mined = false;
      try {
        const receipt = await transaction.receipt();
        mined = true;
        return await this.mined(call, receipt);
      } catch (error) {
        const replaced = error instanceof NetworkError && error.code === 'OG_REPLACED';
        if (!replaced || attempt++ === ATTEMPTS) throw error;
      } finally {
        account.landed(transaction, mined);
      }
    }
  }

  /** To be called now and then: sends again what a reorganisation has taken back. It is also done before anything is sent. */
  async tend(): Promise<void> {
    await Promise.all(this.accounts.map(tendQuietly));
  }

  /** Waits for a transaction that somebody else signed. */
  async receipt(hash: Hex, giveUpAfterMs = this.options.giveUpAfterMs ?? 600_000): Promise<TransactionReceipt> {
    const giveUpAt = Date.now() + giveUpAfterMs;
    for (;;) {
      const receipt = await this.node.getTransactionReceipt(hash);
      if (receipt) return receipt;
      if (Date.now() > giveUpAt) throw notMined([hash], giveUpAfterMs);
      await pause(this.node.pollingMs);
    }
  }

  /**
   * Waits until nothing of these accounts is on its way: what a process that was killed has sent is not on the chain yet, and would
   * be decided and sent a second time. Waits a minute at most; a transaction may be stuck for ever.
   */
  async settled(timeoutMs = 60_000): Promise<void> {
    const giveUpAt = Date.now() + timeoutMs;
    for (const address of this.addresses)
      while (Date.now() < giveUpAt) {
        const [sent, mined] = await Promise.all(
          (['pending', 'latest'] as const).map((tag) => this.node.getTransactionCount(address, tag)),
        );
        if (sent === mined) break;
        await pause(this.node.pollingMs);
      }
  }

  async balance(): Promise<bigint> {
    return this.node.getBalance(this.address);
  }

  private accountFor({ kind, valueWei = 0n }: Call, from?: Address): Account {
    const [first] = this.accounts;
    if (from !== undefined) {
      const named = this.accounts.find(({ address }) => address.toLowerCase() === from.toLowerCase());
      if (!named) throw new RangeError(`${from} is not an account of this sender.`);
      return named;
    }
    if (valueWei > 0n || BOUND_TO_SENDER.has(kind)) return first;
    const able = this.accounts.filter(({ isStuck, canPay }) => canPay && !isStuck);
    const [least] = [...(able.length > 0 ? able : this.accounts)].sort((x, y) => x.load - y.load);
    return least ?? first;
  }

  /**
   * The nonce is fixed before the state is looked at: should another process with the same key be faster, it is taken, and everything is looked
   * at again. Nothing is sent on a state that does not show what was sent before.
   *
   * @param mayWait for transactions that another process has sent, unless there is too little time.
   * @returns `later` when there are such, or when the nonce was taken.
   */
  private async broadcast(
    account: Account,
    call: Call,
    options: SendOptions,
    mayWait: boolean,
  ): Promise<Transaction | 'later'> {
    const deadline = await this.deadlineOf(options.deadline ?? null);
    const placed = (): Promise<Place> => account.place(patienceWith(this.options, deadline));
    const [sentAgain, first] = await Promise.all([tendQuietly(account), placed()]);
    await backInChain(sentAgain);
    const { nonce, othersPending, replaces } = sentAgain.length === 0 ? first : await placed();
    const inHurry = deadline !== null && !call.valueWei && (secondsLeftUntil(deadline) ?? 0) < IN_NO_HURRY_SECONDS;
    const waits = mayWait && !inHurry;
    if (waits && othersPending && replaces === null) return 'later';
    // What a call costs is asked for at the same time; where it is not wanted any more, it does not matter that it would be refused.
    const [wanted, price] = await Promise.allSettled([
      this.isWanted(account, options, waits ? nonce : null),
      this.priced(account, call),
    ]);
    const state = resultOf(wanted);
    if (state === 'unwanted')
      throw new ContractRefusal(`"${call.kind}" was not sent: it is not due any more.`, 'NotWanted', {});
    if (state === 'unseen') return 'later';
    const priced = resultOf(price);
    const { gasLimit } = priced;
    const fees = replaces ? enoughToReplace(priced.fees, replaces, this.options.maxFeePerGasWei) : priced.fees;
    try {
      return await account.broadcast(
        new Transaction(this.node, account.signer, this.options, call, nonce, gasLimit, fees, deadline),
      );
    } catch (error) {
      if (replaces !== null) account.replacementRefused();
      if (nonceWasTaken(error)) return 'later';
      throw this.explained(error, account, call);
    }
  }

  /** @param nonce the state must show all transactions before it that others have sent; null when that does not matter. */
  private async isWanted(
    account: Account,
    { stillWanted }: SendOptions,
    nonce: number | null,
  ): Promise<'wanted' | 'unwanted' | 'unseen'> {
    if (!stillWanted) return 'wanted';
    const readAt = await stillWanted();
    if (readAt === null) return 'unwanted';
    return nonce === null || (await account.isSeenIn(readAt, nonce)) ? 'wanted' : 'unseen';
  }

  private async deadlineOf(at: Timestamp | null): Promise<Deadline | null> {
    return at === null ? null : { at, ms: Date.now() + (at - (await this.node.now())) * 1000 };
  }

  /** Tries the call, and sees that the account can pay for it. What a person can mend is said first. */
  private async priced(account: Account, call: Call): Promise<{ fees: Fees; gasLimit: bigint }> {
    const valueWei = call.valueWei ?? 0n;
    const [balance, tried, gas, market] = await Promise.allSettled([
      this.node.getBalance(account.address),
      this.simulate(call, account.address),
      this.gasLimit(account, call),
      feesNow(this.node, this.options.maxFeePerGasWei),
    ]);
    let balanceWei = resultOf(balance);
    const least =
      valueWei +
      (gas.status === 'fulfilled' && market.status === 'fulfilled' ? gas.value * market.value.fees.maxFeePerGas : 0n);
    if (balanceWei < least) balanceWei = await this.confirmedBalance(account);
    if (balanceWei < valueWei) throw this.insufficient(account, call, balanceWei, valueWei);
    resultOf(tried);
    const [gasLimit, { fees, limited, baseFeeWei }] = [resultOf(gas), resultOf(market)];
    this.market = resultOf(market);
    const neededWei = valueWei + gasLimit * fees.maxFeePerGas;
    if (balanceWei < neededWei) throw this.insufficient(account, call, balanceWei, neededWei);
    if (!limited) account.paid();
    else account.cannotPay('maxFee', limitedBy(fees.maxFeePerGas, baseFeeWei, call));
    return { fees, gasLimit };
  }

  /** That an account cannot pay is not taken from one node, where there are two. */
  private async confirmedBalance({ address }: Account): Promise<bigint> {
    const { number } = await this.node.decisionBlock();
    return this.node.getBalance(address, number);
  }

  private async gasLimit(account: Account, call: Call): Promise<bigint> {
    let estimate: bigint;
    try {
      estimate = await this.node.estimateGas(request(call, account.address));
    } catch (error) {
      throw this.explained(error, account, call);
    }
    if (estimate > TRANSACTION_GAS_CAP)
      throw new UserError(
        'OG_TOO_MUCH_GAS',
        `The transaction "${call.kind}" needs ${estimate} gas; a transaction may have ${TRANSACTION_GAS_CAP}.`,
      );
    const withMargin = estimate + estimate / 4n + 20_000n;
    return withMargin < TRANSACTION_GAS_CAP ? withMargin : TRANSACTION_GAS_CAP;
  }

  private async mined(call: Call, receipt: TransactionReceipt): Promise<Sent> {
    const spent: Spent = {
      kind: call.kind,
      txHash: receipt.hash as Hex,
      gasUsed: receipt.gasUsed,
      gasPriceWei: receipt.gasPrice,
      calldataBytes: (call.data.length - 2) / 2,
    };
    this.meter.record(spent);
    if (receipt.status === 1) return { ...spent, blockNumber: receipt.blockNumber, logs: receipt.logs };
    throw await this.reverted(call, receipt);
  }

  /** It passed when it was tried: something came in between. Trying it again says what. */
  private async reverted(call: Call, receipt: TransactionReceipt): Promise<ContractRefusal> {
    try {
      await this.node.call({ ...request(call, receipt.from as Address), blockTag: receipt.blockNumber });
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return refusal;
    }
    const message = `The transaction "${call.kind}" (${receipt.hash}) was mined but reverted; another one came first, or its gas ran out.`;
    return new ContractRefusal(message, 'Reverted', {});
  }

  private insufficient(account: Account, call: Call, balance: bigint, neededWei: bigint): UserError {
    const error = new UserError(
      'OG_INSUFFICIENT_FUNDS',
      `The account ${account.address} has ${formatEther(balance)} ETH, but "${call.kind}" needs up to ${formatEther(neededWei)} ETH.`,
      `Send it at least ${formatEther(neededWei - balance)} ETH on chain ${this.node.chainId}.`,
    );
    account.cannotPay('balance', error.message);
    return error;
  }

  private explained(error: unknown, account: Account, call: Call): unknown {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    if (error instanceof Error && TOO_CHEAP.test(error.message))
      return new NetworkError(
        'OG_FEE_TOO_LOW',
        `The node does not take "${call.kind}" of ${account.address} at the fee that may be paid.`,
        'Wait until gas is cheaper, or allow more (--max-fee).',
      );
    if (!isError(error, 'INSUFFICIENT_FUNDS')) return error;
    const lack = new UserError(
      'OG_INSUFFICIENT_FUNDS',
      `The account ${account.address} cannot pay for "${call.kind}" on chain ${this.node.chainId}.`,
      'Send it some ETH, or wait until its other transactions are mined.',
    );
    account.cannotPay('balance', lack.message);
    return lack;
  }
}

/** Twice as much each time. */
function enoughToReplace(fees: Fees, refusals: number, limit?: bigint): Fees {
  return raised(fees, fees, 100n * (2n ** BigInt(refusals) - 1n), limit) ?? fees;
}

const request = ({ to, data, valueWei }: Call, from: Address): TransactionRequest => ({
  from,
  to,
  data,
  value: valueWei ?? 0n,
});

/** What cannot be looked after now is looked after the next time. */
async function tendQuietly(account: Account): Promise<Transaction[]> {
  try {
    return await account.tend();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return [];
  }
}

/**
 * Nothing new is sent before what a reorganisation took back is mined again: until then the chain does not show it, and the same would be
 * decided a second time.
 */
async function backInChain(sentAgain: readonly Transaction[]): Promise<void> {
  for (const transaction of sentAgain) {
    try {
      await transaction.receipt();
    } catch (error) {
      if (!(error instanceof NetworkError && error.code === 'OG_REPLACED')) throw error;
    }
  }
}

function limitedBy(offerWei: bigint, baseFeeWei: bigint | null, { kind }: Call): string {
  const [offer, base] = [offerWei, baseFeeWei ?? 0n].map((each) => formatUnits(each, 'gwei'));
  return `Gas costs at least ${base} gwei, but no more than ${offer} gwei may be paid (--max-fee): "${kind}" waits until it is cheaper.`;
}

function resultOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
