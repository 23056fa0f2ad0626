/** The files for operators name only what there is. */
import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { ALERT_KINDS } from '../../src/ops/alerts.js';
import { Metrics } from '../../src/ops/metrics.js';

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { groups } = parse(text('ops/prometheus-rules.yml')) as {
  groups: readonly { rules: readonly { alert: string; expr: string }[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(text('ops/grafana-dashboard.json')) as {
  panels: readonly { title: string; targets: readonly { expr: string }[] }[];
};

/** What Prometheus itself adds to every scrape. */
const OF_PROMETHEUS = ['up'];

async function existing(): Promise<Set<string>> {
  const metrics = await new Metrics().registry.getMetricsAsJSON();
  const series = ({ name, type }: { name: string; type: unknown }): string[] =>
    String(type) === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
  return new Set([...OF_PROMETHEUS, ...metrics.flatMap((metric) => series(metric as never))]);
}

/** @throws when it is not PromQL. */
function metricsIn(query: string): string[] {
  const names: string[] = [];
  parser.parse(query).iterate({
    enter: ({ type, name, from, to }) => {
      if (type.isError) throw new Error(`"${query}" is not PromQL at ${from}.`);
      if (name === 'VectorSelector') names.push(query.slice(from, to).replace(/\{.*/s, ''));
    },
  });
  return names;
}

test('the queries of rules and dashboard are PromQL and name only metrics that exist', async () => {
  const known = await existing();
  const queries = [
    ...rules.map(({ expr }) => expr),
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ];
  assert.ok(queries.length > 25);
  for (const query of queries) {
    const names = metricsIn(query);
    assert.ok(names.length > 0, query);
    for (const name of names) assert.ok(known.has(name), `${name} in ${query}`);
  }
  assert.throws(() => metricsIn('rate(og_jobs[5m'), 'is not PromQL');
});

test('every kind of alert has a rule, and every rule and kind a place in the runbook', () => {
  const runbook = text('docs/runbook.md');
  for (const kind of ALERT_KINDS) {
    assert.ok(
      rules.some(({ expr }) => expr.includes(`kind="${kind}"`)),
      kind,
    );
    assert.ok(runbook.includes(`\`${kind}\``), kind);
  }
  for (const { alert } of rules) assert.ok(runbook.includes(`## ${alert}`), alert);
});

test.run();
