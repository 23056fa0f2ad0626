/** Charts of bench/scale.json as SVG. */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

/** A line on a chart: its points in order. */
export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Chart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT] = [240, 200];
/** From here on, sizes are written as 10k or 1M. */
const LARGE = 10_000;

/** The powers of ten round these numbers. */
function powers(values: readonly number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

/** Both axes are logarithmic: a straight line is a power. */
function chartSpec({ title, xTitle, yTitle, lines }: Chart): object {
  const points = lines.flatMap(({ name, points }) => points.map((point) => ({ ...point, name })));
  const sizes = [...new Set(points.map(({ x }) => x))].sort((x, y) => x - y);
  const values = powers(points.map(({ y }) => y));
  const logarithmic = (marks: readonly number[]) => ({ type: 'log', domain: [marks[0], marks.at(-1)], nice: false });
  const xFormat = sizes[0]! < LARGE ? ',d' : '~s';
  return {
    title,
    width: WIDTH,
    height: HEIGHT,
    data: { values: points },
    mark: { type: 'line', point: true },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: xTitle,
        scale: logarithmic(sizes),
        axis: { format: xFormat, values: sizes },
      },
      y: {
        field: 'y',
        type: 'quantitative',
        title: yTitle,
        scale: logarithmic(values),
        axis: { format: ',~g', values },
      },
      color: {
        field: 'name',
        type: 'nominal',
        title: null,
        sort: lines.map(({ name }) => name),
        legend: { orient: 'bottom', columns: 2, labelLimit: 0 },
      },
    },
  };
}

/** The charts as one picture. @param columns charts in a row. */
export async function chartsSvg(charts: readonly Chart[], columns: number): Promise<string> {
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    columns,
    concat: charts.map(chartSpec),
    resolve: { scale: { color: 'independent' } },
  } as TopLevelSpec;
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}
