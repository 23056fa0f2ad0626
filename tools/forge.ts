/** `tsx tools/forge.ts <arguments>`: forge, with its exit code. */
import { execa } from 'execa';
import { forgeBinary } from './forge-binary.js';

const { exitCode } = await execa(forgeBinary(), process.argv.slice(2), { stdio: 'inherit', reject: false });
process.exitCode = exitCode ?? 1;
