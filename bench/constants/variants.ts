/** The protocol with one of its constants changed: which places of the sources say it, and how. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { keccakHex } from '../../src/commit/keccak.js';
import { forgeBinary } from '../../tools/forge-binary.js';
import { CHOSEN, type Variant } from './choice.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What a variant is made of: everything that is compiled or run, and nothing that was built. */
const COPIED = [
  'bench',
  'contracts/src',
  'contracts/test/helpers',
  'fixtures',
  'foundry.toml',
  'package.json',
  'src',
  'test/helpers',
  'tools',
  'tsconfig.json',
];

interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

/** What the sources say of a variant, place by place. */
function said({ leafBytes, levels }: Variant): { file: string; text: string }[] {
  const openings = 'contracts/src/libraries/Openings.sol';
  const merkle = 'contracts/src/libraries/Merkle.sol';
  return [
    { file: 'src/commit/tensor.ts', text: `LEAF_BYTES = ${leafBytes};` },
    { file: merkle, text: `LEAF_BYTES = ${leafBytes};` },
    { file: merkle, text: `ZERO_LEAF_HASH = ${keccakHex(new Uint8Array(leafBytes))};` },
    { file: openings, text: `calldatacopy(leaf, data, ${hex(leafBytes)})` },
    { file: openings, text: `keccak256(leaf, ${hex(leafBytes)})` },
    { file: openings, text: `data := add(data, ${hex(leafBytes)})` },
    { file: 'src/program/price.ts', text: `LEVELS_PER_ROUND = ${levels};` },
    { file: 'contracts/src/Matches.sol', text: `LEVELS_PER_ROUND = ${levels};` },
  ];
}

function edits(variant: Variant): Edit[] {
  const now = said(CHOSEN);
  return said(variant).map(({ file, text }, i) => ({ file, from: now[i]!.text, to: text }));
}

function apply(folder: string, { file, from, to }: Edit): void {
  const path = join(folder, file);
  const parts = readFileSync(path, 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`${file} says "${from}" ${parts.length - 1} times, not once.`);
  writeFileSync(path, parts.join(to));
}

/**
 * Runs a script of `bench/constants` in a copy of the sources that has the variant's constants, with its contracts compiled.
 *
 * @returns what the script printed, as JSON.
 */
export async function runVariant<Result>(variant: Variant, script: string): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'og-constants-'));
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    mkdirSync(join(folder, 'src/chain/generated'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const edit of edits(variant)) apply(folder, edit);
    const options = { cwd: folder, stderr: 'inherit' } as const;
    const node = ['--import', 'tsx'];
    await execa(process.execPath, [...node, 'tools/build-contracts.ts'], { ...options, stdout: 'ignore' });
    await execa(forgeBinary(), ['build', 'contracts/test/helpers/OpeningForms.sol'], { ...options, stdout: 'ignore' });
    const { stdout } = await execa(process.execPath, [...node, `bench/constants/${script}`], options);
    return JSON.parse(stdout) as Result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
