import { showCount, showWei } from './amounts.js';
import { showInstant } from './durations.js';
import { idNumber } from './ids.js';
import type { Json } from './json.js';
import type { SubmittedFor } from './submit-for.js';
import { facts } from './table.js';

/** What `og submit` reports, for scripts and for people. */
export function showSubmitted({ submitted, lie }: SubmittedFor, now: number): { json: Json; text: string } {
  const { jobId, claimId, outputRoot, seal, bondWei, windowEndsAt, txHash, gasUsed } = submitted;
  const text = facts([
    ['job', jobId],
    ['claim', claimId],
    ['output root', outputRoot],
    ['seal', seal],
    ['bond', showWei(bondWei)],
    ['window ends', showInstant(windowEndsAt, now)],
    ['lie', lie ? `step ${lie.step}, element ${lie.element}: ${lie.value} instead of ${lie.truth}` : undefined],
    ['transaction', `${txHash} (${showCount(gasUsed)} gas)`],
  ]);
  const json = {
    jobId: idNumber(jobId),
    claimId: idNumber(claimId),
    outputRoot,
    seal,
    bondWei,
    windowEndsAt,
    txHash,
    gasUsed: Number(gasUsed),
    ...(lie ? { tampered: { ...lie } } : {}),
  };
  return { json, text };
}
