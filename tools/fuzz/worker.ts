/** A child process that tries the mutations it is told of. */
import { answerTasks } from '../child-processes.js';
import { validArtefacts } from './corpus.js';
import { mutation } from './mutation.js';
import type { Outcome, Task } from './outcome.js';
import { tryFile } from './try-file.js';

await validArtefacts();

answerTasks(async ({ seed, index }: Task): Promise<Outcome> => {
  const { kind, bytes } = await mutation(seed, index);
  const started = performance.now();
  const verdict = await tryFile(kind, bytes, index);
  return { index, kind, verdict, milliseconds: Math.round(performance.now() - started) };
});
