/** The part of docs/performance.md that says how cost grows, and its chart. */
import { megabytes, replaceBetween } from '../tables.js';
import type { Chart, Line } from './chart.js';
import { FAMILIES, type Family } from './nets.js';
import type { ScaleResult, ScaleResults } from './results.js';

const WHAT: Readonly<Record<Family, { readonly name: string; readonly size: string }>> = {
  dense: { name: 'dense net of six layers', size: 'parameters' },
  convolutional: { name: 'eight 3x3 convolutions on 8x8', size: 'parameters' },
  tokens: { name: 'two encoder layers of width 128', size: 'tokens' },
  image: { name: 'four 3x3 convolutions of an image', size: 'pixels of a side' },
};

const count = (n: number): string => n.toLocaleString('en');
const seconds = (ms: number): string => (ms / 1000).toFixed(ms < 10_000 ? 2 : 1);
const milliseconds = (ms: number): string => count(Number(ms.toPrecision(3)));

function row(result: ScaleResult): string {
  const { match } = result;
  return `| ${[
    count(result.size),
    count(result.parameters),
    result.steps,
    megabytes(result.artefactBytes),
    seconds(result.compileMs),
    megabytes(result.compilePeakBytes),
    milliseconds(result.loadMs),
    milliseconds(result.firstRunMs),
    milliseconds(result.runMs),
    milliseconds(result.traceMs),
    milliseconds(result.rootMs),
    megabytes(result.traceBytes),
    megabytes(result.tracePeakBytes),
    result.pricedRounds,
    count(result.pricedMatchGas),
    match ? `${match.rounds} / ${count(match.gas)}` : '',
    match ? `${seconds(match.ms)} / ${megabytes(match.peakBytes)}` : '',
  ].join(' | ')} |`;
}

function tableOf(family: Family, results: readonly ScaleResult[]): string[] {
  const { name, size } = WHAT[family];
  const head = [
    size,
    'weights',
    'steps',
    'artefact MB',
    'compile s',
    'its peak MB',
    'load ms',
    'first run ms',
    'run ms',
    'trace ms',
    'root ms',
    'trace MB',
    'peak MB',
    'priced rounds',
    'priced gas',
    'played: rounds / gas',
    'demo: s / peak MB',
  ];
  return [
    `${name[0]!.toUpperCase()}${name.slice(1)}:`,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---:').join('|')}|`,
    ...results.map(row),
    '',
  ];
}

const byFamily = ({ results }: ScaleResults, family: Family): ScaleResult[] =>
  results.filter((result) => result.family === family).sort((x, y) => x.size - y.size);

/** The page with the tables replaced. @param chart where the chart is, seen from the page. */
export function scalePage(page: string, results: ScaleResults, chart: string): string {
  const { command, cpu, node, loadBefore } = results;
  const text = [
    '',
    `\`${command}\` on ${cpu}, Node ${node}; load average before it ${loadBefore.toFixed(1)}.`,
    '',
    `![How cost grows](${chart})`,
    '',
    ...FAMILIES.flatMap((family) => tableOf(family, byFamily(results, family))),
  ].join('\n');
  return replaceBetween(page, 'scale', text);
}

/** Time, memory and gas of each family. */
export function chartsOf(results: ScaleResults): Chart[] {
  const lines = (family: Family, what: Readonly<Record<string, (result: ScaleResult) => number | null>>): Line[] =>
    Object.entries(what).map(([name, measure]) => ({
      name,
      points: byFamily(results, family).flatMap((result) => {
        const y = measure(result);
        return y === null ? [] : [{ x: result.size, y }];
      }),
    }));
  return FAMILIES.flatMap((family): Chart[] => {
    const { name, size } = WHAT[family];
    return [
      {
        title: `Time: ${name}`,
        xTitle: size,
        yTitle: 'ms',
        lines: lines(family, {
          compile: ({ compileMs }) => compileMs,
          run: ({ runMs }) => runMs,
          trace: ({ traceMs }) => traceMs,
          'trace and root': ({ traceMs, rootMs }) => traceMs + rootMs,
        }),
      },
      {
        title: `Memory: ${name}`,
        xTitle: size,
        yTitle: 'MB',
        lines: lines(family, {
          'peak of compiling': ({ compilePeakBytes }) => compilePeakBytes / 1e6,
          'peak of run and trace': ({ tracePeakBytes }) => tracePeakBytes / 1e6,
          artefact: ({ artefactBytes }) => artefactBytes / 1e6,
          trace: ({ traceBytes }) => traceBytes / 1e6,
        }),
      },
      {
        title: `Gas of a match: ${name}`,
        xTitle: size,
        yTitle: 'thousand gas',
        lines: lines(family, {
          'priced, at worst': ({ pricedMatchGas }) => pricedMatchGas / 1e3,
          played: ({ match }) => (match ? match.gas / 1e3 : null),
        }),
      },
    ];
  });
}
