import { UserError } from '../errors.js';

const WEI_PER: Readonly<Record<string, bigint>> = { wei: 1n, gwei: 10n ** 9n, eth: 10n ** 18n, ether: 10n ** 18n };

/** Reads an amount of ether ("0.01") or one with a unit ("5gwei", "100 wei", "1ether"). */
export function parseWei(text: string, what: string): bigint {
  const match = /^(\d+)(?:\.(\d+))?\s*(wei|gwei|eth|ether)?$/i.exec(text.trim());
  const unit = WEI_PER[match?.[3]?.toLowerCase() ?? 'ether'];
  const fraction = match?.[2] ?? '';
  if (!match || !unit || 10n ** BigInt(fraction.length) > unit) {
    throw new UserError(
      'OG_BAD_AMOUNT',
      `"${text}" is not an amount for ${what}.`,
      'Give ether, or a number with its unit: 0.01, 5gwei, 100wei.',
    );
  }
  return BigInt(match[1]!) * unit + (BigInt(fraction || '0') * unit) / 10n ** BigInt(fraction.length);
}

/** Reads a price of gas in gwei ("30"), or one with a unit. */
export function parseGasPrice(text: string, what: string): bigint {
  return parseWei(/[a-z]\s*$/i.test(text) ? text : `${text}gwei`, what);
}

/** The unit in which an amount reads best: "0.01 ETH", "5 gwei", "100 wei". */
export function showWei(wei: bigint): string {
  if (wei === 0n) return '0 ETH';
  if (wei < 10n ** 6n) return `${wei} wei`;
  if (wei < 10n ** 13n) return `${decimal(wei, 9)} gwei`;
  return `${decimal(wei, 18)} ETH`;
}

/** At most 6 digits after the point that are not leading zeros; the rest is cut, never rounded up. */
function decimal(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const fraction = (value % unit).toString().padStart(digits, '0');
  const shown = fraction.slice(0, Math.max(fraction.search(/[1-9]/), 0) + 6).replace(/0+$/, '');
  return shown ? `${value / unit}.${shown}` : `${value / unit}`;
}

/** 1234567 as 1,234,567. */
export function showCount(count: number | bigint): string {
  return count.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
