import { packInputs } from '../program/layout.js';
import type { Program } from '../program/program.js';
import { toNumbers } from './onnx/tensor.js';
import type { FloatSample } from './samples.js';

/** A sample of the float model as slot 0. Inputs that are frozen are not inputs of the program and are left out. */
export function packSample(program: Program, sample: FloatSample): Int32Array {
  const inputs = program.inputs.flatMap(({ name }) => {
    const tensor = sample[name];
    return tensor ? [[name, { shape: tensor.dims, data: toNumbers(tensor) }] as const] : [];
  });
  return packInputs(program, Object.fromEntries(inputs));
}
