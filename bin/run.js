#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { start } from '../dist/cli/start.js';

await start({ root: fileURLToPath(new URL('..', import.meta.url)), sources: 'dist' });
