/** What a deployment is fixed to, and the values that og deploys with (the meaning of each is on IJobs.sol). */
import type { AbiParameterToPrimitiveType } from 'abitype';
import { parseEther, parseUnits } from 'ethers';
import type { Parameters } from '../dispute/game.js';
import { UserError } from '../errors.js';
import { seconds, wei } from '../units.js';
import { type BondBasis, type BondSum, bondParameters, bondSum } from './bonds.js';
import type { abis } from './generated/contracts.js';

export type { Parameters };

const MINUTE = 60;
const HOUR = 60 * MINUTE;

const MAX_GAS_PRICE_WEI = 10n ** 18n;
const MAX_OUTPUT_BYTES = 4 * 1024;

/** The dearest of the models in docs/models.md, and a price of gas that mainnet seldom exceeds; for a deployment elsewhere to choose anew. */
const STANDARD_BASIS: BondBasis = {
  matchGas: 1_650_000,
  gasPriceWei: parseUnits('11', 'gwei'),
  maxOutputBytes: MAX_OUTPUT_BYTES,
};

/** For real chains. A day to object and six hours of thinking time a side let one person with one machine take part. */
export const STANDARD_PARAMETERS: Parameters = {
  ...bondParameters(STANDARD_BASIS),
  challengeWindowSeconds: seconds(24 * HOUR),
  clockSeconds: seconds(6 * HOUR),
  inputDemandSeconds: seconds(24 * HOUR),
  callbackGas: 200_000,
  maxInputBytes: 32 * 1024,
  maxOutputBytes: MAX_OUTPUT_BYTES,
  inputDemandWei: wei(parseEther('0.02')),
};

/** For devnets: the same money, but minutes instead of days. */
export const DEVNET_PARAMETERS: Parameters = {
  ...STANDARD_PARAMETERS,
  challengeWindowSeconds: seconds(2 * MINUTE),
  clockSeconds: seconds(2 * MINUTE),
  inputDemandSeconds: seconds(2 * MINUTE),
};

/** Other bonds for other models or another price of gas: what is left out is as in the standard deployment. */
export function withBonds(
  parameters: Parameters,
  { matchGas = STANDARD_BASIS.matchGas, gasPriceWei = parameters.refundGasPriceWei }: Partial<BondBasis>,
): { readonly parameters: Parameters; readonly basis: BondBasis; readonly sum: BondSum } {
  if (gasPriceWei <= 0n || gasPriceWei > MAX_GAS_PRICE_WEI)
    throw new UserError(
      'OG_BAD_GAS_PRICE',
      `A price of gas of ${gasPriceWei} wei cannot size a bond.`,
      'Give one above 0 and below 1 ether a unit, for example --worst-gas-price 20.',
    );
  const basis = { matchGas, gasPriceWei, maxOutputBytes: parameters.maxOutputBytes };
  return { parameters: { ...parameters, ...bondParameters(basis) }, basis, sum: bondSum(basis) };
}

type JobsAbi = typeof abis.Jobs;
type ParametersOutput = Extract<JobsAbi[number], { type: 'function'; name: 'parameters' }>['outputs'][0];

export function parametersFromChain(raw: AbiParameterToPrimitiveType<ParametersOutput, 'outputs'>): Parameters {
  return {
    challengeWindowSeconds: seconds(raw.challengeWindowSeconds),
    clockSeconds: seconds(raw.clockSeconds),
    inputDemandSeconds: seconds(raw.inputDemandSeconds),
    callbackGas: Number(raw.callbackGas),
    maxInputBytes: Number(raw.maxInputBytes),
    maxOutputBytes: Number(raw.maxOutputBytes),
    burnBps: Number(raw.burnBps),
    bondWei: wei(raw.bondWei),
    inputDemandWei: wei(raw.inputDemandWei),
    refundGasPriceWei: wei(raw.refundGasPriceWei),
  };
}
