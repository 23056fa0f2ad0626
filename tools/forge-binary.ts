/**
 * Where forge itself is. Its npm launcher (`node_modules/.bin/forge`) ends with 0 whatever forge ended with, so nothing that
 * relies on the exit code may go through it.
 */
import { createRequire } from 'node:module';

export function forgeBinary(): string {
  const platform = process.platform;
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const file = platform === 'win32' ? 'forge.exe' : 'forge';
  try {
    return createRequire(import.meta.url).resolve(`@foundry-rs/forge-${platform}-${arch}/bin/${file}`);
  } catch {
    throw new Error(`@foundry-rs/forge has no binary for ${platform} on ${process.arch} here. Run npm ci.`);
  }
}
