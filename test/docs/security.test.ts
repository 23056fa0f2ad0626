/** docs/security.md names tests: they exist. */
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const page = readFileSync('docs/security.md', 'utf8');
const invariants = readFileSync('contracts/test/invariant/README.md', 'utf8');

interface Named {
  readonly file: string;
  /** What it is named for: functions of a contract test, or the title of a test. */
  readonly names: readonly string[];
}

/** Everything of the form `file` or `file: name, name`. */
function namedIn(text: string): Named[] {
  const spans = [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replace(/\s+/g, ' '));
  return spans.flatMap((span) => {
    const [, file, rest] = /^([\w./-]+\.(?:sol|ts|tree|md))(?:: (.+))?$/.exec(span) ?? [];
    if (!file) return [];
    return [{ file, names: rest === undefined ? [] : rest.startsWith('"') ? [rest.slice(1, -1)] : rest.split(', ') }];
  });
}

const placeOf = (file: string): string =>
  ['', 'test/', 'contracts/test/'].map((folder) => folder + file).find((place) => existsSync(place)) ?? file;

test('every file and test that the page names exists', () => {
  const named = namedIn(page);
  assert.ok(named.length > 30, `${named.length} files are named`);
  for (const { file, names } of named) {
    assert.ok(existsSync(placeOf(file)), `there is no ${file}`);
    const source = readFileSync(placeOf(file), 'utf8');
    for (const name of names)
      assert.ok(source.includes(file.endsWith('.sol') ? `function ${name}(` : `test('${name}'`), `${file}: ${name}`);
  }
});

test('every invariant that the page gives the number of exists', () => {
  const numbers = [...page.matchAll(/Game\.invariant\.t\.sol`\s\(([\d, ]+)\)/g)].flatMap(([, list = '']) =>
    list.split(', '),
  );
  assert.ok(numbers.length > 5);
  for (const number of numbers) assert.match(invariants, new RegExp(`^${number}\\. `, 'm'), `invariant ${number}`);
});

test.run();
