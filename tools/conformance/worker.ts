/** A child process that runs the cases it is sent, one at a time, so that a case that dies takes nothing else with it. */
import { runCase } from './run-case.js';

process.on('message', ({ root, name }: { root: string; name: string }) => {
  void runCase(root, name).then((outcome) => process.send?.(outcome));
});
process.on('disconnect', () => process.exit());
