/**
 * LSTM, unrolled. With the gates i, o, f and the candidate g, the new cell is `f·c + i·g` and the new state `o·h(cell)`; peepholes
 * add the cell to the gates.
 */
import type { Tensor } from '../build/tensor.js';
import { activationTarget, largestResult } from './activation.js';
import type { Lowering } from './lowering.js';
import {
  addBiases,
  applied,
  asParameters,
  biasReach,
  boundOf,
  type Cell,
  columns,
  FAR,
  inputGates,
  lowerRecurrent,
  type Parameters,
  product,
  productReach,
  project,
  type RecurrentOptions,
  reachOf,
  recurrentOf,
  refusesRecurrent,
  rowsFrom,
  stateTarget,
  sumTarget,
} from './recurrent.js';
import { weightedSum } from './weighted-sum.js';

const OPTIONS: RecurrentOptions = {
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  boundedBy: ([f, , h]) => boundOf(largestResult(f!, FAR) * largestResult(h!, FAR)),
};

/** A cell is kept to this where its activations let it grow without end. */
const LARGEST_CELL = 2 ** 10;

/** Gates in the order of their rows. */
const [INPUT, OUTPUT, FORGET, CANDIDATE] = [0, 1, 2, 3];

export const lstm: Lowering = {
  lower: (context, node) => {
    const recurrent = recurrentOf(context, node, OPTIONS);
    const { hidden: size, hiddenReach, moments } = recurrent;
    const isCoupled = node.attributes.int('input_forget', 0) !== 0;
    lowerRecurrent(recurrent, (direction, d) => {
      const { activations, weights, recurrence, inputBias, recurrenceBias, peepholes, initialCell } = direction;
      const [f, g, h] = [activations[0]!, activations[1]!, activations[2]!];
      const bias = addBiases(recurrent, `bias${d}`, inputBias, recurrenceBias);
      // Without peepholes the three gates are one product.
      const groups = peepholes
        ? [INPUT, OUTPUT, FORGET, CANDIDATE].map((first) => ({ first: first!, count: 1 }))
        : [
            { first: INPUT!, count: 3 },
            { first: CANDIDATE!, count: 1 },
          ];
      const rows = (from: Parameters, { first, count }: (typeof groups)[0]): Parameters =>
        rowsFrom(from, first * size, count * size);
      const gates = groups.map((group) =>
        inputGates(recurrent, `input${d}${group.first}`, rows(weights, group), bias && rows(bias, group)),
      );
      const recurrences = groups.map((group) => rows(recurrence, group));

      const linearReach = Math.max(
        ...recurrences.map((rows_, i) => productReach(rows_, hiddenReach, reachOf(gates[i]!))),
      );
      const gateLargest = largestResult(f, FAR);
      const grown = (initialCell ? reachOf(initialCell) : 0) + moments * gateLargest * largestResult(g, FAR);
      const cellReach = gateLargest <= 1 ? Math.min(grown, LARGEST_CELL) : LARGEST_CELL;
      const cellStore = stateTarget(cellReach);
      const hiddenStore = stateTarget(hiddenReach);
      const peepReach = linearReach + biasReach(peepholes) * cellReach;
      const gateStore = activationTarget(f, peepReach, context.limit);
      const candidateStore = activationTarget(g, linearReach, context.limit);
      const shownStore = activationTarget(h, cellReach, context.limit);

      /** `f(input + R·hidden + P·cell)` */
      const gate = (name: string, i: number, input: Tensor, hidden: Tensor | null, cell: Tensor | null): Tensor => {
        const store = groups[i]!.first === CANDIDATE ? candidateStore : gateStore;
        // Peepholes come in the order of the gates: i, o, f.
        const peep = peepholes && cell && groups[i]!.first !== CANDIDATE ? rows(peepholes, groups[i]!) : null;
        const seen = peep ? product(recurrent, `${name} peephole`, cell!, peep, input, sumTarget(peepReach)) : input;
        return hidden
          ? project(recurrent, name, hidden, recurrences[i]!, asParameters(seen), store)
          : applied(recurrent, name, seen, store);
      };

      const cell: Cell = (part, inputs, { hidden, cell: before }) => {
        const candidate = gate(`${part} candidate`, groups.length - 1, inputs.at(-1)!, hidden, null);
        const three = peepholes ? null : gate(`${part} gates`, 0, inputs[0]!, hidden, null);
        const gateOf = (which: number, name: string, seen: Tensor | null): Tensor =>
          three ? columns(three, which * size, size) : gate(`${part} ${name}`, which, inputs[which]!, hidden, seen);
        const input = gateOf(INPUT!, 'input', before);
        const cellOf = (): Tensor => {
          if (!before) return product(recurrent, `${part} cell`, input, candidate, null, cellStore);
          if (isCoupled) {
            // c + i·(g - c)
            const pair = [candidate, before] as const;
            const store = stateTarget(2 * cellReach);
            const name = `${part} difference`;
            const difference = weightedSum(context, node, name, pair, [1, -1], candidate.shape, store);
            return product(recurrent, `${part} cell`, input, difference, before, cellStore);
          }
          const added = product(
            recurrent,
            `${part} added`,
            input,
            candidate,
            null,
            sumTarget(reachOf(input) * reachOf(candidate)),
          );
          const forget = gateOf(FORGET!, 'forget', before);
          return product(recurrent, `${part} cell`, forget, before, added, cellStore);
        };
        const after = cellOf();
        const output = gateOf(OUTPUT!, 'output', after);
        const shown = applied(recurrent, `${part} shown`, after, shownStore);
        return { hidden: product(recurrent, part, output, shown, null, hiddenStore), cell: after };
      };
      return { gates, cell };
    });
  },
  refuses: (context, node) => refusesRecurrent(context, node, OPTIONS),
};
