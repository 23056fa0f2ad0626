/** The match in words: what is left after each round, by the layers' own names. */
import type { Contracts } from '../../chain/contracts.js';
import type { Sent } from '../../chain/sender.js';
import type { ModelCommitment } from '../../commit/model.js';
import type { Action } from '../../dispute/actions.js';
import { showCount } from '../amounts.js';
import { out } from '../colour.js';

/** What the contract has computed at the leaf. */
export interface Found {
  readonly slot: number;
  readonly element: number;
  readonly computed: bigint;
  readonly claimed: readonly [bigint, bigint];
}

export function moveText(action: Action): string {
  switch (action.kind) {
    case 'challenge':
      return 're-ran the model: wrong; posts the right answer with a bond';
    case 'reveal':
      return 'reveals its trace root';
    case 'revealAndMove':
      return `reveals its trace root, ${moveText(action.move)}`;
    case 'open':
      return `opens its root: ${action.children.length} nodes`;
    case 'descend':
      return `says where they part, opens ${action.children.length} nodes there`;
    case 'descendToLeaf':
      return 'says where they part, posts its 256 bytes there';
    case 'postLeaf':
      return 'posts the 256 bytes it has there';
    case 'proveStep':
      return 'has the contract compute the element itself';
    case 'proveInput':
      return 'has the contract look at the input itself';
    case 'provePadding':
      return 'has the contract look at the padding itself';
    case 'callTime':
      return 'calls time';
    default:
      return action.kind;
  }
}

/** What is left to argue about after an answer; null when this transaction was none. */
export function narrowedTo(sent: Sent, { matches }: Contracts, commitment: ModelCommitment): string | null {
  const { program, model } = commitment;
  const opened = matches.find(sent.logs, 'NodeOpened');
  const event = opened ?? (sent.kind.endsWith('descendToLeaf') ? matches.find(sent.logs, 'LeafPosted') : null);
  const height = opened ? Number(opened.args.height) : 0;
  if (!event || height === model.slotDepth + model.tensorDepth) return null;
  const position = Number(event.args.position);
  const slotOf = (leaf: number): number => Math.floor(leaf / 2 ** model.tensorDepth);
  const [first, last] = [slotOf(position * 2 ** height), slotOf((position + 1) * 2 ** height - 1)];
  const names = Array.from({ length: Math.min(last, program.steps.length) - first + 1 }, (_, i) =>
    nameOf(commitment, first + i),
  );
  const leaves = 2 ** Math.min(height, model.tensorDepth);
  const part = height < model.tensorDepth ? `, ${height === 0 ? 'one leaf' : `${showCount(leaves)} leaves`} of it` : '';
  return `they part in ${names.length > 4 ? `${names[0]} … ${names.at(-1)}` : names.join(', ')}${part}`;
}

/** `step 4 "pool2"`, in the layer's own name. */
export function nameOf({ program }: ModelCommitment, slot: number): string {
  if (slot === 0) return 'the input';
  const step = program.steps[slot - 1];
  return step ? `step ${slot} ${out.bold(`"${step.name}"`)}` : `slot ${slot}`;
}

export function foundBy(sent: Sent, { matches }: Contracts): Found | null {
  const event = matches.find(sent.logs, 'ElementComputed');
  if (!event) return null;
  const { slot, element, computed, value0, value1 } = event.args;
  return { slot: Number(slot), element: Number(element), computed, claimed: [value0, value1] };
}
