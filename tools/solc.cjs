#!/usr/bin/env node
// What forge needs of a solc binary, answered by the npm package: `--version` and `--standard-json`.
'use strict';
const fs = require('node:fs');

const args = process.argv.slice(2);
if (args.includes('--version')) {
  const { version } = require('solc/package.json');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else if (args.includes('--standard-json')) {
  const solc = require('solc');
  process.removeAllListeners('uncaughtException'); // solc's WebAssembly module installs one that hides errors
  process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8')));
} else {
  process.stderr.write('tools/solc.cjs answers --version and --standard-json only\n');
  process.exitCode = 1;
}
