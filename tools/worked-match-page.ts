/**
 * One match from the request to the payment, with every number in it (docs/worked-match.md). The program is small enough to be
 * written down whole, so that a second client can make each number itself; the players are those of the tests, and the contracts
 * are the referee of the tests, which hashes with another library than the moves are made with.
 */
import { toHex } from '../src/commit/hash.js';
import { keccakHex } from '../src/commit/keccak.js';
import { layoutJson } from '../src/commit/model.js';
import { termsHash } from '../src/commit/seal.js';
import type { Action, Reveal } from '../src/dispute/actions.js';
import { rootOf } from '../src/dispute/answer.js';
import type { MatchState } from '../src/dispute/game.js';
import type { TraceSource } from '../src/dispute/trace.js';
import { claimId, matchIdOf, matchText } from '../src/units.js';
import { Game, honestTrace } from '../test/helpers/game.js';
import { wrongElement } from '../test/helpers/liars.js';
import { CLOCK_SECONDS, WINDOW_SECONDS } from '../test/helpers/referee.js';
import { countingInput, countingProgram } from '../test/helpers/traces.js';

const STEPS = 4;
const ELEMENTS = 300;
const LIE = { slot: 3, element: 77 };
const MATCH = matchIdOf(claimId(1), claimId(2));
/** Who moves, and how many seconds after what was before. */
const TURNS: readonly (readonly [string, number])[] = [
  ['wendy', 10],
  ['mallory', 100],
  ['wendy', 20],
  ['mallory', 200],
  ['wendy', 30],
];

export function workedMatchPage(): string {
  const truth = honestTrace(countingProgram(STEPS, ELEMENTS), countingInput(ELEMENTS));
  const lie = wrongElement(LIE.slot, LIE.element)(truth);
  const game = new Game(truth).claimedByLiar('mallory', wrongElement(LIE.slot, LIE.element)).watchedBy('wendy');
  const start = game.referee.now;
  game.wait(60).turn('wendy', 'challenge');
  const claims = claimsPart(game, [lie, truth], start);
  const moves = TURNS.map(([name, wait]) => {
    const action = game.wait(wait).player(name).act(game.referee);
    if (!action) throw new Error(`${name} has no move.`);
    return moveLine(game, name, action, start);
  });
  const proof = proofPart(game);
  game
    .expectLost('mallory')
    .wait(WINDOW_SECONDS + 1)
    .turn('wendy', 'finalize')
    .expectFinal('wendy');
  return `# A match, worked

Every number of one match, made by \`npm run docs:match\` and checked by \`test/docs/worked-match.test.ts\`; [protocol.md](protocol.md)
says by what rules. Hashes are whole, so that another client can be held against them.

${modelPart(truth)}

${claims}

## Moves

The trace tree has ${truth.commitment.model.slotDepth} + ${truth.commitment.model.tensorDepth} levels: the first round takes 2, the second 4. Clocks are of ${CLOCK_SECONDS} seconds; the times are
seconds after the first claim. The state is what the match stands at after the move, and the time that each side has left.

${moves.join('\n')}

${proof}

${moneyPart(game)}
`;
}

function modelPart({ commitment, slots, forest }: TraceSource): string {
  const { model, modelId, program, encodedSteps } = commitment;
  const steps = encodedSteps.slice(1);
  const fields = Object.entries(model).map(([name, value]) => `| ${name} | ${value} |`);
  return `## Model and input

${STEPS} steps, each of which adds 1 to every element of the slot before it. The ${ELEMENTS} elements of the input are 0, 1, 2, ...; the input is
2 bytes wide, every step's output 4. Encoded, and the leaves of the program tree:

${steps.map((step, i) => `- step ${i + 1}: \`${toHex(step)}\`\n  hash \`${keccakHex(step)}\``).join('\n')}

Layout: \`${layoutJson(program)}\`

| Model | |
|---|---|
${fields.join('\n')}

- model id: \`${modelId}\`
- input root: \`${forest.slotRoot(0)}\`; its first leaf has the hash \`${keccakHex(forest.leaf(0))}\`
- the true trace has ${slots.length} slots and the root \`${forest.root}\``;
}

function claimsPart({ referee }: Game, traces: readonly [TraceSource, TraceSource], start: number): string {
  const { claims, job } = referee.view();
  const { sealDomain, parameters } = referee.deployment;
  const said = claims.map(({ id, claimant, seal, outputRoot, target }, i) => {
    const name = i === 0 ? 'Mallory' : 'Wendy';
    return `- claim ${id}, ${name}, \`${claimant}\`: trace root \`${traces[i]?.forest.root}\`
  - seal \`${seal}\`
  - output root \`${outputRoot}\`, target ${target}
  - terms hash \`${termsHash(seal, outputRoot, target)}\``;
  });
  return `## Claims

Job 1 of a Jobs contract at \`0x${'10'.repeat(20)}\` on chain 31337; its seal domain is \`${sealDomain}\`. Fee
${job.feeWei} wei, bond ${parameters.bondWei} wei, burn ${parameters.burnBps / 100} %, window ${WINDOW_SECONDS} seconds: it ends at ${job.windowEndsAt - start}. Mallory claims at 0; element ${LIE.element} of slot ${LIE.slot}
is wrong in its trace, and nothing else. Wendy challenges at 60; the match is ${matchText(MATCH)}, its id \`${MATCH}\`.

${said.join('\n')}`;
}

function moveLine(game: Game, name: string, action: Action, start: number): string {
  const match = game.match(1);
  const { now } = game.referee;
  const lines = [`- **${now - start}, ${name}: ${namesOf(action).join(' and ')}**`];
  if (action.kind === 'revealAndMove')
    lines.push(`  - ${revealText(action.reveal)}`, `  - ${argumentsText(action.move)}`);
  else lines.push(`  - ${argumentsText(action)}`);
  lines.push(`  - then: ${standingText(match)}`);
  return lines.join('\n');
}

const namesOf = (action: Action): string[] =>
  action.kind === 'revealAndMove' ? ['reveal', action.move.kind] : [action.kind];

const revealText = ({ claimId: id, outputProof }: Reveal): string =>
  `reveals claim ${id} with the output proof ${codes(outputProof)}`;

function argumentsText(action: Action): string {
  if (action.kind === 'open') return `opens the root: ${codes(action.children)}`;
  if (action.kind === 'postLeaf')
    return `its leaf, with the hash \`${keccakHex(Buffer.from(action.leaf.slice(2), 'hex'))}\``;
  if (action.kind === 'proveStep')
    return `step ${LIE.slot}, its proof ${codes(action.stepProof)}, and of the trace the runs \`${action.traceOpening.runs}\` with ${action.traceOpening.siblings.length} siblings`;
  if (action.kind !== 'descend' && action.kind !== 'descendToLeaf') throw new Error(`${action.kind} is not expected.`);
  const { index, otherNode, siblings } = action.answer;
  const answer = `made for height ${action.height}, position ${action.position}; index ${index}, the other node \`${otherNode}\`, siblings ${codes(siblings)}`;
  return action.kind === 'descend'
    ? `${answer}; opens ${action.children.length} nodes, the first of them \`${action.children[0]}\`, the root over them \`${rootOf(action.children)}\``
    : `${answer}; its leaf has the hash \`${keccakHex(Buffer.from(action.leaf.slice(2), 'hex'))}\``;
}

function standingText({ phase, height, position, turn, nodes, remainingSeconds }: MatchState): string {
  if (phase === 'over') return 'the match is over';
  const mover = phase === 'proof' ? 'both sides to move' : `side ${turn} to move`;
  const at = nodes ? `\`${rootOf(nodes)}\`` : '0';
  return `${phase}, height ${height}, position ${position}, ${mover}, clocks ${remainingSeconds.join(' and ')}, nodes hash ${at}`;
}

function proofPart({ referee, commitment }: Game): string {
  const [found] = referee.computed;
  if (!found) throw new Error('No element was computed.');
  const { slot, element, values, computed } = found;
  const position = slot * 2 ** commitment.model.tensorDepth + Math.floor((element * 4) / 256);
  return `## The element

Leaf ${position} is leaf ${position % 2 ** commitment.model.tensorDepth} of slot ${slot}. The first difference in it, in units of the slot's 4 bytes, is element ${element}: side 0 says ${values[0]}, side 1
${values[1]}, and step ${slot} computes ${computed}. Side ${values[0] === computed ? 1 : 0} loses.`;
}

function moneyPart({ referee }: Game): string {
  const { parameters } = referee.deployment;
  const { job } = referee.view();
  const paid = referee.withdrawnWei;
  return `## Money

Paid in: a fee of ${job.feeWei} and two bonds of ${parameters.bondWei}, ${referee.paidInWei} wei in all. Of claim 1's bond ${referee.burnedWei} are burned and ${job.potWei} go to the pot. After
the window claim 2 is final: ${parameters.bondWei} + ${job.feeWei} + ${job.potWei} = ${paid} are paid to Wendy, who ends the job. ${paid} + ${referee.burnedWei} = ${referee.accountedWei}.`;
}

const codes = (hashes: readonly string[]): string => hashes.map((hash) => `\`${hash}\``).join(', ');
