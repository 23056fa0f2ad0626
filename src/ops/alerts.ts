/** Alerts: each is told once when it begins, and once more when it is over. */

export const ALERT_KINDS = [
  'wrongResult',
  'clockLow',
  'cannotVerify',
  'cannotPay',
  'nodesDisagree',
  'stuck',
  'queueUnreachable',
  'runnerContradicted',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export interface Alert {
  readonly kind: AlertKind;
  /** The same for the same trouble: `clockLow:job 7`. */
  readonly key: string;
  readonly status: 'firing' | 'resolved';
  readonly message: string;
  readonly job: number | null;
  /** When it began, ISO 8601. */
  readonly since: string;
}

export type Tell = (alert: Alert) => void;

export class Alerts {
  private readonly firing = new Map<string, Alert>();

  constructor(private readonly tell: Tell) {}

  /** Alerts that last, by kind. */
  count(kind: AlertKind): number {
    return [...this.firing.values()].filter((alert) => alert.kind === kind).length;
  }

  /** Begins an alert, or ends it when `message` is null. */
  set(kind: AlertKind, about: string, message: string | null, job: number | null = null): void {
    const key = `${kind}:${about}`;
    const known = this.firing.get(key);
    if (message === null) {
      if (!known) return;
      this.firing.delete(key);
      this.tell({ ...known, status: 'resolved' });
    } else if (!known) {
      const alert: Alert = { kind, key, status: 'firing', message, job, since: new Date().toISOString() };
      this.firing.set(key, alert);
      this.tell(alert);
    }
  }
}
