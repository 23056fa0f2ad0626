/**
 * Run in a copy of the sources with other constants (variants.ts): what disputes cost there, on anvil. Prints a JSON list of
 * matches. The disputed element is the middle one of the step whose middle element is the dearest to check.
 */
import { readFileSync } from 'node:fs';
import { ContractFactory, Interface, type InterfaceAbi, Wallet } from 'ethers';
import { IMAGE } from '../../fixtures/resnet/model.js';
import { type Devnet, startDevnet } from '../../src/chain/devnet.js';
import type { Forest } from '../../src/commit/forest.js';
import { toHex } from '../../src/commit/hash.js';
import { commitModel } from '../../src/commit/model.js';
import { elementReads } from '../../src/commit/reads.js';
import { LEAF_BYTES, leafCount } from '../../src/commit/tensor.js';
import { compile } from '../../src/compiler/compile.js';
import { packSample } from '../../src/compiler/pack-sample.js';
import { type TraceSource, traceSource } from '../../src/dispute/trace.js';
import { loadFloatRuntime } from '../../src/executor/float.js';
import { programRunner } from '../../src/executor/program-runner.js';
import { type Program, slotShape } from '../../src/program/program.js';
import { elementCount } from '../../src/program/step.js';
import { tamper } from '../../src/worker/tamper.js';
import { checkGas, elementArguments } from '../../test/helpers/element-check.js';
import { playLie } from '../../test/helpers/played-lie.js';
import { type BenchModel, benchModels, fromFile } from '../models.js';
import type { FormCost, MeasuredMatch } from './results.js';

const CALIBRATION_SAMPLES = 8;
const RESNET = fromFile('resnet', 'fixtures/resnet/resnet.onnx', 'image', [...IMAGE]);
const MODELS = [...['digits', 'mlp', 'bert', 'text-direction'].flatMap((name) => benchModels(name)), RESNET];

async function honestTrace(model: BenchModel): Promise<TraceSource> {
  const { runProgram, traceProgram, close } = programRunner();
  const calibration = Array.from({ length: CALIBRATION_SAMPLES }, (_, i) => model.sample(i + 1));
  const request = { bytes: await model.bytes(), file: model.name, shapes: model.shapes, calibration, runProgram };
  const { artefact } = await compile(request, loadFloatRuntime());
  const slots = await traceProgram(artefact.program, packSample(artefact.program, model.sample(1000)));
  await close();
  return traceSource(commitModel(artefact.program), slots);
}

/** The same values, each stored in four bytes. */
function fourBytesWide(program: Program): Program {
  return {
    ...program,
    input: { ...program.input, width: 4 },
    steps: program.steps.map((step) => ({ ...step, width: 4 })),
    constants: program.constants.map((constant) => ({ ...constant, width: 4 })),
  };
}

function traceBytes(program: Program): number {
  const shapes = Array.from({ length: program.steps.length + 1 }, (_, slot) => slotShape(program, slot));
  return shapes.reduce((sum, { elements, width }) => sum + leafCount(elements, width) * LEAF_BYTES, 0);
}

const artifact = JSON.parse(
  readFileSync(new URL('../../contracts/out/OpeningForms.sol/OpeningForms.json', import.meta.url), 'utf8'),
) as { abi: InterfaceAbi; bytecode: { object: string } };
const FORMS = new Interface(artifact.abi);

/** Leaves with a proof each (`ApartOpening` of OpeningForms.sol). */
function apart(forest: Forest, positions: readonly number[]) {
  const packed = Buffer.alloc(5 * positions.length);
  positions.forEach((position, i) => {
    packed.writeUIntBE(position, 5 * i, 5);
  });
  return {
    positions: toHex(packed),
    leaves: toHex(Buffer.concat(positions.map((position) => forest.leaf(position)))),
    siblings: positions.flatMap((position) => forest.leafProof(position)),
  };
}

async function formCosts(devnet: Devnet, forms: string, truth: TraceSource, slot: number, element: number) {
  const { commitment, slots, forest } = truth;
  const { trace, constantsTree, traceOpening, constantsOpening } = elementArguments(truth, slot, element);
  const reads = elementReads(commitment, slots, slot, element);
  const cost = async (data: string): Promise<FormCost> => {
    const gas = await devnet.node.estimateGas({ to: forms, data, from: devnet.accounts[0]!.address });
    return { gas: Number(gas), calldataBytes: (data.length - 2) / 2 };
  };
  const each = [apart(forest, reads.trace), apart(commitment.constants, reads.constants)] as const;
  return {
    together: await cost(FORMS.encodeFunctionData('together', [trace, traceOpening, constantsTree, constantsOpening])),
    apart: await cost(FORMS.encodeFunctionData('apart', [trace, each[0], constantsTree, each[1]])),
  };
}

async function dearestStep(devnet: Devnet, truth: TraceSource) {
  const { program } = truth.commitment;
  const checks = [];
  for (const [index, step] of program.steps.entries()) {
    const element = elementCount(step.outDims) >> 1;
    checks.push({ slot: index + 1, step: step.name, element, ...(await checkGas(devnet, truth, index + 1, element)) });
  }
  const dearest = checks.reduce((most, check) => (check.gas > most.gas ? check : most));
  return { dearest, meanGas: Math.round(checks.reduce((sum, { gas }) => sum + gas, 0) / checks.length) };
}

async function measure(
  devnet: Devnet,
  forms: string,
  { name }: BenchModel,
  widths: MeasuredMatch['widths'],
  original: TraceSource,
): Promise<MeasuredMatch> {
  const { program } = original.commitment;
  const commitment = widths === 'fitted' ? original.commitment : commitModel(fourBytesWide(program));
  const truth = traceSource(commitment, original.slots);
  const { dearest, meanGas } = await dearestStep(devnet, truth);
  const { slot, element, step, gas, calldataBytes } = dearest;
  const lie = traceSource(commitment, tamper(original, { slot, element }).slots);
  const { match, matchGas } = await playLie(devnet, truth, lie);
  return {
    model: name,
    widths,
    steps: program.steps.length,
    depth: commitment.model.slotDepth + commitment.model.tensorDepth,
    traceBytes: traceBytes(commitment.program),
    meanCheckGas: meanGas,
    check: { step, gas, calldataBytes },
    match,
    matchGas,
    forms: await formCosts(devnet, forms, truth, slot, element),
  };
}

const devnet = await startDevnet();
try {
  const deployer = new Wallet(devnet.accounts[9]!.privateKey, devnet.node);
  const contract = await new ContractFactory(artifact.abi, artifact.bytecode.object, deployer).deploy();
  await contract.waitForDeployment();
  const forms = await contract.getAddress();
  const matches: MeasuredMatch[] = [];
  for (const model of MODELS) {
    const truth = await honestTrace(model);
    for (const widths of ['fitted', 'four'] as const) matches.push(await measure(devnet, forms, model, widths, truth));
  }
  process.stdout.write(JSON.stringify(matches));
} finally {
  await devnet.stop();
}
