import { fromBinary } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import { decodeTensor } from '../../compiler/onnx/tensor.js';
import { UserError } from '../../errors.js';
import type { ElementType, FileTensor } from './tensor.js';

/** Reads a serialised ONNX TensorProto (`.pb`, as in ONNX test data). @param where names the file in an error. */
export function readTensorProto(bytes: Uint8Array, where: string): { tensor: FileTensor; storedName: string | null } {
  try {
    const message = fromBinary(TensorProtoSchema, bytes);
    const { type, dims, data } = decodeTensor(message, where);
    return { tensor: { type: type as ElementType, dims, data }, storedName: message.name || null };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      'OG_BAD_ARRAY',
      `${where} is not an ONNX TensorProto: it is damaged or a file of another kind.`,
    );
  }
}
