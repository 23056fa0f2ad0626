/**
 * `npm run bench:gas`: what disputes cost, on anvil with the contracts of this tree.
 *
 * For each model: the check of elements of every step (first, middle and last) as a transaction of its own, against the price tag's upper
 * bound; then a whole match about a lie in the step whose check was the largest, transaction by transaction. Writes
 * bench/gas.json and prints the README's table. Exits 1 when a measured check is above its price.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { finalizeJob } from '../src/chain/claims.js';
import { type Devnet, startDevnet } from '../src/chain/devnet.js';
import { commitModel } from '../src/commit/model.js';
import { type TraceSource, traceSource } from '../src/dispute/trace.js';
import { Executor } from '../src/executor/executor.js';
import { priceProgram } from '../src/program/price.js';
import { elementCount } from '../src/program/step.js';
import { tamper } from '../src/worker/tamper.js';
import { checkGas } from '../test/helpers/element-check.js';
import { compiledModel, packedSample, TEST_MODELS, type TestModel } from '../test/helpers/models.js';
import { playLie, type Transaction } from '../test/helpers/played-lie.js';

interface Check {
  readonly step: number;
  readonly name: string;
  readonly element: number;
  readonly gas: number;
  readonly calldataBytes: number;
  readonly pricedGas: number;
}

interface ModelGas {
  readonly model: string;
  readonly steps: number;
  readonly depth: number;
  readonly rounds: number;
  readonly largestCheck: Check;
  readonly pricedMatchGas: number;
  readonly matchGas: number;
  readonly submitGas: number;
  readonly finalizeGas: number;
  readonly match: readonly Transaction[];
}

async function honestTrace(model: TestModel): Promise<TraceSource> {
  const { artefact } = await compiledModel(model);
  const executor = await Executor.load(artefact.program);
  const slots = await executor.trace(packedSample(model, artefact.program, 20));
  await executor.close();
  return traceSource(commitModel(artefact.program), slots);
}

async function largestCheck(devnet: Devnet, trace: TraceSource): Promise<Check> {
  const { program } = trace.commitment;
  const price = priceProgram(program);
  let largest: Check | null = null;
  for (const [index, step] of program.steps.entries()) {
    const size = elementCount(step.outDims);
    for (const element of new Set([0, size >> 1, size - 1])) {
      const measured = await checkGas(devnet, trace, index + 1, element);
      const priced = price.steps[index]!;
      const check = { step: index + 1, name: step.name, element, ...measured, pricedGas: priced.gas };
      if (check.gas > priced.gas || check.calldataBytes > priced.calldataBytes)
        throw new Error(
          `Step ${check.step} "${check.name}", element ${element}, costs ${check.gas} gas and ${check.calldataBytes} bytes; its price is ${priced.gas} and ${priced.calldataBytes}.`,
        );
      if (!largest || check.gas > largest.gas) largest = check;
    }
  }
  return largest!;
}

async function measure(devnet: Devnet, model: TestModel): Promise<ModelGas> {
  const trace = await honestTrace(model);
  const { model: header, program } = trace.commitment;
  const largest = await largestCheck(devnet, trace);
  const lie = tamper(trace, { slot: largest.step, element: largest.element });
  const { jobId, submitGas, match, matchGas } = await playLie(devnet, trace, lie);
  await devnet.passSeconds(devnet.contracts.parameters.challengeWindowSeconds + 1);
  const finalized = await finalizeJob(devnet.contracts, devnet.sender(3), jobId);

  const price = priceProgram(program);
  if (matchGas > price.matchGas)
    throw new Error(`${model.name}: the match cost ${matchGas}, its price is ${price.matchGas}.`);
  return {
    model: model.name,
    steps: program.steps.length,
    depth: header.slotDepth + header.tensorDepth,
    rounds: match.filter(({ kind }) => /open|descend$/.test(kind)).length,
    largestCheck: largest,
    pricedMatchGas: price.matchGas,
    matchGas,
    submitGas,
    finalizeGas: Number(finalized.gasUsed),
    match,
  };
}

const number = (value: number): string => value.toLocaleString('en-US');

function table(models: readonly ModelGas[]): string {
  const rows = models.map(
    ({ model, steps, rounds, largestCheck: check, matchGas, pricedMatchGas, submitGas, finalizeGas }) =>
      `| ${model} | ${steps} | ${rounds} | ${number(check.gas)} (${check.name}, ${number(check.calldataBytes)} bytes) | ${number(matchGas)} | ${number(pricedMatchGas)} | ${number(submitGas)} | ${number(finalizeGas)} |`,
  );
  return [
    '| model | steps | rounds | largest one-element check, gas | whole match, gas | price tag of it | claim | finalise |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

const devnet = await startDevnet();
try {
  const models: ModelGas[] = [];
  for (const model of TEST_MODELS) models.push(await measure(devnet, model));
  const file = fileURLToPath(new URL('gas.json', import.meta.url));
  writeFileSync(file, `${JSON.stringify({ command: 'npm run bench:gas', models }, null, 2)}\n`);
  process.stdout.write(`${table(models)}\n`);
} finally {
  await devnet.stop();
}
