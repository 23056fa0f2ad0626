/** Tells alerts to a web address: a POST of the alert as JSON, tried again while nobody takes it. */
import pRetry from 'p-retry';
import type { Alert } from './alerts.js';

export interface WebhookOptions {
  readonly url: string;
  /** Times that an alert is tried again, with growing pauses; 8 when left out, which takes about ten minutes. */
  readonly retries?: number;
  readonly minPauseMs?: number;
  /** An alert was given up. */
  readonly onFailure?: (alert: Alert, error: Error) => void;
}

const TIMEOUT_MS = 10_000;

export class Webhook {
  /** One after the other: an end must not arrive before its beginning. */
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly options: WebhookOptions) {}

  tell(alert: Alert): void {
    const { onFailure } = this.options;
    this.queue = this.queue.then(() => this.post(alert)).catch((error: Error) => onFailure?.(alert, error));
  }

  /** Resolves when everything that was told so far has arrived or was given up. */
  async flushed(): Promise<void> {
    await this.queue;
  }

  private async post(alert: Alert): Promise<void> {
    const { url, retries = 8, minPauseMs = 2_000 } = this.options;
    await pRetry(
      async () => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(alert),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (!response.ok) throw new Error(`the webhook answered with HTTP status ${response.status}`);
      },
      { retries, minTimeout: minPauseMs, maxTimeout: 120_000 },
    );
  }
}
