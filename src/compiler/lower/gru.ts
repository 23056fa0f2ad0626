/**
 * GRU, unrolled. With the gates z (update) and r (reset), the new state is `n + z·(h - n)` with `n = g(Wn·x + Rn·(r·h) + b)`, or
 * `n = g(Wn·x + r·(Rn·h + bR) + bW)` where the reset comes last.
 */
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
  zeros,
} from './recurrent.js';
import { weightedSum } from './weighted-sum.js';

const OPTIONS: RecurrentOptions = {
  activations: ['Sigmoid', 'Tanh'],
  // A state lies between the one before it and the new one.
  boundedBy: ([f, g]) => (largestResult(f!, FAR) <= 1 ? boundOf(largestResult(g!, FAR)) : null),
};

export const gru: Lowering = {
  lower: (context, node) => {
    const recurrent = recurrentOf(context, node, OPTIONS);
    const { hidden: size, hiddenReach } = recurrent;
    const isResetLast = node.attributes.int('linear_before_reset', 0) !== 0;
    const stateStore = stateTarget(hiddenReach);
    const differenceStore = stateTarget(2 * hiddenReach);
    lowerRecurrent(recurrent, ({ activations, weights, recurrence, inputBias, recurrenceBias }, d) => {
      const [f, g] = [activations[0]!, activations[1]!];
      const [gateRows, newRows] = [rowsFrom(recurrence, 0, 2 * size), rowsFrom(recurrence, 2 * size, size)];
      const bias = addBiases(recurrent, `bias${d}`, inputBias, recurrenceBias);
      const newBias = isResetLast ? inputBias : bias;
      const linearBias = recurrenceBias && rowsFrom(recurrenceBias, 2 * size, size);
      const gates = [
        inputGates(recurrent, `gates${d}`, rowsFrom(weights, 0, 2 * size), bias && rowsFrom(bias, 0, 2 * size)),
        inputGates(
          recurrent,
          `new${d}`,
          rowsFrom(weights, 2 * size, size),
          newBias && rowsFrom(newBias, 2 * size, size),
        ),
      ] as const;
      const gateReach = productReach(gateRows, hiddenReach, reachOf(gates[0]));
      const gateStore = activationTarget(f, gateReach, context.limit);
      const linearReach = productReach(newRows, hiddenReach, biasReach(linearBias));
      const resetReach = Math.max(1, largestResult(f, gateReach));
      const newStore = activationTarget(g, linearReach * resetReach + reachOf(gates[1]), context.limit);
      const cell: Cell = (part, [gateInput, newInput], { hidden }) => {
        const both = hidden
          ? project(recurrent, `${part} gates`, hidden, gateRows, asParameters(gateInput!), gateStore)
          : applied(recurrent, `${part} gates`, gateInput!, gateStore);
        const [update, reset] = [columns(both, 0, size), columns(both, size, size)];
        const candidateOf = () => {
          if (isResetLast) {
            // Without a state before it, the recurrence is its bias.
            const linear = hidden
              ? project(recurrent, `${part} linear`, hidden, newRows, linearBias, sumTarget(linearReach))
              : linearBias;
            if (linear) return product(recurrent, `${part} new`, reset, linear, newInput!, newStore);
          } else if (hidden) {
            const kept = product(recurrent, `${part} reset`, reset, hidden, null, stateStore);
            return project(recurrent, `${part} new`, kept, newRows, asParameters(newInput!), newStore);
          }
          return applied(recurrent, `${part} new`, newInput!, newStore);
        };
        const candidate = candidateOf();
        const pair = [hidden ?? zeros(recurrent, 'zero'), candidate] as const;
        const name = `${part} difference`;
        const difference = weightedSum(context, node, name, pair, [1, -1], candidate.shape, differenceStore);
        return { hidden: product(recurrent, part, update, difference, candidate, stateStore), cell: null };
      };
      return { gates, cell };
    });
  },
  refuses: (context, node) => refusesRecurrent(context, node, OPTIONS),
};
