/** A daemon of og in a process of its own, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Line {
  readonly decision: string;
  readonly level: string;
  readonly job: number | null;
}

export class Daemon {
  kills = 0;
  /** Lines by decision. */
  readonly said = new Map<string, number>();
  private child: ChildProcess | null = null;
  private readonly log: WriteStream;
  private readonly stopped = new Set<number>();

  constructor(
    readonly name: string,
    private readonly args: readonly string[],
    private readonly environment: Readonly<Record<string, string>>,
    logFile: string,
  ) {
    this.log = createWriteStream(logFile);
  }

  start(): void {
    const child = spawn(process.execPath, [`${ROOT}bin/run.js`, ...this.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], NO_COLOR: '1', ...this.environment },
    });
    this.child = child;
    child.stderr.on('data', (chunk: Buffer) => this.note(chunk.toString().trimEnd()));
    createInterface({ input: child.stdout }).on('line', (text) => {
      this.log.write(`${text}\n`);
      try {
        const { decision } = JSON.parse(text) as Line;
        this.said.set(decision, (this.said.get(decision) ?? 0) + 1);
      } catch {
        // half a line: it was killed while it wrote
      }
    });
    // It must not end by itself; if it does, it is started again, as a supervisor would.
    child.once('exit', (code) => {
      this.note(`ended: ${code ?? 'killed'}`);
      if (this.child === child) setTimeout(() => this.child === child && this.start(), 1_000);
    });
  }

  killAndStart(): void {
    this.kills++;
    this.note('kill -9');
    this.end();
    this.start();
  }

  /** Stops one of its runs in the middle: it does not answer, and does not end. */
  hangARun(): boolean {
    const [pid] = this.children();
    if (pid === undefined) return false;
    signal(pid, 'SIGSTOP');
    this.stopped.add(pid);
    return true;
  }

  end(): void {
    const { child } = this;
    this.child = null;
    child?.kill('SIGKILL');
    for (const pid of this.stopped) signal(pid, 'SIGCONT'); // so that it sees that its parent is gone
    this.stopped.clear();
  }

  private note(text: string): void {
    this.log.write(`-- ${new Date().toISOString()} ${text}\n`);
  }

  private children(): number[] {
    const pid = this.child?.pid;
    if (pid === undefined) return [];
    try {
      return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended
  }
}
