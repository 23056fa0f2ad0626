/** Inputs that the user fixes to a value: they are constants of the program then. */
import { UserError } from '../errors.js';
import type { FloatTensor } from './float-runtime.js';
import { float16Bits } from './float16.js';
import type { GraphInput } from './onnx/graph.js';
import { emptyArray, isFloat } from './onnx/tensor.js';
import { fixShapes, type Shapes } from './shapes.js';

/** Numbers by input name: all elements in row-major order, or one for all of them. */
export type InputValues = Readonly<Record<string, readonly number[]>>;

const fail = (reason: string, hint: string): never => {
  throw new UserError('OG_BAD_INPUT_VALUE', reason, hint);
};

function tensorOf({ name, type }: GraphInput, shape: readonly number[], values: readonly number[]): FloatTensor {
  const length = shape.reduce((product, dim) => product * dim, 1);
  const dims = shape.join('x') || 'scalar';
  if (values.length !== 1 && values.length !== length)
    fail(
      `The value given for "${name}" has ${values.length} elements; the input is ${type} ${dims}.`,
      `Give ${length}, or one for all of them: --input-value ${name}=<value>.`,
    );
  const wrong = isFloat(type) ? undefined : values.find((value) => !Number.isSafeInteger(value));
  if (wrong !== undefined) fail(`The input "${name}" is ${type}, and ${wrong} is not.`, 'Give whole numbers.');
  const data = emptyArray(type, length);
  for (let i = 0; i < length; i++) {
    const value = values[values.length === 1 ? 0 : i]!;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value);
    else data[i] = type === 'float16' ? float16Bits(value) : value;
    if (!isFloat(type) && Number(data[i]) !== value)
      fail(`The input "${name}" is ${type}, which does not hold ${value}.`, 'Give a number that fits.');
  }
  return { type, dims: [...shape], data };
}

/** @throws UserError when there is no such input, or the value does not fit it. */
export function inputValues(
  inputs: readonly GraphInput[],
  shapes: Shapes,
  values: InputValues,
): ReadonlyMap<string, FloatTensor> {
  const names = Object.keys(values);
  if (names.length === 0) return new Map();
  const fixed = fixShapes(inputs, shapes, () => {});
  return new Map(
    names.map((name) => {
      const input = inputs.find((each) => each.name === name);
      if (!input)
        return fail(
          `The model has no input "${name}" to fix.`,
          `Its inputs are: ${inputs.map((each) => each.name).join(', ')}.`,
        );
      return [name, tensorOf(input, fixed[name]!, values[name]!)];
    }),
  );
}
