import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeStep } from '../../src/program/decode.js';
import { encodeStep } from '../../src/program/encode.js';
import { slotShape } from '../../src/program/program.js';
import { OPERAND_NAMES } from '../../src/program/step.js';
import { randomProgram } from '../helpers/random-program.js';

const aProgram = fc.nat(100_000).map((seed) => randomProgram(seed, { steps: 6, maxElements: 400 }));

test('what is encoded is read back, with the widths of what it reads', () => {
  fc.assert(
    fc.property(aProgram, (program) => {
      for (const step of program.steps) {
        const { step: read, widths, lookupWidth } = decodeStep(encodeStep(program, step));
        const { name, origin, ...encoded } = step;
        assert.equal(read, encoded);
        for (const operand of OPERAND_NAMES) {
          const { source } = step[operand];
          if (source.kind === 'none') assert.is(widths[operand], null);
          if (source.kind === 'slot') assert.is(widths[operand], slotShape(program, source.index).width);
          if (source.kind === 'constant') assert.is(widths[operand], program.constants[source.index]?.width);
        }
        assert.is(lookupWidth, step.lookup ? program.constants[step.lookup.constant]?.width : null);
      }
    }),
    { numRuns: 100 },
  );
});

test('cut off or drawn out, it is refused', () => {
  fc.assert(
    fc.property(aProgram, fc.nat(), (program, cut) => {
      const bytes = encodeStep(program, program.steps[0]!);
      assert.throws(() => decodeStep(bytes.subarray(0, cut % bytes.length)), /encoding of the step/);
      assert.throws(() => decodeStep(Buffer.concat([bytes, Buffer.alloc(1)])), /encoding of the step/);
    }),
  );
});

test('another version, enum or width is refused', () => {
  const program = randomProgram(1, { steps: 1 });
  const bytes = encodeStep(program, program.steps[0]!);
  for (const [at, value] of [
    [0, 2],
    [1, 10],
    [2, 6],
    [3, 3],
    [5, 3],
    [6, 17],
  ] as const)
    assert.throws(() => decodeStep(bytes.with(at, value)), /encoding of the step/);
});

test.run();
