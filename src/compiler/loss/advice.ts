/** What to try when a program is not as close to its float model as it should be, from what was measured. */
import type { Losses } from '../../program/artefact.js';

export interface Circumstances {
  readonly losses: Losses | null;
  /** Ranges come from generated inputs. */
  readonly isGenerated: boolean;
  /** Ranges were given, and not measured. */
  readonly areRangesGiven: boolean;
  /** The user asked for a precision. */
  readonly areBitsGiven: boolean;
  /** Samples that ranges were measured on. */
  readonly samples: number;
}

/** So few do not show what a model can meet. */
const FEW_SAMPLES = 16;
/** A step that loses such a part of all is the one to look at. */
const MOST_OF_IT = 0.5;
/** Values so much smaller than the largest that a step can hold have few of its bits. */
const WIDE_SPREAD = 64;

function aboutRanges({ losses, isGenerated, areRangesGiven, samples }: Circumstances): string[] {
  const saturates = losses?.steps.some(({ saturated }) => saturated > 0) === true;
  if (isGenerated) return ['Measure the ranges on your own samples: --calibration.'];
  if (saturates)
    return [
      areRangesGiven
        ? 'Values are beyond the ranges that --ranges-from gave: measure them anew with --calibration.'
        : 'Values are beyond the ranges that the calibration samples showed: add samples like those it fails on.',
    ];
  if (areRangesGiven || samples >= FEW_SAMPLES) return [];
  return [
    `Calibrate on more samples than ${samples}: the fewer there are, the wider ranges are taken and the coarser steps are.`,
  ];
}

function aboutTheWorst(losses: Losses | null): string[] {
  const [worst] = losses?.steps ?? [];
  if (!losses || !worst || worst.saturated > 0 || worst.outputError < MOST_OF_IT * losses.outputError) return [];
  if ((worst.spread ?? 0) < WIDE_SPREAD) return [];
  const where = worst.operator === 'input' ? `the input "${worst.node}"` : `${worst.operator} node "${worst.node}"`;
  return [
    `The largest values of ${where} are ${Math.round(worst.spread!)} times the usual ones, which makes its scale coarse for these: calibrate on samples without outliers, or bring its values to one size in the model (a normalisation or a Clip before it).`,
  ];
}

/** Sentences, the most promising first. */
export function whatToTry(circumstances: Circumstances): string[] {
  const { losses, areBitsGiven } = circumstances;
  return [
    ...(areBitsGiven ? ['Leave out --bits: weights then have 16 bits, and activations more where that helps.'] : []),
    ...aboutRanges(circumstances),
    ...aboutTheWorst(losses),
  ];
}
