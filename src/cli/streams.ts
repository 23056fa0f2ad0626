/**
 * When whoever reads our output goes away (`og jobs | head -1`), there is nobody left to tell: end quietly. A closed stderr
 * only costs progress lines.
 */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(process.exitCode ?? 0);
  });
  process.stderr.on('error', () => {});
}

/** Resolves when everything printed so far has left the process: `process.exit` drops what a pipe has not taken yet. */
export async function flushed(): Promise<void> {
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
