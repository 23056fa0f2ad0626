#!/usr/bin/env node
// Runs the sources without building them. oclif's own development mode needs the JavaScript API that TypeScript 7 has not.
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
const { start } = await import('../src/cli/start.ts');
await start({ root: fileURLToPath(new URL('..', import.meta.url)), sources: 'src' });
