/** The tables of bench/constants.json, in Markdown. */
import { CHOSEN, type Variant } from './choice.js';
import type { ConstantsResults, MeasuredMatch, MeasuredVariant } from './results.js';

const count = (value: number): string => Math.round(value).toLocaleString('en-US');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const fitted = ({ matches }: MeasuredVariant): MeasuredMatch[] => matches.filter(({ widths }) => widths === 'fitted');
const modelsOf = (variant: MeasuredVariant): string[] =>
  fitted(variant).map(({ model, depth }) => `${model} (depth ${depth})`);
const proofOf = ({ match }: MeasuredMatch): number => match.at(-1)!.gas;

function chosenOf({ variants }: ConstantsResults): MeasuredVariant {
  return variants.find(({ leafBytes, levels }) => leafBytes === CHOSEN.leafBytes && levels === CHOSEN.levels)!;
}

/** Variants that differ from the choice in one constant only, by that constant. */
function along(results: ConstantsResults, constant: keyof Variant): MeasuredVariant[] {
  const other = constant === 'levels' ? 'leafBytes' : 'levels';
  return results.variants.filter((each) => each[other] === CHOSEN[other]).sort((x, y) => x[constant] - y[constant]);
}

/** Executed. */
function leafSizes(results: ConstantsResults): string {
  const rows = along(results, 'leafBytes').map((variant) => [
    count(variant.leafBytes),
    ...fitted(variant).map((each) => `${count(each.matchGas)} (${count(proofOf(each))}; ${count(each.meanCheckGas)})`),
  ]);
  return table(['leaf bytes', ...modelsOf(chosenOf(results)).map((name) => name.replace(/ \(depth.*/, ''))], rows);
}

/** Executed. */
function roundSizes(results: ConstantsResults): string {
  const rows = along(results, 'levels').map((variant) => [
    count(2 ** variant.levels),
    ...fitted(variant).map(({ matchGas, match }) => `${count(matchGas)} (${match.length})`),
  ]);
  return table(['nodes a round', ...modelsOf(chosenOf(results))], rows);
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Transactions of a match but its proof at a depth, the liar being side 0: after an even number of rounds it posts the second leaf. */
function movesOf(depth: number, { levels }: Variant): string[] {
  const rounds = Math.ceil(depth / levels);
  const descends = new Array<string>(rounds - 2).fill('descend');
  const second = rounds % 2 === 0 ? ['postLeaf'] : [];
  return ['challenge', 'reveal+open', 'reveal+descend', ...descends, 'descendToLeaf', ...second];
}

/** From the mean cost of each kind of move where it was executed; a second leaf costs the same in every variant. */
function movesGas({ variants }: ConstantsResults, variant: MeasuredVariant, moves: readonly string[]): number {
  const of = (kind: string): number => {
    const from = kind === 'postLeaf' ? variants.filter(({ leafBytes }) => leafBytes === variant.leafBytes) : [variant];
    const same = from.flatMap(fitted).flatMap(({ match }) => match.filter((each) => each.kind === kind));
    return mean(same.map(({ gas }) => gas));
  };
  return moves.reduce((sum, kind) => sum + of(kind), 0);
}

const DEPTHS = [9, 16, 24, 32];

/** Computed. */
function deeperMatches(results: ConstantsResults): string {
  const rows = along(results, 'levels').map((variant) => [
    count(2 ** variant.levels),
    ...DEPTHS.map((depth) => {
      const moves = movesOf(depth, variant);
      return `${count(movesGas(results, variant, moves))} (${moves.length})`;
    }),
  ]);
  return table(['nodes a round', ...DEPTHS.map((depth) => `depth ${depth}`)], rows);
}

/** Executed. */
function widths(results: ConstantsResults): string {
  const { matches } = chosenOf(results);
  const rows = fitted(chosenOf(results)).map((narrow) => {
    const four = matches.find(({ model, widths }) => model === narrow.model && widths === 'four')!;
    return [
      narrow.model,
      ...[narrow, four].flatMap((each) => [count(each.traceBytes), count(each.meanCheckGas), count(each.matchGas)]),
    ];
  });
  const head = ['trace bytes', 'mean check', 'match'];
  return table(['model', ...head.map((each) => `${each}, fitted`), ...head.map((each) => `${each}, four`)], rows);
}

/** The check of the proofs executed, the match computed: what it cost, and the difference. */
function proofForms(results: ConstantsResults): string {
  const rows = fitted(chosenOf(results)).map(({ model, check, matchGas, forms: { together, apart } }) => [
    `${model}, ${check.step}`,
    count(together.calldataBytes),
    count(together.gas),
    count(apart.calldataBytes),
    count(apart.gas),
    count(matchGas),
    count(matchGas + apart.gas - together.gas),
  ]);
  const head = ['bytes, one proof', 'gas', 'bytes, a proof a leaf', 'gas', 'match, one proof', 'match, a proof a leaf'];
  return table(['model and step', ...head], rows);
}

function hashing({ hashing: { traceBytes, byLeafBytes } }: ConstantsResults): string {
  const rows = Object.entries(byLeafBytes).map(([leafBytes, { leastMs, medianMs }]) => [
    leafBytes,
    leastMs.toFixed(1),
    medianMs.toFixed(1),
    count(traceBytes / leastMs / 1000),
  ]);
  return table(['leaf bytes', 'ms, least', 'ms, median', 'MB/s at least time'], rows);
}

export function constantsTables(results: ConstantsResults): string {
  const mib = results.hashing.traceBytes / 2 ** 20;
  return [
    '**Leaf size** (executed): gas of a whole match (of its proof; of the check of a middle element, mean over all steps).',
    leafSizes(results),
    `**Hashing** a trace of ${mib} MiB, leaves and nodes, one thread (executed).`,
    hashing(results),
    '**Nodes opened a round** (executed): gas of a whole match (its transactions).',
    roundSizes(results),
    '**Deeper matches** (computed from the mean executed cost of each kind of move): gas without the proof (transactions with it).',
    deeperMatches(results),
    '**Element width** (executed): as narrow as values allow against four bytes.',
    widths(results),
    '**Form of proofs** (opening executed, matches with a proof a leaf computed from the difference).',
    proofForms(results),
  ].join('\n\n');
}
