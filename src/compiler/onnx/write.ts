/** Pieces of ONNX files: what the compiler puts into a graph before the float model runs it. */
import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type TensorProto,
  TensorProtoSchema,
} from 'onnx-buf';
import type { FloatTensorType } from '../float-runtime.js';

export const DATA_TYPES: Readonly<Record<FloatTensorType, DataType>> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  float16: DataType.FLOAT16,
  int64: DataType.INT64,
  int32: DataType.INT32,
  int16: DataType.INT16,
  int8: DataType.INT8,
  uint64: DataType.UINT64,
  uint32: DataType.UINT32,
  uint16: DataType.UINT16,
  uint8: DataType.UINT8,
  bool: DataType.BOOL,
};

/** An attribute's value. A number alone is a whole number: ONNX tells the two kinds apart, JavaScript does not. */
export type AttributeValue = number | readonly number[] | string | { readonly float: number };

export function attribute(name: string, value: AttributeValue): AttributeProto {
  const make = (fields: object): AttributeProto => create(AttributeProtoSchema, { name, ...fields });
  if (typeof value === 'number') return make({ type: AttributeType.INT, i: BigInt(value) });
  if (typeof value === 'string') return make({ type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  if ('float' in value) return make({ type: AttributeType.FLOAT, f: value.float });
  return make({ type: AttributeType.INTS, ints: value.map(BigInt) });
}

/** A tensor of whole numbers. */
export function wholeTensor(name: string, dims: readonly number[], values: ArrayLike<number>): TensorProto {
  const int64Data = Array.from(values, (value) => BigInt(value));
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: DataType.INT64, int64Data });
}

/** A tensor of float64 numbers; a Cast gives it the type that is needed. */
export function realTensor(name: string, dims: readonly number[], values: ArrayLike<number>): TensorProto {
  const doubleData = Array.from(values);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: DataType.DOUBLE, doubleData });
}
