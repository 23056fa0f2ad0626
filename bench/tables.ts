/** The tables of docs/performance.md, between marks; the text around them is written by people. */
import type { Spread } from './measure.js';
import { type ModelResult, type Results, ratio } from './results.js';

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0);
const times = (x: number): string => `${x.toFixed(2)}x`;
const spread = ({ medianMs, p10Ms, p90Ms }: Spread): string => `${medianMs} (${p10Ms}-${p90Ms})`;

function speedRow(model: ModelResult): string {
  const cells = [1, 2].flatMap((threads) => {
    const { float } = model.threads[threads] as ModelResult['threads'][string];
    return [
      spread(float),
      ...(['run', 'trace', 'traceAndRoot'] as const).map((what) => times(ratio(model, threads, what))),
    ];
  });
  return `| ${[model.model, ...cells].join(' | ')} |`;
}

/** Processor time of one thread: on a busy machine it says more than time. */
function processorRow({ model, threads }: ModelResult): string {
  const { float, run, trace, traceAndRoot } = threads['1'] as ModelResult['threads'][string];
  const against = [run, trace, traceAndRoot].map((each) => times(each.leastProcessorMs / float.leastProcessorMs));
  const rootToRun = times(traceAndRoot.leastProcessorMs / run.leastProcessorMs);
  return `| ${[model, float.leastProcessorMs, ...against, rootToRun].join(' | ')} |`;
}

function sizeRow(model: ModelResult): string {
  const { steps, parameters, traceBytes, artefactBytes, compileMs, peakBytes, rounds, pricedMatchGas } = model;
  const cells = [
    steps,
    parameters.toLocaleString('en'),
    megabytes(artefactBytes),
    (compileMs / 1000).toFixed(2),
    megabytes(traceBytes),
    megabytes(peakBytes),
    rounds,
    pricedMatchGas.toLocaleString('en'),
  ];
  return `| ${[model.model, ...cells].join(' | ')} |`;
}

function tables(results: Results): string {
  const { cpu, node, loadBefore, hashing, startUp, detector640PeakBytes, models } = results;
  return [
    '',
    `\`${results.command}\` on ${cpu}, Node ${node}; load average before it ${loadBefore.toFixed(1)}.`,
    '',
    'Times against the float32 model in ONNX Runtime; least against least; its own time in ms as median (10th to 90th percentile).',
    '',
    '| model | float, 1 thread | run | trace | trace and root | float, 2 threads | run | trace | trace and root |',
    '|---|---|---|---|---|---|---|---|---|',
    ...models.map(speedRow),
    '',
    'The same in processor time, with one thread, least against least.',
    '',
    '| model | float, ms | run | trace | trace and root | trace and root against run |',
    '|---|---|---|---|---|---|',
    ...models.map(processorRow),
    '',
    '| model | steps | constants | artefact MB | compile s | trace MB | peak MB | rounds | priced gas of a match |',
    '|---|---|---|---|---|---|---|---|---|',
    ...models.map(sizeRow),
    '',
    '| what | measured |',
    '|---|---|',
    `| \`og --version\`, ms | ${spread(startUp.version)} |`,
    `| \`og run\` on digits, ms | ${spread(startUp.runDigits)} |`,
    `| \`og run --trace\` on digits, ms | ${spread(startUp.runDigitsTraced)} |`,
    `| keccak256 of 64-byte nodes, MB/s | ${hashing.nodesMBs} |`,
    `| keccak256 of 256-byte leaves, MB/s | ${hashing.leavesMBs} |`,
    `| tree over an int16 tensor, MB/s of the tensor | ${hashing.int16TreeMBs} |`,
    ...(detector640PeakBytes === null
      ? []
      : [`| peak memory of the trace of the detector at 640x640, MB | ${megabytes(detector640PeakBytes)} |`]),
    '',
  ].join('\n');
}

/** A page with what is between the marks of this name replaced. @throws Error when it lacks them. */
export function replaceBetween(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name}: start -->`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page lacks the marks ${start} and ${end}.`);
  return `${page.slice(0, from + start.length)}\n${text}\n${page.slice(to)}`;
}

/** The page with its tables replaced. */
export const performancePage = (page: string, results: Results): string =>
  replaceBetween(page, 'measured', tables(results));
