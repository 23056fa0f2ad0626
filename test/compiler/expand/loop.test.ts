/** Loop and Scan, unrolled, against float ONNX Runtime. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  DataType,
  encode,
  graph,
  int,
  ints,
  model,
  type NodeProto,
  node,
  subgraph,
  tensor,
  valueInfo,
} from '../../../fixtures/onnx.js';
import { compile } from '../../../src/compiler/compile.js';
import { type CaseInput, runtime, samplesFor } from '../compare.js';

/** An output whose type and shape are inferred. */
const inferred = (name: string) => ({ ...valueInfo(name, []), type: undefined }) as never;
const scalar = (name: string, value: bigint) => tensor(name, [], BigInt64Array.of(value));

interface Parts {
  readonly inputs?: Readonly<Record<string, CaseInput>>;
  readonly nodes: NodeProto[];
  readonly outputs: string[];
  readonly turns?: number;
}

const X: CaseInput = { shape: [2, 3] };
const TYPES = { float32: DataType.FLOAT, int64: DataType.INT64 } as Record<string, DataType>;

async function compiled({ inputs = { x: X }, nodes, outputs, turns = 3 }: Parts) {
  const bytes = encode(
    model(
      graph({
        name: 'loop',
        inputs: Object.entries(inputs).map(([name, { shape, type = 'float32' }]) =>
          valueInfo(name, shape, TYPES[type]!),
        ),
        outputs: outputs.map(inferred),
        nodes,
        initializers: [scalar('turns', BigInt(turns)), tensor('yes', [], Uint8Array.of(1), DataType.BOOL)],
      }),
      17,
    ),
  );
  return compile({ bytes, file: 'loop.onnx', calibration: samplesFor(inputs, 8) }, runtime);
}

/** x ← x · 0.5 + turn; every x is shown. */
const counting = subgraph(
  graph({
    name: 'turn',
    inputs: [valueInfo('i', [], DataType.INT64), valueInfo('going', [], DataType.BOOL), valueInfo('state', [2, 3])],
    outputs: [inferred('on'), inferred('next'), inferred('shown')],
    nodes: [
      node('Identity', ['going'], ['on']),
      node('Mul', ['state', 'half'], ['halved']),
      node('Cast', ['i'], ['turn'], { to: int(DataType.FLOAT) }),
      node('Add', ['halved', 'turn'], ['next']),
      node('Identity', ['next'], ['shown']),
    ],
    initializers: [tensor('half', [], Float32Array.of(0.5))],
  }),
);
const loopOf = (inputs: string[]): NodeProto => node('Loop', inputs, ['last', 'all'], { body: counting });

for (const turns of [0, 1, 5])
  test(`Loop of ${turns} turns`, async () => {
    const { fidelity, artefact } = await compiled({
      nodes: [loopOf(['turns', 'yes', 'x'])],
      outputs: ['last', 'all'],
      turns,
    });
    assert.ok(fidelity.maxAbsError < 1e-3, `error ${fidelity.maxAbsError}`);
    assert.equal(artefact.program.outputs[1]!.shape, [turns, 2, 3]);
  });

test('Loop in a Loop', async () => {
  const outer = subgraph(
    graph({
      name: 'outer',
      inputs: [
        valueInfo('j', [], DataType.INT64),
        valueInfo('outer going', [], DataType.BOOL),
        valueInfo('outer state', [2, 3]),
      ],
      outputs: [inferred('outer on'), inferred('outer next')],
      nodes: [
        node('Identity', ['outer going'], ['outer on']),
        node('Loop', ['turns', 'outer going', 'outer state'], ['outer next', 'unused'], { body: counting }),
      ],
    }),
  );
  const { fidelity } = await compiled({
    nodes: [node('Loop', ['turns', '', 'x'], ['y'], { body: outer })],
    outputs: ['y'],
  });
  assert.ok(fidelity.maxAbsError < 1e-3, `error ${fidelity.maxAbsError}`);
});

const adding = subgraph(
  graph({
    name: 'add',
    inputs: [valueInfo('sum', [2]), valueInfo('element', [2])],
    outputs: [inferred('next'), inferred('shown')],
    nodes: [node('Add', ['sum', 'element'], ['next']), node('Neg', ['next'], ['shown'])],
  }),
);
for (const direction of [0, 1])
  test(`Scan along the second axis, direction ${direction}`, async () => {
    const { fidelity } = await compiled({
      inputs: { zero: { shape: [2] }, x: { shape: [2, 4] } },
      nodes: [
        node('Scan', ['zero', 'x'], ['last', 'all'], {
          body: adding,
          num_scan_inputs: int(1),
          scan_input_axes: ints(1),
          scan_output_axes: ints(-1),
          scan_input_directions: ints(direction),
          scan_output_directions: ints(direction),
        }),
      ],
      outputs: ['last', 'all'],
    });
    assert.ok(fidelity.maxAbsError < 1e-3, `error ${fidelity.maxAbsError}`);
  });

const refusal = async (parts: Parts): Promise<string> => {
  try {
    await compiled(parts);
  } catch (error) {
    return (error as Error).message;
  }
  return assert.unreachable() as never;
};

test('a Loop whose turns are not known is refused', async () => {
  const nodes = [
    node('ReduceSum', ['x'], ['sum'], { keepdims: int(0) }),
    node('Cast', ['sum'], ['n'], { to: int(DataType.INT64) }),
    loopOf(['n', 'yes', 'x']),
  ];
  assert.match(await refusal({ nodes, outputs: ['last'] }), /Loop node .* its number of turns depends on the input/);
  assert.match(
    await refusal({ nodes: [loopOf(['turns', 'yes', 'x'])], outputs: ['last'], turns: 5_000 }),
    /it takes 5000 turns of 5 nodes, more than og unrolls/,
  );
});

test('a Loop that computes its condition is refused', async () => {
  const body = subgraph(
    graph({
      name: 'until',
      inputs: [valueInfo('i', [], DataType.INT64), valueInfo('going', [], DataType.BOOL), valueInfo('state', [2, 3])],
      outputs: [inferred('on'), inferred('next')],
      nodes: [
        node('Add', ['state', 'state'], ['next']),
        node('ReduceMax', ['next'], ['largest'], { keepdims: int(0) }),
        node('Less', ['largest', 'limit'], ['on']),
      ],
      initializers: [tensor('limit', [], Float32Array.of(9))],
    }),
  );
  const nodes = [node('Loop', ['turns', 'yes', 'x'], ['y'], { body })];
  assert.match(await refusal({ nodes, outputs: ['y'] }), /its condition is computed in its body/);
});

test.run();
