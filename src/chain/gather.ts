/** Asking several at once, and another one as soon as one of them fails or is slow. */

export interface Answered<N, A> {
  readonly node: N;
  readonly answer: A;
}

export interface Gathered<N, A> {
  /** In the order in which they came. */
  readonly good: readonly Answered<N, A>[];
  /** Answers that will not do. */
  readonly others: readonly Answered<N, A>[];
  readonly failures: readonly { readonly node: N; readonly error: unknown }[];
}

export interface Gathering<N, A> {
  /** Good answers that it ends with; so many are asked at once. */
  readonly wanted: number;
  /** When nobody is left but those who are slow, so many answers of any kind will do. */
  readonly enough: number;
  readonly ask: (node: N) => Promise<A>;
  readonly isGood?: (node: N, answer: A) => boolean;
  /** Whoever has not answered after this is slow: another one is asked too. */
  readonly slowAfterMs: (node: N) => number;
}

/** Never rejects. @param nodes those to ask, best first. */
export function gather<N, A>(
  nodes: readonly N[],
  { wanted, enough, ask, isGood = () => true, slowAfterMs }: Gathering<N, A>,
): Promise<Gathered<N, A>> {
  return new Promise((resolve) => {
    const good: Answered<N, A>[] = [];
    const others: Answered<N, A>[] = [];
    const failures: { node: N; error: unknown }[] = [];
    let [begun, running, prompt] = [0, 0, 0];

    const next = (): void => {
      while (begun < nodes.length && good.length + prompt < wanted) begin(nodes[begun++] as N);
      const onlySlow = prompt === 0 && good.length + others.length >= enough;
      if (good.length >= wanted || running === 0 || onlySlow)
        resolve({ good: [...good], others: [...others], failures: [...failures] });
    };
    const begin = (node: N): void => {
      running++;
      prompt++;
      let slow = false;
      const timer = setTimeout(() => {
        slow = true;
        prompt--;
        next();
      }, slowAfterMs(node));
      ask(node)
        .then(
          (answer) => void (isGood(node, answer) ? good : others).push({ node, answer }),
          (error: unknown) => void failures.push({ node, error }),
        )
        .finally(() => {
          clearTimeout(timer);
          running--;
          if (!slow) prompt--;
          next();
        });
    };
    next();
  });
}
