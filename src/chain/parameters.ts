/** What a deployment is fixed to, and the values that og deploys with (the meaning of each is on IJobs.sol). */
import type { AbiParameterToPrimitiveType } from 'abitype';
import { parseEther } from 'ethers';
import type { Parameters } from '../dispute/game.js';
import { seconds, wei } from '../units.js';
import type { abis } from './generated/contracts.js';

export type { Parameters };

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/**
 * For real chains. A day to object and six hours of thinking time a side let one person with one machine take part; the bond
 * covers what a match costs the other side (about 10 M gas) up to 5 gwei, and is for a deployment elsewhere to choose anew.
 */
export const STANDARD_PARAMETERS: Parameters = {
  challengeWindowSeconds: seconds(24 * HOUR),
  clockSeconds: seconds(6 * HOUR),
  inputDemandSeconds: seconds(24 * HOUR),
  callbackGas: 200_000,
  maxInputBytes: 32 * 1024,
  maxOutputBytes: 4 * 1024,
  burnBps: 2_000,
  bondWei: wei(parseEther('0.05')),
  inputDemandWei: wei(parseEther('0.02')),
};

/** For devnets: the same money, but minutes instead of days. */
export const DEVNET_PARAMETERS: Parameters = {
  ...STANDARD_PARAMETERS,
  challengeWindowSeconds: seconds(2 * MINUTE),
  clockSeconds: seconds(2 * MINUTE),
  inputDemandSeconds: seconds(2 * MINUTE),
};

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
  };
}
