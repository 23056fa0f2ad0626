/**
 * Models that scripts in fixtures/ made, of kinds that people have: tree ensembles, recurrent cells, residual blocks, integers. Each
 * is as close to ONNX Runtime as is promised for its kind, evaluator and runtime agree, and lies are found where they are.
 */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Digit, IMAGE_SIDE, loadDigits } from '../../fixtures/digits/data.js';
import { argmax } from '../../fixtures/digits/loss.js';
import { LOGIT_QUANTUM, qdqModel, qOperatorModel } from '../../fixtures/quantised/model.js';
import { Random } from '../../fixtures/random.js';
import { FEATURES, gruModel, lstmModel, MOMENTS } from '../../fixtures/recurrent/model.js';
import { IMAGE, resnetModel } from '../../fixtures/resnet/model.js';
import { DIGIT_FEATURES, digitTable, PRICE_FEATURES, priceTable } from '../../fixtures/trees/data.js';
import { boostedModel, forestModel, ROWS } from '../../fixtures/trees/model.js';
import { commitModel } from '../../src/commit/model.js';
import { type Compiled, compile, type FloatSample } from '../../src/compiler/compile.js';
import type { FloatTensor } from '../../src/compiler/float-runtime.js';
import { toNumbers } from '../../src/compiler/onnx/tensor.js';
import { traceSource } from '../../src/dispute/trace.js';
import { Executor } from '../../src/executor/executor.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { stepEvaluator } from '../../src/program/evaluate.js';
import { packInputs, type RealOutput, unpackOutputs } from '../../src/program/layout.js';
import { fitsOneTransaction } from '../../src/program/price.js';
import type { Program } from '../../src/program/program.js';
import { elementCount } from '../../src/program/step.js';
import { Game } from '../helpers/game.js';
import { wrongElement } from '../helpers/liars.js';

const ELEMENTS_COMPARED = 500;
const LIES = 20;

interface Made {
  readonly file: string;
  readonly input: string;
  readonly dims: readonly number[];
  /** Enough for calibration, fidelity and a lie. */
  readonly samples: readonly Float32Array[];
}

const floatTensor = ({ dims }: Made, data: Float32Array): FloatTensor => ({ type: 'float32', dims: [...dims], data });
const bytesOf = ({ file }: Made) => readFileSync(new URL(`../../fixtures/${file}`, import.meta.url));

function generated(count: number, dims: readonly number[], limit: number, seed: number): Float32Array[] {
  const random = new Random(seed);
  const draw = (): Float32Array =>
    Float32Array.from({ length: elementCount(dims) }, () => random.between(-limit, limit));
  return Array.from({ length: count }, draw);
}

/** Rows of a table, so many a batch. */
const batches = (rows: readonly Float32Array[], features: number): Float32Array[] =>
  Array.from({ length: Math.floor(rows.length / ROWS) }, (_, k) => {
    const batch = new Float32Array(ROWS * features);
    rows.slice(k * ROWS, (k + 1) * ROWS).forEach((row, i) => {
      batch.set(row, i * features);
    });
    return batch;
  });

const sequences = [MOMENTS, 1, FEATURES] as const;
const digits = loadDigits();
const heldOut = digits.filter((digit, i) => digit.heldOut && i % 2 === 0);
const training = digits.filter((digit, i) => !digit.heldOut && i % 160 === 0);

const LSTM: Made = {
  file: 'recurrent/lstm.onnx',
  input: 'x',
  dims: sequences,
  samples: generated(60, sequences, 2, 1),
};
const GRU: Made = { ...LSTM, file: 'recurrent/gru.onnx', samples: generated(60, sequences, 2, 2) };
const RESNET: Made = { file: 'resnet/resnet.onnx', input: 'image', dims: IMAGE, samples: generated(40, IMAGE, 1.5, 3) };
const BOOSTED: Made = {
  file: 'trees/boosted.onnx',
  input: 'x',
  dims: [ROWS, PRICE_FEATURES],
  samples: batches(priceTable(5 * ROWS, 77).x, PRICE_FEATURES),
};
const heldOutTable = digitTable(true, 2);
const FOREST: Made = {
  file: 'trees/forest.onnx',
  input: 'x',
  dims: [ROWS, DIGIT_FEATURES],
  samples: batches(heldOutTable.x, DIGIT_FEATURES),
};
const pixelsOf = ({ pixels }: Digit): Float32Array => pixels;
const image = [1, 1, IMAGE_SIDE, IMAGE_SIDE];
const QDQ: Made = { file: 'quantised/digits-qdq.onnx', input: 'image', dims: image, samples: training.map(pixelsOf) };
const QOPERATOR: Made = { ...QDQ, file: 'quantised/digits-qoperator.onnx' };

async function runProgram(program: Program, input: Int32Array): Promise<Int32Array> {
  const executor = await Executor.load(program);
  try {
    return await executor.run(input);
  } finally {
    await executor.close();
  }
}

const compiled = new Map<Made, Promise<Compiled>>();

function compiledOf(made: Made): Promise<Compiled> {
  let result = compiled.get(made);
  if (!result) {
    const calibration: FloatSample[] = made.samples.map((data) => ({ [made.input]: floatTensor(made, data) }));
    result = compile({ bytes: bytesOf(made), file: made.file, calibration, runProgram }, loadFloatRuntime());
    compiled.set(made, result);
  }
  return result;
}

const packed = (made: Made, program: Program, data: Float32Array): Int32Array =>
  packInputs(program, { [made.input]: { shape: made.dims, data } });

/** What ONNX Runtime and the program say, sample by sample. */
async function answers(
  made: Made,
  samples: readonly Float32Array[],
  compare: (wanted: Record<string, FloatTensor>, got: Record<string, RealOutput>, sample: number) => void,
): Promise<void> {
  const { program } = (await compiledOf(made)).artefact;
  const session = await loadFloatRuntime().open(bytesOf(made), { optimize: true });
  const executor = await Executor.load(program);
  for (const [i, data] of samples.entries()) {
    const wanted = await session.run({ [made.input]: floatTensor(made, data) });
    compare(wanted, unpackOutputs(program, await executor.run(packed(made, program, data))), i);
  }
  await executor.close();
  await session.close();
}

test('making the models again gives the committed bytes', () => {
  const makers = new Map<Made, () => Uint8Array>([
    [LSTM, lstmModel],
    [GRU, gruModel],
    [RESNET, resnetModel],
    [BOOSTED, boostedModel],
    [FOREST, forestModel],
    [QDQ, qdqModel],
    [QOPERATOR, qOperatorModel],
  ]);
  for (const [made, make] of makers) assert.ok(bytesOf(made).equals(make()), made.file);
});

for (const [made, least] of [
  [LSTM, 0.9999],
  [GRU, 0.9999],
  [RESNET, 0.99999],
] as const)
  test(`${made.file}: cosine similarity of at least ${least}`, async () => {
    const { fidelity } = await compiledOf(made);
    assert.ok(fidelity.cosine >= least, `cosine ${fidelity.cosine}`);
  });

for (const made of [BOOSTED, FOREST])
  test(`${made.file}: 1,000 rows are equal, labels included`, async () => {
    let rows = 0;
    await answers(made, made.samples.slice(0, 4), (wanted, got) => {
      rows += ROWS;
      for (const [name, tensor] of Object.entries(wanted)) {
        const [expected, actual] = [toNumbers(tensor), got[name]!.data];
        const at = expected.findIndex((value, i) => value !== actual[i]);
        assert.is(at, -1, `${name}[${at}] is ${actual[at]} and not ${expected[at]}`);
      }
    });
    assert.is(rows, 1000);
  });

test('the forest reads most digits right, and the boosted trees know most of a price', async () => {
  const { y: labels } = heldOutTable;
  let right = 0;
  await answers(FOREST, FOREST.samples, (_, got, batch) => {
    got.label!.data.forEach((label, i) => {
      if (label === labels[batch * ROWS + i]) right++;
    });
  });
  assert.ok(right >= 0.75 * FOREST.samples.length * ROWS, `${right} right`);
  const { y: prices } = priceTable(5 * ROWS, 77);
  const mean = prices.reduce((sum, price) => sum + price, 0) / prices.length;
  let [error, spread] = [0, 0];
  await answers(BOOSTED, BOOSTED.samples, (_, got, batch) => {
    got.price!.data.forEach((price, i) => {
      const wanted = prices[batch * ROWS + i]!;
      error += (price - wanted) ** 2;
      spread += (wanted - mean) ** 2;
    });
  });
  assert.ok(error <= 0.1 * spread, `${error} of ${spread}`);
});

for (const made of [QDQ, QOPERATOR])
  test(`${made.file}: within a quantum of ONNX Runtime, 99.9 % of elements equal, and as accurate`, async () => {
    let [elements, equal, ours, theirs] = [0, 0, 0, 0];
    await answers(made, heldOut.map(pixelsOf), (wanted, got, i) => {
      const [expected, actual] = [toNumbers(wanted.logits!), got.logits!.data];
      expected.forEach((value, k) => {
        const quanta = Math.round(Math.abs(value - actual[k]!) / LOGIT_QUANTUM);
        assert.ok(quanta <= 1, `digit ${i}, logit ${k}: ${actual[k]} and not ${value}`);
        elements++;
        if (quanta === 0) equal++;
      });
      const { label } = heldOut[i]!;
      if (argmax(actual) === label) ours++;
      if (argmax(expected) === label) theirs++;
    });
    assert.ok(equal >= 0.999 * elements, `${equal} of ${elements} equal`);
    assert.ok(theirs >= 0.96 * heldOut.length, `${theirs} right`);
    assert.ok(Math.abs(ours - theirs) <= 2, `${ours} right and not ${theirs}`);
  });

for (const made of [LSTM, GRU, RESNET, BOOSTED, FOREST, QDQ, QOPERATOR])
  test(`${made.file}: evaluator and runtime agree, and ${LIES} lies are found where they are`, async () => {
    const { artefact, price } = await compiledOf(made);
    const { program } = artefact;
    assert.ok(price.steps.every(fitsOneTransaction), 'every check fits one transaction');
    const executor = await Executor.load(program);
    const slots = await executor.trace(packed(made, program, made.samples.at(-1)!));
    await executor.close();
    const random = new Random(9);
    const place = (): { index: number; element: number } => {
      const index = random.integer(0, program.steps.length - 1);
      return { index, element: random.integer(0, elementCount(program.steps[index]!.outDims) - 1) };
    };
    for (let i = 0; i < ELEMENTS_COMPARED; i++) {
      const { index, element } = place();
      const expected = stepEvaluator(program, program.steps[index]!, slots)(element);
      assert.is(slots[index + 1]![element], expected, `slot ${index + 1}, element ${element}`);
    }
    const truth = traceSource(commitModel(program), slots);
    for (let i = 0; i < LIES; i++) {
      const { index, element } = place();
      new Game(truth)
        .claimedByLiar('liar', wrongElement(index + 1, element))
        .watchedBy('tower')
        .play()
        .expectFound(index + 1, element)
        .expectLost('liar')
        .expectFinal('tower');
    }
  });

test.run();
