/** A child process that runs one inference after the other, and ends with its parent. */
import { writeFileSync } from 'node:fs';
import { Store } from '../store/store.js';
import { type ChildSettings, type FromChild, plainError, type RunRequest } from './messages.js';
import { ModelRunner } from './model-runner.js';

const settings = JSON.parse(process.argv[2] ?? '{}') as ChildSettings;
const runner = new ModelRunner(new Store(settings.folder), settings);
const say = (message: FromChild): void => void process.send?.(message);

process.on('SIGINT', () => undefined); // Ctrl-C is the parent's to answer
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', async ({ modelId, places, input, whole }: RunRequest) => {
  try {
    const loaded = await runner.load(modelId, places, () => say({ kind: 'downloading' }));
    say({ kind: 'loaded' });
    const { answer, slots } = await runner.run(loaded, input);
    say({ kind: 'done', result: { answer, slots: whole ? slots : null } });
  } catch (error) {
    say({ kind: 'refused', error: plainError(error) });
  }
});
preferToBeKilled();

/** Where memory runs out, Linux is to end this process rather than the one with the bonds. */
function preferToBeKilled(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // not Linux, or not allowed
  }
}
