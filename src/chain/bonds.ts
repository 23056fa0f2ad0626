/**
 * How large a bond must be, by arithmetic (docs/protocol.md, "Bonds"): from what a match costs at worst, which is the price tag of the dearest
 * model that a deployment is meant for, and from the highest gas price at which nobody honest shall pay for having been right.
 */
import type { Parameters } from '../dispute/game.js';
import { type Wei, wei } from '../units.js';

export interface BondBasis {
  /** The price tag of the dearest model (`og compile` prints it): gas of a whole match, of both sides. */
  readonly matchGas: number;
  /** Wei for a unit of gas. */
  readonly gasPriceWei: bigint;
  /** Largest output that claims post. */
  readonly maxOutputBytes: number;
}

export interface BondSum {
  /** What being right costs at most in gas: the match, one's output twice (claim and end), the end, taking out the credit. */
  readonly gas: number;
  /** That, at the stated price: left to the winner. */
  readonly potWei: Wei;
  /** As much again is burned: of it come the refunds of those who moved for the winner, and lying to oneself costs all of it. */
  readonly burnWei: Wei;
  readonly bondWei: Wei;
}

/** `finalize` and `withdraw`, with an output of a word (contracts/gas/transactions.json). */
const END_GAS = 115_000;
/** Calldata, event and hash of one posted byte (docs/protocol.md, "Gas"). */
const POSTED_BYTE_GAS = 40;
const POSTINGS = 2;
/** Bonds are round numbers. */
const ROUND_WEI = 10n ** 16n;
const BURN_BPS = 5_000;

/** What a bond is made of. */
export function bondSum({ matchGas, gasPriceWei, maxOutputBytes }: BondBasis): BondSum {
  const gas = matchGas + END_GAS + POSTINGS * POSTED_BYTE_GAS * maxOutputBytes;
  const share = BigInt(gas) * gasPriceWei;
  const bondWei = roundUp(2n * share);
  return { gas, potWei: wei(bondWei / 2n), burnWei: wei(bondWei / 2n), bondWei: wei(bondWei) };
}

/** The part of a deployment's parameters that is about bonds. */
export function bondParameters(basis: BondBasis): Pick<Parameters, 'bondWei' | 'burnBps' | 'refundGasPriceWei'> {
  return { bondWei: bondSum(basis).bondWei, burnBps: BURN_BPS, refundGasPriceWei: wei(basis.gasPriceWei) };
}

const roundUp = (amountWei: bigint): bigint => ((amountWei + ROUND_WEI - 1n) / ROUND_WEI) * ROUND_WEI;
