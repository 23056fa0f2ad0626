// Loaded into a Node process with --import: when it ends, it writes the most memory that it had, in bytes, to the file that OG_PEAK_FILE names.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const file = process.env.OG_PEAK_FILE;
delete process.env.OG_PEAK_FILE;

/** Linux hands a parent's maxRSS on to its child; VmHWM is the process's own. */
function peakBytes() {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const own = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  return 1024 * (own === undefined ? process.resourceUsage().maxRSS : Number(own));
}

if (file) process.on('exit', () => writeFileSync(file, `${peakBytes()}`));
