/**
 * Compiles the contracts and writes what the client needs of them to src/chain/generated/contracts.ts: their ABIs as types
 * and the deployment's creation code. Run it after any change to contracts/src; forge's cache makes an unchanged run cheap, and
 * an unchanged result is not written again.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { forgeBinary } from './forge-binary.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'contracts/src');
const OUT = join(ROOT, 'contracts/out');
const TARGET = join(ROOT, 'src/chain/generated/contracts.ts');

/** Exported name and its interface; the contract of the same name is taken as well, once it exists. */
const CONTRACTS = {
  Deployment: null,
  Jobs: 'IJobs',
  Matches: 'IMatches',
  ModelRegistry: 'IModelRegistry',
  StepVerifier: 'IStepVerifier',
  Inputs: 'IInputs',
  Refunds: 'IRefunds',
} as const;

interface AbiItem {
  type: string;
  name?: string;
  inputs?: { type: string; components?: AbiItem['inputs'] }[];
}

interface Artifact {
  abi: AbiItem[];
  bytecode: { object: string; linkReferences: Record<string, unknown> };
}

function artifact(file: string, name: string): Artifact | null {
  const path = join(OUT, `${file}.sol`, `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Artifact) : null;
}

/** Compiler-internal names are of no use to a caller. */
function withoutInternalTypes<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (key, field: unknown) => (key === 'internalType' ? undefined : field))) as T;
}

function signature(item: AbiItem): string {
  const typeOf = (input: NonNullable<AbiItem['inputs']>[number]): string =>
    input.components ? `${input.type}(${input.components.map(typeOf).join(',')})` : input.type;
  return `${item.type} ${item.name ?? ''}(${(item.inputs ?? []).map(typeOf).join(',')})`;
}

function union(...abis: readonly AbiItem[][]): AbiItem[] {
  const bySignature = new Map(abis.flat().map((item) => [signature(item), withoutInternalTypes(item)]));
  return [...bySignature.entries()].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, item]) => item);
}

/** Every error that any source can revert with, so that an inner contract's revert can be read as well. */
function allErrors(): AbiItem[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sol'));
  const folders = new Set(files.map((file) => join(OUT, file.split(/[\\/]/).at(-1) as string)).filter(existsSync));
  const artifacts = [...folders].flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
  const abis = artifacts.map((path) => (JSON.parse(readFileSync(path, 'utf8')) as Artifact).abi);
  return union(...abis).filter((item) => item.type === 'error');
}

function creationCode(name: 'Deployment' | 'StepVerifier'): string {
  const contract = artifact(name, name);
  if (!contract) throw new Error(`forge has built no ${name}.`);
  const unlinked = Object.keys(contract.bytecode.linkReferences);
  if (unlinked.length > 0) throw new Error(`${name} must not need linking, but refers to ${unlinked.join(', ')}.`);
  return contract.bytecode.object;
}

function generated(): string {
  const abis = Object.entries(CONTRACTS).map(([name, interfaceName]) => {
    const own = artifact(name, name)?.abi ?? [];
    const declared = interfaceName ? (artifact(interfaceName, interfaceName)?.abi ?? []) : [];
    return [name, union(own, declared)] as const;
  });
  return [
    '// Written by tools/build-contracts.ts from contracts/src. Do not edit.',
    ...abis.map(([name, abi]) => `const ${name} = ${JSON.stringify(abi, null, 1)} as const;`),
    `export const abis = { ${Object.keys(CONTRACTS).join(', ')} } as const;`,
    `export const errorsAbi = ${JSON.stringify(allErrors(), null, 1)} as const;`,
    '/** Creation code of Deployment, without its constructor arguments. */',
    `export const deploymentBytecode: \`0x\${string}\` = '${creationCode('Deployment')}';`,
    '/** Creation code of StepVerifier, which has no constructor arguments. */',
    `export const verifierBytecode: \`0x\${string}\` = '${creationCode('StepVerifier')}';`,
    '',
  ].join('\n');
}

await execa(forgeBinary(), ['build', '--skip', 'test', '--skip', 'script'], { cwd: ROOT, stdio: 'inherit' });
const text = generated();
const unchanged = existsSync(TARGET) && readFileSync(TARGET, 'utf8') === text;
if (!unchanged) {
  mkdirSync(dirname(TARGET), { recursive: true });
  writeFileSync(TARGET, text);
}
process.stderr.write(`${TARGET} ${unchanged ? 'is up to date' : 'written'}\n`);
