/** What is asked of a node at one moment goes to it in one request, as many questions together as it takes. */
import type { JsonRpcPayload } from 'ethers';
import type { Answer } from './endpoint.js';

/** Providers take from ten questions a request to a thousand. */
const MOST_TOGETHER = 20;
/** Answers that are large or slow, or wanted at once. */
const ALONE = new Set(['eth_getLogs', 'eth_sendRawTransaction']);

/** The node does not take so many questions in one request, or none but one. */
export class BatchRefused extends Error {}

interface Waiting {
  readonly payload: JsonRpcPayload;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class Batches {
  private waiting: Waiting[] = [];
  private mostTogether = MOST_TOGETHER;

  /**
   * @param exchange one request: an answer or an error for each question, in their order. Rejects when there is none for any of them, with
   * BatchRefused when fewer may be answered.
   */
  constructor(
    private readonly exchange: (payloads: readonly JsonRpcPayload[]) => Promise<readonly (Answer | Error)[]>,
  ) {}

  ask(payload: JsonRpcPayload): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const question = { payload, resolve, reject };
      if (ALONE.has(payload.method)) return void this.send([question]);
      if (this.waiting.length === 0) setImmediate(() => this.sendWaiting());
      this.waiting.push(question);
    });
  }

  private sendWaiting(): void {
    const { waiting } = this;
    this.waiting = [];
    this.sendAll(waiting);
  }

  private sendAll(questions: readonly Waiting[]): void {
    for (let from = 0; from < questions.length; from += this.mostTogether)
      void this.send(questions.slice(from, from + this.mostTogether));
  }

  private async send(questions: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.exchange(questions.map(({ payload }) => payload));
      questions.forEach(({ resolve, reject }, i) => {
        const answer = answers[i];
        if (answer instanceof Error) reject(answer);
        else resolve(answer as Answer);
      });
    } catch (error) {
      if (error instanceof BatchRefused && questions.length > 1) {
        this.mostTogether = Math.max(1, Math.min(this.mostTogether, Math.floor(questions.length / 2)));
        this.sendAll(questions);
      } else for (const { reject } of questions) reject(error);
    }
  }
}
