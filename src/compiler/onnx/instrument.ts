/** The same model with fixed input shapes and every intermediate tensor among its outputs, to be measured by one run. */
import { clone, create, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema, TensorShapeProtoSchema, type ValueInfoProto, ValueInfoProtoSchema } from 'onnx-buf';
import type { OnnxModel } from './graph.js';

function withShape(info: ValueInfoProto, shape: readonly number[] | undefined): ValueInfoProto {
  if (!shape) return info;
  const fixed = clone(ValueInfoProtoSchema, info);
  if (fixed.type?.value.case === 'tensorType')
    fixed.type.value.value.shape = create(TensorShapeProtoSchema, {
      dim: shape.map((dim) => ({ value: { case: 'dimValue' as const, value: BigInt(dim) } })),
    });
  return fixed;
}

/** Declared output shapes may hold symbols that the fixed inputs contradict; the runtime infers them anew. */
function withoutShape(info: ValueInfoProto): ValueInfoProto {
  if (info.type?.value.case !== 'tensorType') return info;
  const { elemType } = info.type.value.value;
  return create(ValueInfoProtoSchema, {
    name: info.name,
    type: { value: { case: 'tensorType', value: { elemType } } },
  });
}

/**
 * Encodes the model again for the float runtime.
 *
 * @param shapes the shape of every graph input by name.
 * @param fetch tensors that become outputs as well.
 */
export function instrument(
  model: OnnxModel,
  shapes: Readonly<Record<string, readonly number[]>>,
  fetch: readonly string[],
): Uint8Array {
  const { proto, graphProto } = model;
  const declared = new Set(graphProto.output.map(({ name }) => name));
  const added = fetch.filter((name) => !declared.has(name)).map((name) => create(ValueInfoProtoSchema, { name }));
  const graph = {
    ...graphProto,
    input: graphProto.input.map((info) => withShape(info, shapes[info.name])),
    output: [...graphProto.output.map(withoutShape), ...added],
    valueInfo: [],
  };
  return toBinary(ModelProtoSchema, { ...proto, graph });
}
