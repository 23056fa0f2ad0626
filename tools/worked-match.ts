/** `npm run docs:match`: writes docs/worked-match.md. */
import { writeFileSync } from 'node:fs';
import { workedMatchPage } from './worked-match-page.js';

writeFileSync('docs/worked-match.md', workedMatchPage());
