/** docs/worked-match.md is what the game comes to. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { workedMatchPage } from '../../tools/worked-match-page.js';

test('the page is up to date (npm run docs:match)', () => {
  assert.is(readFileSync('docs/worked-match.md', 'utf8'), workedMatchPage());
});

test.run();
