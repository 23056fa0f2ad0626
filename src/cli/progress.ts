import { err } from './colour.js';

/** Lines on stderr that say what is being done, so that a wait is never silent. */
export class Progress {
  constructor(private readonly wanted: boolean) {}

  /** @param text a present participle and its object: "compiling digits.onnx". */
  note(text: string): void {
    if (this.wanted) process.stderr.write(`${err.dim(`· ${text}`)}\n`);
  }

  /** Something the person should know although the command goes on. */
  warn(text: string): void {
    process.stderr.write(`${err.yellow('Warning:')} ${text}\n`);
  }
}
