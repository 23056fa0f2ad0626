/** A child process that runs the cases it is sent, one at a time, so that a case that dies takes nothing else with it. */
import { answerTasks } from '../child-processes.js';
import { runCase } from './run-case.js';

answerTasks(({ root, name }: { root: string; name: string }) => runCase(root, name));
