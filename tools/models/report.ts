/** What was measured of all models, as a table of the terminal and as docs/models.md. */
import { table } from '../../src/cli/table.js';
import { LEAST_COSINE } from '../../src/compiler/closeness-bar.js';
import { LEAST_EQUAL } from './bars.js';
import type { Measured } from './measure-model.js';

/** What bench/models.json holds. Times are milliseconds. */
export interface ModelReport {
  readonly command: string;
  readonly cpu: string;
  readonly node: string;
  /** Load average of the machine when the measurement began: above 0.5, others were working on it. */
  readonly loadBefore: number;
  readonly models: readonly Measured[];
  readonly failed: readonly { readonly model: string; readonly reason: string }[];
}

const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;
const thousands = (count: number): string => Math.round(count).toLocaleString('en');

interface Column {
  readonly head: string;
  readonly cell: (measured: Measured) => string | number;
  readonly isText?: true;
}

const COLUMNS: readonly Column[] = [
  { head: 'model', cell: ({ model }) => model, isText: true },
  { head: 'kind', cell: ({ kind }) => kind, isText: true },
  { head: 'steps', cell: ({ steps }) => steps },
  { head: 'bits', cell: ({ activationBits }) => activationBits },
  { head: 'cosine', cell: ({ closeness }) => closeness.cosine.toFixed(8) },
  { head: 'equal', cell: ({ closeness }) => percent(closeness.equal) },
  { head: 'top-1', cell: ({ closeness: { top1 } }) => (top1 === null ? '-' : percent(top1)) },
  { head: 'without samples', cell: ({ cosineUncalibrated }) => cosineUncalibrated?.toFixed(8) ?? '-' },
  { head: 'rounds', cell: ({ rounds }) => rounds },
  { head: 'worst step gas', cell: ({ worstStep }) => thousands(worstStep.gas) },
  { head: 'match gas', cell: ({ matchGas }) => thousands(matchGas) },
  { head: 'compile ms', cell: ({ compileMs }) => thousands(compileMs) },
  { head: 'run ms', cell: ({ runMs }) => runMs.toFixed(1) },
  { head: 'trace ms', cell: ({ traceMs }) => traceMs.toFixed(1) },
  { head: 'lies found', cell: ({ liesFound }) => liesFound },
  { head: 'bar', cell: ({ missed }) => (missed.length === 0 ? 'met' : 'missed'), isText: true },
];

const cells = (measured: Measured): string[] => COLUMNS.map(({ cell }) => String(cell(measured)));

export const modelsTable = (models: readonly Measured[]): string =>
  table(
    COLUMNS.map(({ head }) => head),
    models.map(cells),
    COLUMNS.flatMap(({ isText }, i) => (isText ? [] : [i])),
  );

const markdownRow = (row: readonly string[]): string => `| ${row.join(' | ')} |`;

export function modelsPage({ command, cpu, node, loadBefore, models, failed }: ModelReport): string {
  const problems = [
    ...models.flatMap(({ model, missed }) => missed.map((bar) => `- ${model}: ${bar}.`)),
    ...failed.map(({ model, reason }) => `- ${model} failed: ${reason}`),
  ];
  return [
    '# Models',
    '',
    `Written by \`${command}\` (figures in full: \`bench/models.json\`). Node.js ${node} on ${cpu}, load average ${loadBefore.toFixed(1)}`,
    'when it began: above 0.5 the times are upper bounds.',
    '',
    'Each model is compiled with 16 generated samples of the kind it is meant for, and compared with ONNX Runtime (float32) on others: 8, or',
    '1,000 rows for tree ensembles and 100 samples for quantised models. The bars: cosine similarity of at least',
    `${LEAST_COSINE.dense} for dense and convolutional nets and ${LEAST_COSINE.recurrent} for recurrent and attention nets; all outputs of tree ensembles equal;`,
    `outputs of quantised models within one quantum and ${percent(LEAST_EQUAL)} of them equal. "equal" is within the rounding of a float32, "without`,
    'samples" the cosine similarity when ranges come from generated noise, "bits" those of activations. Evaluator and runtime agree on 500',
    'elements of random steps, and 20 lies about an element of a random step are played out and found where they are.',
    '',
    markdownRow(COLUMNS.map(({ head }) => head)),
    markdownRow(COLUMNS.map(({ isText }) => (isText ? '---' : '---:'))),
    ...models.map((measured) => markdownRow(cells(measured))),
    '',
    ...(problems.length > 0 ? ['## Missed', '', ...problems, ''] : []),
  ].join('\n');
}
