/** The story of a dispute, line by line, for people who look on. */

import { matchText } from '../units.js';
import type { StoryEvent } from '../watch/story.js';
import { showCount, showWei } from './amounts.js';
import { withDates } from './durations.js';
import { short } from './ids.js';

/** One line for an event; null for what needs no line. */
export function storyLine(event: StoryEvent): string | null {
  switch (event.kind) {
    case 'running':
      return 'running the model';
    case 'judged':
      return `claim ${event.claimId} of ${event.claimant} is ${event.verdict}`;
    case 'sent':
      return `sent ${event.action} (${showCount(event.gasUsed)} gas, ${short(event.txHash)})`;
    case 'refused':
      return `${event.action} was refused: ${event.reason}`;
    case 'waiting':
      return withDates(event.reason);
    case 'revealed':
      return `claim ${event.claimId} has revealed its trace root`;
    case 'matchOpened':
      return `match ${matchText(event.matchId)}: claim ${event.claims[0]} against claim ${event.claims[1]}`;
    case 'nodeOpened':
    case 'leafPosted': {
      const { from, to, fromName, toName } = event.slots;
      const where = from === to ? `step ${from} "${fromName}"` : `steps ${from} "${fromName}" to ${to} "${toName}"`;
      return `${event.kind === 'leafPosted' ? 'one leaf' : `${event.height} levels`} in dispute: ${where}`;
    }
    case 'found': {
      const { slot, name, element, claimed, computed } = event.step;
      return `the contract computed step ${slot} "${name}", element ${element}: ${computed} (claimed: ${claimed[0]} and ${claimed[1]})`;
    }
    case 'claimLost':
      return `claim ${event.claimId} has lost its bond: ${showWei(event.burnedWei)} burned, ${showWei(event.potWei)} for the winner`;
    case 'jobEnded':
      return event.status === 'final' ? `the job is final: claim ${event.winner} is the answer` : 'the job is void';
    case 'claimed':
    case 'matchEnded':
      return null;
  }
}
