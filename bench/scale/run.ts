/**
 * `npm run bench:scale [-- --family <name>]... [-- --least <size>] [-- --most <size>] [-- --page]`: how cost grows with the number of parameters, the length of a sequence
 * and the size of an image, over generated nets; each part is a process of its own, so that its memory can be told. A net of 100 million parameters
 * takes minutes and is among them only with `--most 1e8`; what is not measured keeps the figures it had. `--page` measures nothing.
 *
 * Writes bench/scale.json, docs/scale.svg and the tables of docs/performance.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chartsSvg } from './chart.js';
import { measureNet } from './measure.js';
import { FAMILIES, SIZES } from './nets.js';
import { chartsOf, scalePage } from './page.js';
import type { ScaleResult, ScaleResults } from './results.js';

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { values: flags } = parseArgs({
  options: {
    family: { type: 'string', multiple: true },
    least: { type: 'string', default: '0' },
    most: { type: 'string', default: '1e7' },
    page: { type: 'boolean' },
  },
});
const FILE = root('bench/scale.json');
/** Time, memory and gas. */
const COLUMNS = 3;
const PAGE = root('docs/performance.md');

function write(measured: readonly ScaleResult[], loadBefore: number): void {
  const known = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as ScaleResults) : null;
  const isNew = ({ family, size }: ScaleResult): boolean =>
    measured.some((result) => result.family === family && result.size === size);
  const place = ({ family, size }: ScaleResult): number => FAMILIES.indexOf(family) * 1e12 + size;
  const results: ScaleResults = {
    command: 'npm run bench:scale',
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    node: process.version,
    loadBefore,
    results: [...(known?.results ?? []).filter((result) => !isNew(result)), ...measured].sort(
      (x, y) => place(x) - place(y),
    ),
  };
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`);
}

async function publish(): Promise<void> {
  const results = JSON.parse(readFileSync(FILE, 'utf8')) as ScaleResults;
  writeFileSync(root('docs/scale.svg'), await chartsSvg(chartsOf(results), COLUMNS));
  writeFileSync(PAGE, scalePage(readFileSync(PAGE, 'utf8'), results, 'scale.svg'));
}

const loadBefore = loadavg()[0]!;
const measured: ScaleResult[] = [];
if (!flags.page)
  for (const family of FAMILIES.filter((each) => flags.family?.includes(each) ?? true))
    for (const size of SIZES[family].filter((each) => each >= Number(flags.least) && each <= Number(flags.most))) {
      process.stderr.write(`${family} ${size}\n`);
      measured.push(measureNet(family, size));
      // At once, so that what was measured is kept when something later fails.
      write(measured, loadBefore);
    }
await publish();
