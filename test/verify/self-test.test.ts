import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commitModel } from '../../src/commit/model.js';
import { traceSource } from '../../src/dispute/trace.js';
import { checkProgram } from '../../src/program/check.js';
import { evaluate } from '../../src/program/evaluate.js';
import {
  KNOWN_TRACE_ROOT,
  requireExactArithmetic,
  selfTestInput,
  selfTestProgram,
} from '../../src/verify/self-test.js';

test('the known trace root is that of the reference evaluator, and the executor computes it', async () => {
  const program = selfTestProgram();
  checkProgram(program);
  const slots = evaluate(program, selfTestInput());
  assert.is(traceSource(commitModel(program), slots).answer.traceRoot, KNOWN_TRACE_ROOT);
  assert.ok(new Set(slots.at(-1)).size > 20, 'the results are many');
  await requireExactArithmetic();
});

test.run();
