import { OgCommand } from '../cli/base.js';
import { queueFlag } from '../cli/daemon.js';
import { accountFlags, chainFlags, modelsFlag } from '../cli/flags.js';
import type { Json } from '../cli/json.js';
import { prose } from '../cli/prose.js';

export default class Doctor extends OgCommand {
  static override summary = 'Check everything that a worker or a watchtower needs, and say what to do about it.';
  static override description = prose`
    Looks at the node and its chain, the contracts, this machine's clock, the account and its balance, the models, the queue
    when one is named, and whether this machine's arithmetic is exact. Sends nothing. Exit code 2 when something is wrong.`;
  static override examples = [
    '<%= config.bin %> doctor --account watchtower',
    '<%= config.bin %> doctor --model digits.og --json',
  ];
  static override flags = {
    ...chainFlags,
    ...accountFlags,
    model: modelsFlag({ summary: 'A model that must be ready; all that are on this machine when left out.' }),
    queue: queueFlag({ summary: 'A queue of runners that must be ready.' }),
  };

  async run(): Promise<Json> {
    const { flags } = await this.parse(Doctor);
    const { examine } = await import('../cli/doctor.js');
    const findings = await examine(flags);
    for (const { check, result, detail, todo } of findings) {
      this.say(`${result.padEnd(8)}${check.padEnd(12)}${detail}`);
      if (todo) this.say(`${' '.repeat(20)}${todo}`);
    }
    const ok = findings.every(({ result }) => result === 'ok');
    if (!ok) this.endWith(2);
    return { ok, findings: findings as unknown as Json };
  }
}
