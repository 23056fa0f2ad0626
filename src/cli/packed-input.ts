import type { Program } from '../program/program.js';
import { readInputs } from './arrays/inputs.js';
import { values } from './arrays/tensor.js';

/** Slot 0 from the `--input` flags of a command. */
export async function packedInput(program: Program, flags: readonly string[]): Promise<Int32Array> {
  const { packInputs } = await import('../program/layout.js');
  const given = readInputs(flags, program.inputs);
  const tensors = [...given].map(([name, { tensor }]) => [name, { shape: tensor.dims, data: values(tensor) }] as const);
  return packInputs(program, Object.fromEntries(tensors));
}
