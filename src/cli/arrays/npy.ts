import { parse } from 'npyjs';
import type { FloatTensorData } from '../../compiler/float-runtime.js';
import { UserError } from '../../errors.js';
import { elementCount } from '../../program/step.js';
import type { ElementType, FileTensor } from './tensor.js';

const TYPES: Readonly<Record<string, ElementType>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
};

/** Reads a NumPy `.npy` file. @param where names the file in an error. */
export function readNpy(bytes: Uint8Array, where: string): FileTensor {
  const array = parsed(bytes, where);
  const type = TYPES[array.dtype];
  if (!type) {
    throw new UserError(
      'OG_BAD_ARRAY',
      `${where} holds elements of the type "${array.dtype}", which og cannot read.`,
      `Save it as one of ${Object.keys(TYPES).join(', ')}: numpy.save(file, x.astype("f4")).`,
    );
  }
  const data = (
    type === 'bool' ? Uint8Array.from(array.data as unknown as boolean[], Number) : array.data
  ) as FloatTensorData;
  const count = elementCount(array.shape);
  if (data.length !== count) {
    throw new UserError('OG_BAD_ARRAY', `${where} is damaged: it says ${count} elements and holds ${data.length}.`);
  }
  return { type, dims: array.shape, data: array.fortranOrder ? rowMajor(data, array.shape) : data };
}

function parsed(bytes: Uint8Array, where: string): ReturnType<typeof parse> {
  try {
    // A copy: the elements must start at an address that their size divides.
    return parse(Uint8Array.from(bytes).buffer, { convertFloat16: false });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('OG_BAD_ARRAY', `${where} is not a NumPy array that og can read: ${reason}.`);
  }
}

/** Reorders column-major elements (`fortran_order`). */
function rowMajor(data: FloatTensorData, dims: readonly number[]): FloatTensorData {
  const result = data.slice();
  const index = dims.map(() => 0);
  for (let position = 0; position < data.length; position++) {
    let from = 0;
    for (let axis = dims.length - 1; axis >= 0; axis--) from = from * dims[axis]! + index[axis]!;
    result[position] = data[from]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < dims[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}
