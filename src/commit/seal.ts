/** A claim's seal: who ran the model can check it, who did not cannot copy it (docs/protocol.md, section 3). */
import { addressWord, encodeWords, hashWord, uintWord } from './abi.js';
import type { Hash } from './hash.js';
import { keccak256, keccakHex } from './keccak.js';

const SEAL_VERSION = keccak256(Buffer.from('og.seal.v1'));

/** What a seal of one deployment starts with. @param jobs address of the Jobs contract. */
export function sealDomain(chainId: bigint, jobs: string): Hash {
  return keccakHex(encodeWords(SEAL_VERSION, uintWord(chainId), addressWord(jobs)));
}

export function sealOf(domain: Hash, jobId: bigint, claimant: string, traceRoot: Hash): Hash {
  return keccakHex(encodeWords(hashWord(domain), uintWord(jobId), addressWord(claimant), hashWord(traceRoot)));
}

/** What a claim keeps of its terms (`Terms` of IJobs.sol). @param target the claim it was posted against; 0 for a first one. */
export function termsHash(seal: Hash, outputRoot: Hash, target: bigint): Hash {
  return keccakHex(encodeWords(hashWord(seal), hashWord(outputRoot), uintWord(target)));
}
