/** og as its users have it: the built command, in a process of its own, in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUN = join(ROOT, 'bin/run.js');
export const fixture = (path: string): string => join(ROOT, 'fixtures', path);

let built: Promise<unknown> | null = null;

/** Builds `dist` once, so that what is tested is what is there. Type errors are the type check's business. */
export function build(): Promise<unknown> {
  built ??= execa('tsc', ['-p', ROOT], { preferLocal: true, localDir: ROOT, reject: false });
  return built;
}

export interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever a command prints
  readonly json: any;
}

/** Somebody with a terminal: a folder to work in, a home for og, and settings in the environment. */
export class Terminal {
  readonly folder = mkdtempSync(join(tmpdir(), 'og-e2e-'));

  constructor(readonly environment: Readonly<Record<string, string>> = {}) {}

  /** The same folder with other settings. */
  with(environment: Readonly<Record<string, string>>): Terminal {
    const other = Object.create(Terminal.prototype) as Terminal;
    return Object.assign(other, { folder: this.folder, environment: { ...this.environment, ...environment } });
  }

  async og(...args: readonly string[]): Promise<Ran> {
    const { exitCode, stdout, stderr } = await this.start(...args);
    return {
      exitCode,
      stdout: stdout as string,
      stderr: stderr as string,
      get json() {
        return JSON.parse(stdout as string);
      },
    };
  }

  /** Starts og and does not wait. */
  start(...args: readonly string[]) {
    return execa(process.execPath, [RUN, ...args], {
      cwd: this.folder,
      reject: false,
      stdin: 'ignore',
      extendEnv: false,
      // Ends what hangs. A devnet lasts as long as its file of tests, which on a busy machine takes minutes.
      timeout: 600_000,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: this.folder,
        OG_HOME: join(this.folder, 'home'),
        OG_KEYSTORE_DIR: join(this.folder, 'keys'),
        NO_COLOR: '1',
        ...this.environment,
      },
    });
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
