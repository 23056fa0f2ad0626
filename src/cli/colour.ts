/** The only importer of chalk. */
import { Chalk, type ChalkInstance, supportsColor, supportsColorStderr } from 'chalk';

/** https://no-color.org: any non-empty value turns colour off. */
function level(detected: { level: number } | false): 0 | 1 | 2 | 3 {
  if (process.env.NO_COLOR) return 0;
  return (detected ? detected.level : 0) as 0 | 1 | 2 | 3;
}

/** Styles for stdout: results. */
export const out: ChalkInstance = new Chalk({ level: level(supportsColor) });
/** Styles for stderr: progress and errors. */
export const err: ChalkInstance = new Chalk({ level: level(supportsColorStderr) });
