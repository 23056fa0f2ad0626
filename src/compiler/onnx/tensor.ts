/** ONNX tensors to typed arrays, without a copy where the bytes are aligned. */
import { TensorProto_DataType as DataType, type TensorProto, TensorProto_DataLocation } from 'onnx-buf';
import { UserError } from '../../errors.js';
import type { FloatTensor, FloatTensorData } from '../float-runtime.js';
import { float16Value } from '../float16.js';

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** ONNX names of the element types that og reads. */
export type ElementType = keyof typeof ARRAYS;

const TYPES: Readonly<Record<number, ElementType>> = {
  [DataType.FLOAT]: 'float32',
  [DataType.DOUBLE]: 'float64',
  [DataType.FLOAT16]: 'float16',
  [DataType.INT64]: 'int64',
  [DataType.INT32]: 'int32',
  [DataType.INT16]: 'int16',
  [DataType.INT8]: 'int8',
  [DataType.UINT64]: 'uint64',
  [DataType.UINT32]: 'uint32',
  [DataType.UINT16]: 'uint16',
  [DataType.UINT8]: 'uint8',
  [DataType.BOOL]: 'bool',
};

/** The name of an ONNX element type, or null for one that og does not read (strings, complex numbers, 4 and 8 bit floats). */
export function typeName(dataType: number): ElementType | null {
  return TYPES[dataType] ?? null;
}

/** The element type as messages to people call it. */
export function describeType(dataType: number): string {
  return typeName(dataType) ?? DataType[dataType] ?? `number ${dataType}`;
}

/** An array of `length` zeros for elements of this type. */
export function emptyArray(type: ElementType, length: number): FloatTensorData {
  return new ARRAYS[type](length);
}

function fromRaw(type: ElementType, raw: Uint8Array): FloatTensorData {
  const array = ARRAYS[type];
  const aligned = raw.byteOffset % array.BYTES_PER_ELEMENT === 0 ? raw : new Uint8Array(raw);
  return new array(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    Math.floor(aligned.byteLength / array.BYTES_PER_ELEMENT),
  );
}

/** Small tensors may be stored as lists of numbers, in the list that their type uses. */
function fromLists(type: ElementType, tensor: TensorProto): FloatTensorData {
  switch (type) {
    case 'float32':
      return Float32Array.from(tensor.floatData);
    case 'float64':
      return Float64Array.from(tensor.doubleData);
    case 'int64':
      return BigInt64Array.from(tensor.int64Data);
    case 'uint64':
      return BigUint64Array.from(tensor.uint64Data);
    case 'uint32':
      return Uint32Array.from(tensor.uint64Data, Number);
    default:
      return ARRAYS[type].from(tensor.int32Data);
  }
}

/**
 * Reads a tensor of a file.
 *
 * @param where what to call it in an error when it has no name.
 * @throws UserError for external data, element types that og does not read, and a wrong number of elements.
 */
export function decodeTensor(tensor: TensorProto, where: string): FloatTensor {
  const name = tensor.name || where;
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    const location = tensor.externalData.find(({ key }) => key === 'location')?.value ?? 'another file';
    throw new UserError(
      'OG_EXTERNAL_DATA',
      `The tensor "${name}" is not in the ONNX file: its values are in ${location}.`,
      'Put the weights into the file: onnx.save_model(onnx.load(path), out, save_as_external_data=False).',
    );
  }
  const type = typeName(tensor.dataType);
  if (!type)
    throw new UserError(
      'OG_UNSUPPORTED_TYPE',
      `The tensor "${name}" has elements of the type ${describeType(tensor.dataType)}, which og does not read.`,
      'Export the model with float32 weights.',
    );
  const dims = tensor.dims.map(Number);
  if (dims.some((dim) => !(dim >= 0)))
    throw new UserError(
      'OG_BAD_MODEL',
      `The tensor "${name}" has the shape ${dims.join('x')}, and a dimension cannot be negative.`,
      'The file is damaged: fetch or export it again.',
    );
  const data = tensor.rawData.length > 0 ? fromRaw(type, tensor.rawData) : fromLists(type, tensor);
  const expected = dims.reduce((product, dim) => product * dim, 1);
  if (data.length !== expected)
    throw new UserError(
      'OG_BAD_MODEL',
      `The tensor "${name}" has ${data.length} values, and its shape ${dims.join('x') || 'scalar'} needs ${expected}.`,
      'The file is damaged: fetch or export it again.',
    );
  return { type, dims, data };
}

const cache = new WeakMap<FloatTensorData, Float64Array>();

/** The elements in a form that can be looped over once, without a copy where they are plain numbers. */
export function eachNumber(tensor: FloatTensor): ArrayLike<number> {
  const { data, type } = tensor;
  const isPlain = type !== 'float16' && !(data instanceof BigInt64Array) && !(data instanceof BigUint64Array);
  return isPlain ? data : toNumbers(tensor);
}

/** The elements as float64 numbers; converted once, so callers must not write to it. */
export function toNumbers(tensor: FloatTensor): Float64Array {
  if (tensor.data instanceof Float64Array) return tensor.data;
  let numbers = cache.get(tensor.data);
  if (!numbers) {
    const { data } = tensor;
    if (tensor.type === 'float16') numbers = Float64Array.from(data as Uint16Array, float16Value);
    else if (data instanceof BigInt64Array || data instanceof BigUint64Array) numbers = Float64Array.from(data, Number);
    else numbers = new Float64Array(data);
    cache.set(tensor.data, numbers);
  }
  return numbers;
}

/** Whether elements of this type are real numbers, and not whole ones or truth values. */
export const isFloat = (type: string): boolean => type === 'float32' || type === 'float64' || type === 'float16';
