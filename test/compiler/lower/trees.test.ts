/** The operators of ai.onnx.ml against ONNX Runtime: decision trees of every form, linear models, features. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Attribute,
  encode,
  floats,
  graph,
  int,
  ints,
  model,
  type NodeProto,
  node,
  tensor,
  tensorValue,
  text,
  texts,
  valueInfo,
} from '../../../fixtures/onnx.js';
import { compile } from '../../../src/compiler/compile.js';
import { toNumbers } from '../../../src/compiler/onnx/tensor.js';
import { Random } from '../../../src/compiler/random.js';
import { UserError } from '../../../src/errors.js';
import { packInputs, unpackOutputs } from '../../../src/program/layout.js';
import { runner, runtime } from '../compare.js';

const FEATURES = 6;
const ROWS = 250;
const SAMPLES = 4;
const random = new Random(3);

type Attributes = Record<string, Attribute>;

const modelOf = (nodes: readonly NodeProto[], outputs: readonly string[], version: number, features = FEATURES) =>
  encode(
    model(
      graph({
        name: 'case',
        inputs: [valueInfo('x', [ROWS, features])],
        outputs: outputs.map((name) => ({ ...valueInfo(name, []), type: undefined }) as never),
        nodes,
      }),
      17,
      { 'ai.onnx.ml': version },
    ),
  );

/** Rows of features of different sizes. */
const drawn = (features = FEATURES) => ({
  x: {
    type: 'float32' as const,
    dims: [ROWS, features],
    data: Float32Array.from({ length: ROWS * features }, (_, i) => random.normal() * 10 ** ((i % 3) - 1)),
  },
});

/** Compares 1,000 fresh rows; whole outputs must be equal. */
async function check(bytes: Uint8Array, outputs: readonly string[], tolerance = 1e-6, sample = drawn): Promise<void> {
  const calibration = Array.from({ length: SAMPLES }, () => sample());
  const runProgram = runner();
  const { artefact } = await compile({ bytes, file: 'case.onnx', calibration, runProgram }, runtime);
  const session = await runtime.open(bytes);
  for (let i = 0; i < SAMPLES; i++) {
    const rows = sample();
    const expected = await session.run(rows);
    const packed = packInputs(artefact.program, { x: { shape: rows.x.dims, data: rows.x.data } });
    const actual = unpackOutputs(artefact.program, await runProgram(artefact.program, packed));
    for (const name of outputs) {
      const [wanted, got] = [expected[name]!, actual[name]!];
      assert.equal([got.type, got.shape], [wanted.type, wanted.dims], name);
      const isWhole = wanted.type === 'int64';
      let largest = 1;
      toNumbers(wanted).forEach((value) => {
        largest = Math.max(largest, Math.abs(value));
      });
      toNumbers(wanted).forEach((value, k) => {
        const error = Math.abs(value - got.data[k]!);
        assert.ok(error <= (isWhole ? 0 : tolerance * largest), `${name}[${k}] is ${got.data[k]} and not ${value}`);
      });
    }
  }
  await session.close();
}

/** Trees of up to `depth` levels, as attributes of the old operators. */
function trees(
  count: number,
  depth: number,
  mode: () => string,
  sizeOf = (feature: number) => 10 ** ((feature % 3) - 1),
): { nodes: Attributes; leaves: [number, number][] } {
  const columns: { tree: number; id: number; feature: number; value: number; mode: string; yes: number; no: number }[] =
    [];
  const leaves: [number, number][] = [];
  for (let tree = 0; tree < count; tree++) {
    let next = 0;
    const grow = (level: number): number => {
      const id = next++;
      const row = { tree, id, feature: 0, value: 0, mode: 'LEAF', yes: 0, no: 0 };
      columns.push(row);
      if (level === depth || (level > 0 && random.unit() < 0.15)) {
        leaves.push([tree, id]);
        return id;
      }
      row.feature = Math.floor(random.unit() * FEATURES);
      row.value = Math.fround(random.normal() * 0.7 * sizeOf(row.feature));
      row.mode = mode();
      row.yes = grow(level + 1);
      row.no = grow(level + 1);
      return id;
    };
    grow(0);
  }
  const column = (key: 'tree' | 'id' | 'feature' | 'yes' | 'no') => ints(...columns.map((row) => row[key]));
  return {
    nodes: {
      nodes_treeids: column('tree'),
      nodes_nodeids: column('id'),
      nodes_featureids: column('feature'),
      nodes_values: floats(...columns.map(({ value }) => value)),
      nodes_modes: texts(...columns.map((row) => row.mode)),
      nodes_truenodeids: column('yes'),
      nodes_falsenodeids: column('no'),
    },
    leaves,
  };
}

function votes(prefix: 'class' | 'target', leaves: readonly [number, number][], ids: number[], weight: () => number) {
  const all = leaves.flatMap(([tree, id]) => ids.map((target) => ({ tree, id, target, weight: weight() })));
  return {
    [`${prefix}_treeids`]: ints(...all.map(({ tree }) => tree)),
    [`${prefix}_nodeids`]: ints(...all.map(({ id }) => id)),
    [`${prefix}_ids`]: ints(...all.map(({ target }) => target)),
    [`${prefix}_weights`]: floats(...all.map((vote) => Math.fround(vote.weight))),
  };
}

const ml = (operator: string, outputs: [string, ...string[]], attributes: Attributes): NodeProto =>
  node(operator, ['x'], outputs, attributes, outputs[0], 'ai.onnx.ml');

const leq = (): string => 'BRANCH_LEQ';

const classifier = (ids: number[], weight: () => number, more: Attributes, count = 20) => {
  const { nodes, leaves } = trees(count, 6, leq);
  return ml('TreeEnsembleClassifier', ['label', 'scores'], {
    ...nodes,
    ...votes('class', leaves, ids, weight),
    ...more,
  });
};

const labels = (...values: number[]): Attributes => ({ classlabels_int64s: ints(...values) });
const post = (name: string): Attributes => ({ post_transform: text(name) });
const both = ['label', 'scores'];

test('a random forest of three classes', () =>
  check(modelOf([classifier([0, 1, 2], () => random.unit() / 20, labels(4, 7, 9))], both, 3), both));
test('a random forest of two classes', () =>
  check(modelOf([classifier([0, 1], () => random.unit() / 20, labels(0, 1))], both, 3), both));
for (const transform of ['NONE', 'LOGISTIC'])
  for (const signed of [true, false])
    test(`gradient-boosted trees with one score, ${transform}${signed ? '' : ', of positive weights'}`, () => {
      const weight = () => (signed ? random.normal() * 0.2 : random.unit() / 20);
      const more = { ...labels(5, 9), ...post(transform), base_values: floats(0.1) };
      return check(modelOf([classifier([0], weight, more)], both, 3), both, 1e-4);
    });
test('gradient-boosted trees of four classes', () => {
  const more = { ...labels(0, 1, 2, 3), ...post('SOFTMAX'), base_values: floats(0.1, -0.2, 0, 0.3) };
  return check(modelOf([classifier([0, 1, 2, 3], () => random.normal() * 0.3, more)], both, 3), both, 1e-4);
});
test('a softmax that leaves scores of 0 alone', () => {
  // One vote a leaf: some classes get none.
  const { nodes, leaves } = trees(2, 3, leq);
  const cast = leaves.map(([tree, id], i) => ({ tree, id, target: i % 4, weight: Math.fround(random.normal()) }));
  const attributes = {
    ...nodes,
    class_treeids: ints(...cast.map(({ tree }) => tree)),
    class_nodeids: ints(...cast.map(({ id }) => id)),
    class_ids: ints(...cast.map(({ target }) => target)),
    class_weights: floats(...cast.map(({ weight }) => weight)),
    ...labels(0, 1, 2, 3),
    ...post('SOFTMAX_ZERO'),
  };
  return check(
    modelOf([ml('TreeEnsembleClassifier', both as ['label', 'scores'], attributes)], both, 3),
    ['scores'],
    1e-4,
  );
});
test('labels that are texts are positions, and ZipMap is dropped', async () => {
  const more = { classlabels_strings: texts('cat', 'dog', 'eel') };
  const nodes = [
    classifier([0, 1, 2], () => random.unit(), more),
    node('ZipMap', ['scores'], ['map'], { classlabels_strings: texts('cat', 'dog', 'eel') }, 'zip', 'ai.onnx.ml'),
  ];
  const { artefact } = await compile(
    { bytes: modelOf(nodes, ['label', 'map'], 3), file: 'case.onnx', calibration: [drawn(), drawn()] },
    runtime,
  );
  assert.equal(
    artefact.program.outputs.map(({ name, type, shape }) => [name, type, shape.join('x')]),
    [
      ['label', 'int64', String(ROWS)],
      ['map', 'float32', `${ROWS}x3`],
    ],
  );
  assert.match(artefact.notes.join('\n'), /0 cat, 1 dog, 2 eel/);
});

for (const aggregate of ['SUM', 'AVERAGE', 'MIN', 'MAX'])
  test(`TreeEnsembleRegressor, ${aggregate}`, () => {
    const { nodes, leaves } = trees(12, 5, leq);
    const targets = votes('target', leaves, [0, 1], () => random.normal());
    const attributes = { ...nodes, ...targets, n_targets: int(2), aggregate_function: text(aggregate) };
    const more = aggregate === 'SUM' ? { base_values: floats(0.5, -2) } : {};
    return check(modelOf([ml('TreeEnsembleRegressor', ['y'], { ...attributes, ...more })], ['y'], 3), ['y'], 2e-6);
  });
for (const mode of ['LT', 'GTE', 'GT', 'EQ', 'NEQ'])
  test(`questions of the mode ${mode}`, () => {
    const { nodes, leaves } = trees(6, 4, () => `BRANCH_${mode}`);
    const attributes = { ...nodes, ...votes('target', leaves, [0], () => random.normal()), n_targets: int(1) };
    return check(modelOf([ml('TreeEnsembleRegressor', ['y'], attributes)], ['y'], 3), ['y'], 2e-6);
  });
test('features of very different sizes, and values at the thresholds themselves', () => {
  const sizeOf = (feature: number): number => 10 ** (12 * (feature % 3) - 12);
  const modes = ['LEQ', 'LT', 'GTE', 'GT', 'EQ'];
  const { nodes, leaves } = trees(12, 5, () => `BRANCH_${modes[Math.floor(random.unit() * 5)]}`, sizeOf);
  const attributes = { ...nodes, ...votes('target', leaves, [0], () => random.normal()), n_targets: int(1) };
  const thresholds = nodes.nodes_values!.floats as number[];
  const features = (nodes.nodes_featureids!.ints as bigint[]).map(Number);
  return check(modelOf([ml('TreeEnsembleRegressor', ['y'], attributes)], ['y'], 3), ['y'], 2e-6, () => {
    const data = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => random.normal() * sizeOf(i % FEATURES));
    for (let row = 0; row < ROWS; row++) {
      const k = Math.floor(random.unit() * thresholds.length);
      data[row * FEATURES + features[k]!] = thresholds[k]!;
    }
    return { x: { type: 'float32' as const, dims: [ROWS, FEATURES], data } };
  });
});
test('more nodes than a table has entries', () => {
  const { nodes, leaves } = trees(70, 10, leq);
  assert.ok(leaves.length > 17_000, String(leaves.length));
  const attributes = { ...nodes, ...votes('target', leaves, [0], () => random.normal()), n_targets: int(1) };
  return check(modelOf([ml('TreeEnsembleRegressor', ['y'], attributes)], ['y'], 3), ['y'], 2e-6);
});
test('TreeEnsemble with sets of values', () => {
  const attributes = {
    n_targets: int(2),
    nodes_featureids: ints(0, 1),
    nodes_modes: tensorValue(tensor('modes', [2], Uint8Array.of(0, 6))),
    nodes_splits: tensorValue(tensor('splits', [2], Float32Array.of(0.0005, 0))),
    membership_values: tensorValue(tensor('sets', [3], Float32Array.of(2, 1, 3))),
    nodes_truenodeids: ints(1, 0),
    nodes_trueleafs: ints(0, 1),
    nodes_falsenodeids: ints(2, 1),
    nodes_falseleafs: ints(1, 1),
    leaf_targetids: ints(0, 1, 0),
    leaf_weights: tensorValue(tensor('weights', [3], Float32Array.of(1.5, -2, 7))),
    tree_roots: ints(0),
  };
  return check(modelOf([ml('TreeEnsemble', ['y'], attributes)], ['y'], 5), ['y'], 1e-6, () => {
    const { x } = drawn();
    return { x: { ...x, data: x.data.map((value) => Math.round(Math.abs(value))) } };
  });
});
test('a tree that asks for a feature that is not there is refused', async () => {
  const { nodes, leaves } = trees(1, 2, leq);
  const attributes = { ...nodes, ...votes('target', leaves, [0], () => 1), n_targets: int(1) };
  const bytes = modelOf([ml('TreeEnsembleRegressor', ['y'], attributes)], ['y'], 3, 1);
  try {
    await compile({ bytes, file: 'case.onnx', calibration: [drawn(1)] }, runtime);
    assert.unreachable();
  } catch (error) {
    assert.instance(error, UserError);
  }
});

const scale = { scale: floats(10, 1, 0.1, 10, 1, 0.1), offset: floats(0.1, 0, 2, 0.1, -1, 20) };
const scaled = (...nodes: NodeProto[]): NodeProto[] => [
  ml('Scaler', ['s'], scale),
  ...nodes.map((proto) => ({ ...proto, input: ['s'] })),
];
test('Scaler', () => check(modelOf(scaled(), ['s'], 3), ['s'], 1e-3));
for (const norm of ['L1', 'L2'])
  test(`Normalizer ${norm}`, () =>
    check(modelOf(scaled(ml('Normalizer', ['y'], { norm: text(norm) })), ['y'], 3), ['y'], 1e-3));
test('Binarizer', () =>
  check(modelOf([ml('Binarizer', ['y'], { threshold: { type: 1, f: 0.75 } })], ['y'], 3), ['y'], 0));
for (const transform of ['NONE', 'LOGISTIC', 'SOFTMAX'])
  for (const count of [1, 3])
    test(`LinearClassifier with ${count} scores, ${transform}`, () => {
      const values = (n: number) => floats(...Array.from({ length: n }, () => random.normal() * 0.5));
      const attributes = {
        coefficients: values(count * FEATURES),
        intercepts: values(count),
        classlabels_ints: ints(...(count === 1 ? [3, 8] : [3, 8, 6])),
        ...post(transform),
      };
      return check(modelOf(scaled(ml('LinearClassifier', ['l', 'y'], attributes)), ['y'], 3), ['y'], 1e-3);
    });
test('LinearRegressor', () => {
  const attributes = {
    coefficients: floats(...Array.from({ length: 2 * FEATURES }, () => random.normal())),
    intercepts: floats(0.5, -1),
    targets: int(2),
  };
  return check(modelOf(scaled(ml('LinearRegressor', ['y'], attributes)), ['y'], 3), ['y'], 1e-3);
});

test.run();
