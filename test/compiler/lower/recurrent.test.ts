import { test } from 'uvu';
import { float, floats, int, type NodeProto, node, tensor, text, texts } from '../../../fixtures/onnx.js';
import { type CaseOptions, check as checkCase, weightsOf } from '../cases.js';

const weights = weightsOf(7);

/** Errors of the activations' tables add up from one moment to the next. */
const check = (name: string, nodes: NodeProto[], options: CaseOptions): void =>
  checkCase(name, nodes, { ...options, tolerance: 5e-4 });

const [moments, batch, size, hidden] = [6, 3, 4, 5];
const x = { shape: [moments, batch, size], low: -1.5, high: 1.5 };
const outputsOf = (operator: string): [string, ...string[]] => (operator === 'LSTM' ? ['y', 'h', 'c'] : ['y', 'h']);
const GATES: Readonly<Record<string, number>> = { RNN: 1, GRU: 3, LSTM: 4 };

function cell(operator: string, attributes: Parameters<typeof node>[3], inputs: readonly string[] = []): NodeProto[] {
  return [
    node(operator, ['x', 'w', 'r', 'b', ...inputs], outputsOf(operator), { hidden_size: int(hidden), ...attributes }),
  ];
}

const parameters = (operator: string, directions = 1) => [
  weights('w', [directions, GATES[operator]! * hidden, size]),
  weights('r', [directions, GATES[operator]! * hidden, hidden]),
  weights('b', [directions, 2 * GATES[operator]! * hidden]),
];

for (const operator of ['RNN', 'GRU', 'LSTM']) {
  const outputs = outputsOf(operator);
  for (const direction of ['forward', 'reverse', 'bidirectional'])
    check(`${operator}, ${direction}`, cell(operator, { direction: text(direction) }), {
      x,
      outputs,
      initializers: parameters(operator, direction === 'bidirectional' ? 2 : 1),
    });
  const state = { shape: [2, batch, hidden] };
  check(
    `${operator} with initial states and lengths`,
    cell(operator, { direction: text('bidirectional') }, ['n', 'h0', ...(operator === 'LSTM' ? ['c0'] : [])]),
    {
      x,
      outputs,
      inputs: { h0: state, ...(operator === 'LSTM' ? { c0: { ...state, low: -2, high: 2 } } : {}) },
      initializers: [...parameters(operator, 2), tensor('n', [batch], Int32Array.of(6, 2, 4))],
    },
  );
  check(`${operator} with lengths`, cell(operator, {}, ['n']), {
    x,
    outputs,
    initializers: [...parameters(operator), tensor('n', [batch], Int32Array.of(1, 6, 4))],
  });
  check(`${operator} that clips`, cell(operator, { clip: float(0.4) }), {
    x,
    outputs,
    initializers: parameters(operator),
  });
  check(`${operator} with computed weights`, cell(operator, {}), {
    x,
    outputs,
    inputs: {
      w: { shape: [1, GATES[operator]! * hidden, size] },
      r: { shape: [1, GATES[operator]! * hidden, hidden] },
    },
    initializers: parameters(operator).slice(2),
  });
}
check('GRU whose reset comes last', cell('GRU', { linear_before_reset: int(1) }), {
  x,
  outputs: ['y', 'h'],
  initializers: parameters('GRU'),
});
check('LSTM with peepholes', cell('LSTM', {}, ['', '', '', 'p']), {
  x,
  outputs: ['y', 'h', 'c'],
  initializers: [...parameters('LSTM'), weights('p', [1, 3 * hidden])],
});
check('LSTM whose input and forget gates are one', cell('LSTM', { input_forget: int(1) }), {
  x,
  outputs: ['y', 'h', 'c'],
  initializers: parameters('LSTM'),
});
check(
  'RNN of unbounded activations',
  cell('RNN', {
    direction: text('bidirectional'),
    activations: texts('Relu', 'LeakyRelu'),
    activation_alpha: floats(0.2),
  }),
  {
    x,
    outputs: ['y', 'h'],
    initializers: [
      ...parameters('RNN', 2).slice(0, 1),
      weights('r', [2, hidden, hidden], -0.3, 0.3),
      weights('b', [2, 2 * hidden]),
    ],
  },
);
check('LSTM of other activations', cell('LSTM', { activations: texts('HardSigmoid', 'Softsign', 'Tanh') }), {
  x,
  outputs: ['y', 'h', 'c'],
  initializers: parameters('LSTM'),
});
check(
  'LSTM of a long sequence, its last state only',
  [node('LSTM', ['x', 'w', 'r', 'b'], ['', 'y'], { hidden_size: int(hidden) })],
  {
    x: { shape: [40, 1, size] },
    initializers: parameters('LSTM'),
  },
);

test.run();
