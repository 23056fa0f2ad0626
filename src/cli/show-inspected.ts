/** What `og inspect` reports of an ONNX file and of an artefact. */
import type { Inspected } from '../compiler/inspect.js';
import { priceProgram } from '../program/price.js';
import { slotShape, type TensorLayout } from '../program/program.js';
import type { Model } from '../store/store.js';
import { showCount } from './amounts.js';
import { shapeText } from './arrays/tensor.js';
import { out } from './colour.js';
import type { Json } from './json.js';
import { facts, table } from './table.js';

export interface Shown {
  readonly json: Json;
  readonly text: string;
}

export function showOnnx(inspected: Inspected): Shown {
  const { file, producer, opset, inputs, outputs, operators, parameters, unsupported, constantInputs } = inspected;
  const head = facts([
    ['file', `${file}, an ONNX model${producer ? ` made by ${producer}` : ''}`],
    [
      'opset',
      Object.entries(opset)
        .map(([domain, version]) => `${domain || 'ai.onnx'} ${version}`)
        .join(', '),
    ],
    [
      'inputs',
      inputs
        .map(
          ({ name, type, dims }) =>
            `${name} ${type} ${dims ? dims.map((dim) => dim ?? '?').join('x') || 'scalar' : '(any shape)'}`,
        )
        .join(', '),
    ],
    ['outputs', outputs.join(', ')],
    ['parameters', showCount(parameters)],
  ]);
  const counts = table(['operator', 'nodes'], Object.entries(operators), [1]);
  const text = [
    head,
    '',
    counts,
    '',
    unsupported.length === 0
      ? 'og has all these operators. Shapes, attributes and what is inside of control flow are checked by og compile.'
      : unsupportedText(unsupported),
    ...(constantInputs.length > 0 ? ['', constantText(constantInputs)] : []),
  ].join('\n');
  return { json: { kind: 'onnx', ...inspected } as unknown as Json, text };
}

function unsupportedText(unsupported: Inspected['unsupported']): string {
  const rows = unsupported.map(({ node, operator, opset, reason }) => [node, operator, opset, reason]);
  return `${out.red('These nodes cannot be compiled:')}\n${table(['node', 'operator', 'opset', 'why'], rows)}`;
}

function constantText(inputs: Inspected['constantInputs']): string {
  const rows = inputs.map(({ input, node, operator, operand }) => [input, `${operand} of ${operator} ${node}`]);
  return [
    'These inputs have to be constant: fix them (--input-value), or calibrate with samples that agree on them.',
    table(['input', 'what for'], rows),
  ].join('\n');
}

export function showArtefact({ modelId, artefact }: Model): Shown {
  const { program, source, options, fidelity } = artefact;
  const price = priceProgram(program);
  const constants = program.constants.reduce((sum, { data }) => sum + data.length, 0);
  const operators: Record<string, number> = {};
  for (const { origin } of program.steps) operators[origin.operator] = (operators[origin.operator] ?? 0) + 1;
  const steps = program.steps.map((step, i) => ({
    step: i + 1,
    name: step.name,
    node: step.origin.node,
    operator: step.origin.operator,
    shape: step.outDims,
    elements: slotShape(program, i + 1).elements,
    bytesPerElement: step.width,
    gas: price.steps[i]!.gas,
    calldataBytes: price.steps[i]!.calldataBytes,
  }));
  const text = [
    facts([
      ['model id', out.bold(modelId)],
      ['source', `${source.file}, SHA-256 ${source.sha256}`],
      ['options', precisionText(options)],
      ['inputs', program.inputs.map(layoutText).join(', ')],
      ['outputs', program.outputs.map(layoutText).join(', ')],
      ['constants', `${showCount(constants)} numbers in ${program.constants.length} tensors`],
      ['worst dispute', `${price.rounds} rounds, ${showCount(price.matchGas)} gas`],
    ]),
    '',
    table(
      ['step', 'name', 'from', 'output', 'bytes', 'gas to check', 'calldata'],
      steps.map((s) => [
        s.step,
        s.name,
        `${s.operator} ${s.node}`,
        shapeText(s.shape),
        s.bytesPerElement,
        showCount(s.gas),
        showCount(s.calldataBytes),
      ]),
      [0, 4, 5, 6],
    ),
  ].join('\n');
  const json = {
    kind: 'artefact',
    modelId,
    source,
    options,
    operators,
    unsupported: [],
    inputs: program.inputs,
    outputs: program.outputs,
    constants,
    fidelity,
    steps,
    price: { rounds: price.rounds, worstStep: price.worstStep.index + 1, matchGas: price.matchGas },
  };
  return { json: json as unknown as Json, text };
}

const layoutText = ({ name, type, shape }: TensorLayout): string => `${name} ${type} ${shapeText(shape)}`;

function precisionText({ bits, activationBits }: Model['artefact']['options']): string {
  return activationBits === undefined ? `${bits} bits` : `${bits} bits, ${activationBits} of activations`;
}
