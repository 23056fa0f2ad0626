/** Finds ONNX-style test cases: a folder with `model.onnx` and `test_data_set_k` folders. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { TensorProtoSchema } from 'onnx-buf';
import type { FloatTensor } from '../../src/compiler/float-runtime.js';
import { decodeTensor } from '../../src/compiler/onnx/tensor.js';

/** Every folder below `root` that holds a model.onnx, as paths below it, sorted. */
export function findCases(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    const entries = readdirSync(folder, { withFileTypes: true });
    if (entries.some((entry) => entry.name === 'model.onnx')) found.push(relative(root, folder) || '.');
    for (const entry of entries) if (entry.isDirectory()) visit(join(folder, entry.name));
  };
  visit(root);
  return found.sort();
}

/** One set of inputs with the outputs they must give, in the graph's order. */
export interface DataSet {
  readonly inputs: readonly FloatTensor[];
  readonly outputs: readonly FloatTensor[];
}

function readTensors(folder: string, kind: 'input' | 'output'): FloatTensor[] {
  const positionOf = (file: string): number => Number(new RegExp(`^${kind}_(\\d+)\\.pb$`).exec(file)?.[1] ?? -1);
  return readdirSync(folder)
    .filter((file) => positionOf(file) >= 0)
    .sort((a, b) => positionOf(a) - positionOf(b))
    .map((file) => decodeTensor(fromBinary(TensorProtoSchema, readFileSync(join(folder, file))), file));
}

/** @throws UserError when a file holds no tensor, or one of a type that og does not read. */
export function readDataSets(caseFolder: string): DataSet[] {
  return readdirSync(caseFolder)
    .filter((name) => /^test_data_set_\d+$/.test(name))
    .sort()
    .map((name) => join(caseFolder, name))
    .map((folder) => ({ inputs: readTensors(folder, 'input'), outputs: readTensors(folder, 'output') }));
}
