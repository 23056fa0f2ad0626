import type { Compiled } from '../compiler/compile.js';
import type { Losses } from '../program/artefact.js';
import { showCount } from './amounts.js';
import { out } from './colour.js';
import type { Json } from './json.js';
import { facts, table } from './table.js';

/** What `og compile` reports, for scripts and for people. */
export function showCompiled(
  compiled: Compiled & { parameters: number },
  modelId: string,
  path: string,
  bytes: number,
): { json: Json; text: string } {
  const { artefact, price, fidelity, parameters, advice } = compiled;
  const { program, source } = artefact;
  const { worstStep } = price;
  const json = {
    modelId,
    artefact: path,
    sourceSha256: source.sha256,
    steps: program.steps.length,
    parameters,
    fidelity,
    price: {
      rounds: price.rounds,
      worstStep: {
        index: worstStep.index + 1,
        node: program.steps[worstStep.index]!.origin.node,
        gas: worstStep.gas,
        calldataBytes: worstStep.calldataBytes,
      },
      matchGas: price.matchGas,
    },
    warnings: compiled.warnings,
    advice,
  };
  const text = [
    facts([
      ['model id', out.bold(modelId)],
      ['artefact', `${path} (${showCount(bytes)} bytes)`],
      ['source', `${source.file}, SHA-256 ${source.sha256}`],
      ['program', `${program.steps.length} steps, ${showCount(parameters)} parameters`],
      ['fidelity', fidelityText(fidelity)],
      [
        'worst step',
        `${worstStep.index + 1} "${worstStep.name}": ${showCount(worstStep.gas)} gas, ${showCount(worstStep.calldataBytes)} bytes of calldata`,
      ],
      ['worst dispute', `${price.rounds} rounds, ${showCount(price.matchGas)} gas for both sides together`],
    ]),
    ...(fidelity.losses ? [lossesText(fidelity.losses)] : []),
    ...(advice.length > 0 ? [['What to try:', ...advice.map((line) => `  ${line}`)].join('\n')] : []),
  ].join('\n\n');
  return { json, text };
}

function fidelityText(fidelity: Compiled['fidelity']): string {
  const { samples, maxAbsError, meanAbsError, cosine, top1Agreement } = fidelity;
  const top1 = top1Agreement === null ? '' : `, top-1 agreement ${(top1Agreement * 100).toFixed(2)} %`;
  const errors = `error at most ${maxAbsError.toPrecision(3)}, ${meanAbsError.toPrecision(3)} on average`;
  return `on ${samples} sample${samples === 1 ? '' : 's'}: ${errors}, cosine ${cosine.toFixed(9)}${top1}`;
}

const percent = (part: number): string => (part === 0 ? '0 %' : `${(part * 100).toPrecision(3)} %`);

/** Where the error comes from, for people. */
function lossesText({ outputError, steps }: Losses): string {
  if (steps.length === 0) return 'No step loses anything that shows in the outputs.';
  const rows = steps.map((loss) => [
    loss.step === 0 ? 'input' : loss.step,
    loss.step === 0 ? `"${loss.node}"` : `${loss.operator} "${loss.node}"`,
    percent(loss.ownError),
    percent(loss.outputError),
    percent(loss.saturated),
  ]);
  const heads = ['step', 'node', 'error it adds', 'of the outputs alone', 'beyond its range'];
  return `The steps that lose most (all together, the outputs are ${percent(outputError)} off):\n${table(heads, rows, [0, 2, 3, 4])}`;
}
