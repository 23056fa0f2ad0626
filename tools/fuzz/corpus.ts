/** The valid files that mutations start from: small models of all kinds of operators, and the artefacts compiled from them. */
import { mlpModel } from '../../fixtures/mlp/model.js';
import {
  type Attribute,
  DataType,
  encode,
  float,
  floats,
  graph,
  int,
  ints,
  model,
  type NodeProto,
  node,
  subgraph,
  type TensorProto,
  tensor,
  text,
  texts,
  type ValueInfoProto,
  valueInfo,
} from '../../fixtures/onnx.js';
import { Random } from '../../fixtures/random.js';
import { compile } from '../../src/compiler/compile.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { encodeArtefact } from '../../src/program/artefact.js';

export interface ValidFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const random = new Random(17);

function reals(name: string, ...dims: number[]): TensorProto {
  const length = dims.reduce((n, dim) => n * dim, 1);
  return tensor(
    name,
    dims,
    Float32Array.from({ length }, () => random.between(-1, 1)),
  );
}
const wholes = (name: string, ...values: number[]): TensorProto =>
  tensor(name, [values.length], BigInt64Array.from(values, BigInt));
const scale = (name: string, value: number): TensorProto => tensor(name, [], Float32Array.of(value));

function file(
  name: string,
  inputs: ValueInfoProto[],
  nodes: NodeProto[],
  initializers: TensorProto[],
  outputs: ValueInfoProto[],
  domains: Readonly<Record<string, number>> = {},
): ValidFile {
  return { name, bytes: encode(model(graph({ name, inputs, outputs, nodes, initializers }), 17, domains)) };
}

/** Whatever type and shape the runtime finds. */
const out = (name: string, ...dims: (number | string)[]): ValueInfoProto => valueInfo(name, dims);

function convolutional(): ValidFile {
  return file(
    'convolutional',
    [valueInfo('x', ['n', 4, 6, 6])],
    [
      node('Conv', ['x', 'w1', 'b1'], ['c1'], { pads: ints(1, 1, 1, 1), group: int(2), kernel_shape: ints(3, 3) }),
      node('BatchNormalization', ['c1', 'gain', 'b1', 'b1', 'gain'], ['n1'], { epsilon: float(1e-3) }),
      node('Relu', ['n1'], ['r1']),
      node('MaxPool', ['r1'], ['p1'], { kernel_shape: ints(2, 2), strides: ints(2, 2) }),
      node('Pad', ['p1', 'pads'], ['p2'], { mode: text('reflect') }),
      node('ConvTranspose', ['p2', 'w2'], ['t'], { strides: ints(2, 2) }),
      node('Resize', ['t', '', 'factors'], ['u'], { mode: text('linear') }),
      node('GlobalAveragePool', ['u'], ['g']),
      node('Flatten', ['g'], ['f']),
      node('Gemm', ['f', 'w3'], ['y'], { transB: int(1), alpha: float(0.5) }),
    ],
    [
      reals('w1', 4, 2, 3, 3),
      reals('b1', 4),
      tensor('gain', [4], Float32Array.of(1, 0.5, 2, 1)),
      wholes('pads', 0, 0, 1, 1, 0, 0, 1, 1),
      reals('w2', 4, 2, 2, 2),
      tensor('factors', [4], Float32Array.of(1, 1, 1.5, 1.5)),
      reals('w3', 3, 2),
    ],
    [out('y', 'n', 3)],
  );
}

function recurrent(): ValidFile {
  return file(
    'recurrent',
    [valueInfo('x', [3, 1, 4])],
    [
      node('LSTM', ['x', 'w', 'r', 'b'], ['s', 'h'], { hidden_size: int(3), direction: text('bidirectional') }),
      node('GRU', ['x', 'gw', 'gr'], ['g'], { hidden_size: int(3), linear_before_reset: int(1) }),
      node('Concat', ['s', 'g'], ['j'], { axis: int(1) }),
      node('Transpose', ['j'], ['t'], { perm: ints(0, 2, 1, 3) }),
      node('Softmax', ['t'], ['y'], { axis: int(-1) }),
    ],
    [reals('w', 2, 12, 4), reals('r', 2, 12, 3), reals('b', 2, 24), reals('gw', 1, 9, 4), reals('gr', 1, 9, 3)],
    [out('y', 3, 1, 3, 3), out('h', 2, 1, 3)],
  );
}

function tokens(): ValidFile {
  return file(
    'tokens',
    [valueInfo('ids', [1, 5], DataType.INT64), valueInfo('mask', [1, 5], DataType.BOOL)],
    [
      node('Gather', ['words', 'ids'], ['e']),
      node('LayerNormalization', ['e', 'gain', 'bias'], ['l'], { axis: int(-1) }),
      node('MatMul', ['l', 'q'], ['m']),
      node('Transpose', ['m'], ['k'], { perm: ints(0, 2, 1) }),
      node('MatMul', ['m', 'k'], ['scores']),
      node('Where', ['mask', 'scores', 'far'], ['masked']),
      node('Softmax', ['masked'], ['weights']),
      node('Einsum', ['weights', 'l'], ['mixed'], { equation: text('bij,bjk->bik') }),
      node('Erf', ['mixed'], ['act']),
      node('Reshape', ['act', 'shape'], ['flat']),
      node('TopK', ['flat', 'three'], ['best', 'where'], { axis: int(-1) }),
      node('ReduceMean', ['best'], ['mean'], { axes: ints(1) }),
      node('Split', ['flat', 'parts'], ['left', 'right'], { axis: int(1) }),
      node('Slice', ['left', 'starts', 'ends', 'axes', 'strides'], ['cut']),
    ],
    [
      reals('words', 8, 4),
      reals('gain', 4),
      reals('bias', 4),
      reals('q', 4, 4),
      scale('far', -1e4),
      wholes('shape', 1, -1),
      wholes('three', 3),
      wholes('parts', 8, 12),
      wholes('starts', 0),
      wholes('ends', 100),
      wholes('axes', 1),
      wholes('strides', 2),
    ],
    [out('mean', 1, 1), valueInfo('where', [1, 3], DataType.INT64), out('right', 1, 12), out('cut', 1, 4)],
  );
}

function quantised(): ValidFile {
  return file(
    'quantised',
    [valueInfo('x', [1, 2, 4, 4])],
    [
      node('QuantizeLinear', ['x', 'xs', 'xz'], ['xq']),
      node('QLinearConv', ['xq', 'xs', 'xz', 'w', 'ws', 'wz', 'ys', 'yz', 'b'], ['cq'], { kernel_shape: ints(3, 3) }),
      node('DequantizeLinear', ['cq', 'ys', 'yz'], ['c']),
      node('Relu', ['c'], ['r']),
      node('QuantizeLinear', ['r', 'ys', 'yz'], ['rq']),
      node('Flatten', ['rq'], ['fq']),
      node('QLinearMatMul', ['fq', 'ys', 'yz', 'v', 'ws', 'wz', 'ys', 'yz'], ['mq']),
      node('DequantizeLinear', ['mq', 'ys', 'yz'], ['y']),
    ],
    [
      scale('xs', 0.01),
      tensor('xz', [], Uint8Array.of(128)),
      tensor(
        'w',
        [3, 2, 3, 3],
        Uint8Array.from({ length: 54 }, () => random.integer(60, 190)),
      ),
      scale('ws', 0.02),
      tensor('wz', [], Uint8Array.of(127)),
      scale('ys', 0.05),
      tensor('yz', [], Uint8Array.of(100)),
      tensor('b', [3], Int32Array.of(10, -20, 30)),
      tensor(
        'v',
        [12, 2],
        Uint8Array.from({ length: 24 }, () => random.integer(60, 190)),
      ),
    ],
    [out('y', 1, 2)],
  );
}

function trees(): ValidFile {
  const nodes: Record<string, Attribute> = {
    nodes_treeids: ints(0, 0, 0, 0, 0, 1, 1, 1),
    nodes_nodeids: ints(0, 1, 2, 3, 4, 0, 1, 2),
    nodes_featureids: ints(0, 1, 0, 0, 0, 2, 0, 0),
    nodes_values: floats(0.5, -0.25, 0, 0, 0, 0.75, 0, 0),
    nodes_modes: texts('BRANCH_LEQ', 'BRANCH_LT', 'LEAF', 'LEAF', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF'),
    nodes_truenodeids: ints(1, 3, 0, 0, 0, 1, 0, 0),
    nodes_falsenodeids: ints(2, 4, 0, 0, 0, 2, 0, 0),
    class_treeids: ints(0, 0, 0, 1, 1),
    class_nodeids: ints(2, 3, 4, 1, 2),
    class_ids: ints(0, 1, 2, 0, 1),
    class_weights: floats(0.5, 0.25, 1, -0.5, 0.75),
    classlabels_int64s: ints(4, 5, 6),
    post_transform: text('SOFTMAX'),
  };
  return file(
    'trees',
    [valueInfo('x', [4, 3])],
    [
      node('Scaler', ['x'], ['s'], { scale: floats(2, 1, 0.5), offset: floats(0, 1, 0) }, 's', 'ai.onnx.ml'),
      node('TreeEnsembleClassifier', ['s'], ['label', 'scores'], nodes, 'label', 'ai.onnx.ml'),
    ],
    [],
    [valueInfo('label', [4], DataType.INT64), out('scores', 4, 3)],
    { 'ai.onnx.ml': 3 },
  );
}

/** Bodies within bodies, with conditions that folding finds. */
function branching(): ValidFile {
  const body = (name: string, nodes: NodeProto[], initializers: TensorProto[] = []): Attribute =>
    subgraph(graph({ name, inputs: [], outputs: [out(name, 2, 3)], nodes, initializers }));
  const inner = node('If', ['never'], ['inner'], {
    then_branch: body('deep', [node('Exp', ['x'], ['deep'])]),
    else_branch: body('other', [node('Mul', ['x', 'half'], ['other'])], [scale('half', 0.5)]),
  });
  return file(
    'branching',
    [valueInfo('x', [2, 3])],
    [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'zero'], ['rows']),
      node('Greater', ['rows', 'one'], ['many']),
      node('Not', ['many'], ['never']),
      node('If', ['many'], ['picked'], {
        then_branch: body('inner', [inner]),
        else_branch: body('same', [node('Identity', ['x'], ['same'])]),
      }),
      node('CumSum', ['picked', 'zero'], ['sums']),
      node('ArgMax', ['sums'], ['best'], { axis: int(1), keepdims: int(1) }),
      node('Cast', ['best'], ['y'], { to: int(DataType.FLOAT) }),
      node('Div', ['sums', 'four'], ['z']),
    ],
    [tensor('zero', [], BigInt64Array.of(0n)), tensor('one', [], BigInt64Array.of(1n)), scale('four', 4)],
    [out('y', 2, 1), out('z', 2, 3)],
  );
}

export const VALID_MODELS: readonly ValidFile[] = [
  convolutional(),
  recurrent(),
  tokens(),
  quantised(),
  trees(),
  branching(),
  { name: 'mlp', bytes: mlpModel() },
];

let artefacts: Promise<readonly ValidFile[]> | undefined;

/** One for each model; made when first asked for. */
export function validArtefacts(): Promise<readonly ValidFile[]> {
  artefacts ??= Promise.all(
    VALID_MODELS.map(async ({ name, bytes }) => {
      const { artefact } = await compile({ bytes, file: name }, loadFloatRuntime());
      return { name, bytes: encodeArtefact(artefact) };
    }),
  );
  return artefacts;
}
