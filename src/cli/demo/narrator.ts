import { stripVTControlCharacters } from 'node:util';
import { showCount } from '../amounts.js';
import { out } from '../colour.js';

/** A transaction as it is told: who did what, and what it cost. */
export interface Told {
  readonly who: string;
  readonly what: string;
  readonly gasUsed: bigint;
}

/** Tells the story on stdout as it happens; with `--json`, keeps quiet. */
export class Narrator {
  constructor(private readonly aloud: boolean) {}

  chapter(title: string): void {
    this.line();
    this.line(out.bold.cyan(title));
  }

  line(text = ''): void {
    if (this.aloud) process.stdout.write(`${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(`  ${text}`);
  }

  /** An aside: what is being done for the demonstration's sake. */
  aside(text: string): void {
    this.line(out.dim(`  (${text})`));
  }

  transaction({ who, what, gasUsed }: Told): void {
    this.line(`  ${out.bold(who.padEnd(10))} ${what.padEnd(62)} ${out.dim(`${showCount(gasUsed).padStart(9)} gas`)}`);
  }

  /** Blocks of lines next to each other, each centred on the tallest. */
  beside(...blocks: readonly (readonly string[])[]): void {
    const shown = blocks.filter((block) => block.length > 0);
    const height = Math.max(0, ...shown.map((block) => block.length));
    const widths = shown.map((block) => Math.max(...block.map(visibleLength)));
    for (let row = 0; row < height; row++) {
      const cells = shown.map((block, i) => {
        const text = block[row - Math.floor((height - block.length) / 2)] ?? '';
        return text + ' '.repeat(widths[i]! - visibleLength(text));
      });
      this.line(`  ${cells.join('    ')}`.trimEnd());
    }
  }
}

const visibleLength = (text: string): number => stripVTControlCharacters(text).length;
