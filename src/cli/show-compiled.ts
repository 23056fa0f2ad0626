import type { Compiled } from '../compiler/compile.js';
import { showCount } from './amounts.js';
import { out } from './colour.js';
import type { Json } from './json.js';
import { facts } from './table.js';

/** What `og compile` reports, for scripts and for people. */
export function showCompiled(
  compiled: Compiled & { parameters: number },
  modelId: string,
  path: string,
  bytes: number,
): { json: Json; text: string } {
  const { artefact, price, fidelity, parameters } = compiled;
  const { program, source } = artefact;
  const { worstStep } = price;
  const json = {
    modelId,
    artefact: path,
    sourceSha256: source.sha256,
    steps: program.steps.length,
    parameters,
    fidelity: fidelity && { ...fidelity },
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
  };
  const text = facts([
    ['model id', out.bold(modelId)],
    ['artefact', `${path} (${showCount(bytes)} bytes)`],
    ['source', `${source.file}, SHA-256 ${source.sha256}`],
    ['program', `${program.steps.length} steps, ${showCount(parameters)} parameters`],
    ...(fidelity ? ([['fidelity', fidelityText(fidelity)]] as const) : []),
    [
      'worst step',
      `${worstStep.index + 1} "${worstStep.name}": ${showCount(worstStep.gas)} gas, ${showCount(worstStep.calldataBytes)} bytes of calldata`,
    ],
    ['worst dispute', `${price.rounds} rounds, ${showCount(price.matchGas)} gas for both sides together`],
  ]);
  return { json, text };
}

function fidelityText(fidelity: NonNullable<Compiled['fidelity']>): string {
  const { samples, maxAbsError, meanAbsError, cosine, top1Agreement } = fidelity;
  const top1 = top1Agreement === null ? '' : `, top-1 agreement ${(top1Agreement * 100).toFixed(2)} %`;
  const errors = `error at most ${maxAbsError.toPrecision(3)}, ${meanAbsError.toPrecision(3)} on average`;
  return `on ${samples} sample${samples === 1 ? '' : 's'}: ${errors}, cosine ${cosine.toFixed(9)}${top1}`;
}
