/** docs/operators.md is what the registers say. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SUPPORTED_OPERATORS } from '../../src/compiler/lower/register.js';
import { REFUSED_FORMS, SINCE } from '../../src/compiler/operator-words.js';
import { operatorsPage } from '../../tools/operators-page.js';

test('the page is up to date (npm run docs:operators)', () => {
  assert.is(readFileSync('docs/operators.md', 'utf8'), operatorsPage());
});

test('words are of operators that are compiled', () => {
  for (const name of [...SINCE.keys(), ...Object.keys(REFUSED_FORMS)])
    assert.ok(SUPPORTED_OPERATORS.includes(name), `${name} is not compiled`);
});

test.run();
