/** RNN, unrolled: `h = f(W·x + R·h + b)`. */
import { activationTarget, largestResult } from './activation.js';
import type { Lowering } from './lowering.js';
import {
  addBiases,
  applied,
  asParameters,
  boundOf,
  type Cell,
  FAR,
  inputGates,
  lowerRecurrent,
  productReach,
  project,
  type RecurrentOptions,
  reachOf,
  recurrentOf,
  refusesRecurrent,
} from './recurrent.js';

const OPTIONS: RecurrentOptions = {
  activations: ['Tanh'],
  boundedBy: ([f]) => boundOf(largestResult(f!, FAR)),
};

export const rnn: Lowering = {
  lower: (context, node) => {
    const recurrent = recurrentOf(context, node, OPTIONS);
    lowerRecurrent(recurrent, ({ activations, weights, recurrence, inputBias, recurrenceBias }, d) => {
      const bias = addBiases(recurrent, `bias${d}`, inputBias, recurrenceBias);
      const gates = inputGates(recurrent, `input${d}`, weights, bias);
      const reach = productReach(recurrence, recurrent.hiddenReach, reachOf(gates));
      const target = activationTarget(activations[0]!, reach, context.limit);
      const cell: Cell = (part, [input], { hidden }) => ({
        hidden: hidden
          ? project(recurrent, part, hidden, recurrence, asParameters(input!), target)
          : applied(recurrent, part, input!, target),
        cell: null,
      });
      return { gates: [gates], cell };
    });
  },
  refuses: (context, node) => refusesRecurrent(context, node, OPTIONS),
};
