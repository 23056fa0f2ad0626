/** How a strategy's jobs have ended, in words. */
import type { JobView } from '../../src/dispute/game.js';

/** How a job has to end. `unjudged`: nobody can say what is right, so nobody honest has a part in it. */
export type End = 'right' | 'void' | 'unjudged';

export function outcomeOf({ job, claims, matches }: JobView, end: End): string {
  const lost = claims.filter(({ status }) => status === 'lost').length;
  const endings = (['proof', 'time', 'sameTrace'] as const).flatMap((ending) => {
    const count = matches.filter((match) => match.ending === ending).length;
    return count === 0 ? [] : [`${count} by ${ending === 'sameTrace' ? 'same trace' : ending}`];
  });
  const result = end === 'unjudged' ? 'left alone' : job.status === 'final' ? 'right' : job.status;
  return `${result}${lost === 0 ? '' : `, ${lost} lost`}${endings.length === 0 ? '' : ` (${endings.join(', ')})`}`;
}

/** The same outcome of several jobs is said once. */
export function countsOf(outcomes: readonly string[]): string {
  const kinds = [...new Set(outcomes)];
  return kinds
    .map((kind) => {
      const count = outcomes.filter((outcome) => outcome === kind).length;
      return count === 1 ? kind : `${count} × ${kind}`;
    })
    .join('; ');
}
