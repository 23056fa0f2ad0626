/** What docs/protocol.md says that posted bytes cost, against the gas that is measured and committed. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const gas = Object.entries(JSON.parse(file('contracts/gas/transactions.json')) as Record<string, string>);
const ROW = /^\| `(\w+)` \| max\(([\d,]+) \+ (\d+) b, ([\d,]+) \+ (\d+) b\) \|$/gm;

const rows = [...file('docs/protocol.md').matchAll(ROW)].map(([, call, ...numbers]) => {
  const [base, perByte, floorBase, floorPerByte] = numbers.map((each) => Number(each?.replaceAll(',', '')));
  return { call, bound: (b: number) => Math.max(base! + perByte! * b, floorBase! + floorPerByte! * b) };
});

test('three transactions post an output', () => {
  assert.equal(
    rows.map(({ call }) => call),
    ['submit', 'challenge', 'finalize'],
  );
});

for (const { call, bound } of rows)
  test(`${call} costs at most what the page says, and not much less`, () => {
    const measured = gas.flatMap(([name, value]) => {
      const [, kind, bytes] = name.match(/^(\w+).*, output of (\d+)$/) ?? [];
      return kind === call ? [{ bytes: Number(bytes), gas: Number(value) }] : [];
    });
    assert.ok(measured.length >= 4);
    for (const { bytes, gas: used } of measured) {
      assert.ok(used <= bound(bytes), `${bytes} bytes: ${used} gas, ${bound(bytes)} allowed`);
      assert.ok(used >= 0.75 * bound(bytes), `${bytes} bytes: ${used} gas, ${bound(bytes)} allowed`);
    }
  });

test.run();
