/** The end of a step whose sums ONNX Runtime has computed: what it hands over is rounded down, clamped, looked up and stored. */
import type { Step } from '../../program/step.js';
import { WasmFunction } from '../../wasm/assembler.js';
import { emitStore, type Kind, OPS, type Table } from './finish.js';

const ACCUMULATOR_BYTES = 8;

/** A function `name(from, to)` over elements. @param accumulators address of the first element's. @param output address of the first element. */
export function finishKernel(
  name: string,
  step: Step,
  table: Table | null,
  accumulators: number,
  output: number,
): WasmFunction {
  const f = new WasmFunction(name, ['i32', 'i32']);
  const [from, to] = [0, 1];
  const [source, target] = [f.local('i32'), f.local('i32')];
  f.get(from).i32(ACCUMULATOR_BYTES).op('i32.mul').i32(accumulators).op('i32.add').set(source);
  f.get(from).i32(4).op('i32.mul').i32(output).op('i32.add').set(target);
  const scratch = { integer: f.local('i32'), vector: f.local('v128'), number: f.local('f64') };
  const left = f.local('i32');
  f.get(to, from).op('i32.sub').set(left);
  const run = (elements: number, kind: Kind): void => {
    f.get(left).i32(elements).op('i32.ge_s');
    f.when(() => {
      f.repeatWhile(() => {
        for (let i = 0; i < elements; i += kind === 'pair' ? 2 : 1) {
          f.get(source).memory(kind === 'pair' ? 'v128.load' : 'f64.load', ACCUMULATOR_BYTES * i);
          f.op(OPS[kind].floor);
          emitStore(f, kind, step, table, target, 4 * i, scratch);
        }
        f.get(source)
          .i32(ACCUMULATOR_BYTES * elements)
          .op('i32.add')
          .set(source);
        f.get(target)
          .i32(4 * elements)
          .op('i32.add')
          .set(target);
        f.get(left).i32(elements).op('i32.sub').tee(left).i32(elements).op('i32.ge_s');
      });
    });
  };
  run(4, 'pair');
  run(1, 'scalar');
  return f;
}
