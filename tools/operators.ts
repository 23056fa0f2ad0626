/**
 * `npm run docs:operators [-- --check]`: writes docs/operators.md from the registers of the compiler. With `--check` it
 * writes nothing and exits 1 when the page is not what it would write.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { operatorsPage } from './operators-page.js';

const PAGE = 'docs/operators.md';
const page = operatorsPage();
if (!process.argv.includes('--check')) writeFileSync(PAGE, page);
else if (readFileSync(PAGE, 'utf8') !== page) {
  process.stderr.write(`${PAGE} is not what the registers say. Write it again: npm run docs:operators\n`);
  process.exitCode = 1;
}
