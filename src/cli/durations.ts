import { UserError } from '../errors.js';

const SECONDS_PER: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads seconds ("90") or a number with its unit ("90s", "15m", "2h", "1d"). */
export function parseSeconds(text: string, what: string): number {
  const match = /^(\d+)\s*([smhd])?$/.exec(text.trim());
  if (!match) {
    throw new UserError(
      'OG_BAD_DURATION',
      `"${text}" is not a duration for ${what}.`,
      'Give seconds, or a number with its unit: 90, 15m, 2h, 1d.',
    );
  }
  return Number(match[1]) * SECONDS_PER[match[2] ?? 's']!;
}

/** The two largest units: "2 h 5 min", "45 s". */
export function showSeconds(seconds: number): string {
  const rest = Math.max(0, Math.round(seconds));
  if (rest < 60) return `${rest} s`;
  if (rest < 3600) return joined(Math.floor(rest / 60), 'min', rest % 60, 's');
  if (rest < 86_400) return joined(Math.floor(rest / 3600), 'h', Math.floor((rest % 3600) / 60), 'min');
  return joined(Math.floor(rest / 86_400), 'd', Math.floor((rest % 86_400) / 3600), 'h');
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small ? `${big} ${bigUnit} ${small} ${smallUnit}` : `${big} ${bigUnit}`;
}

/** An instant of the chain's clock: "2026-11-21 03:00:10 UTC". */
export function showTime(timestamp: number): string {
  return `${new Date(timestamp * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** An instant of the chain's clock, and how far away it is: "2026-11-21 03:00:10 UTC (in 5 min)". */
export function showInstant(timestamp: number, nowSeconds: number): string {
  const date = showTime(timestamp);
  const distance = timestamp - nowSeconds;
  return `${date} (${distance >= 0 ? `in ${showSeconds(distance)}` : `${showSeconds(-distance)} ago`})`;
}

/** Timestamps in a sentence of the core, which speaks of seconds since 1970, as a person reads them. */
export function withDates(sentence: string): string {
  return sentence.replace(/\b\d{10,11}\b(?! (?:wei|gas))/g, (seconds) => showTime(Number(seconds)));
}
