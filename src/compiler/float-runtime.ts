/**
 * What the compiler needs of a runtime for the original float model: it measures ranges and fidelity with it. The compiler
 * knows only this interface; `src/executor/float.ts` implements it with ONNX Runtime.
 */

/** ONNX names of the element types that a model's inputs and outputs may have. */
export type FloatTensorType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool';

/** Elements in row-major order. float16 is stored as its bits (Uint16Array), bool as 0 and 1 (Uint8Array). */
export type FloatTensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

export interface FloatTensor {
  readonly type: FloatTensorType;
  readonly dims: number[];
  readonly data: FloatTensorData;
}

export interface FloatSession {
  /** Names of the graph's inputs and outputs, in the model's order. */
  readonly inputs: string[];
  readonly outputs: string[];
  /** Runs the model; `fetch` names graph outputs and defaults to all of them. Throws UserError when the runtime refuses. */
  run(feeds: Record<string, FloatTensor>, fetch?: string[]): Promise<Record<string, FloatTensor>>;
  close(): Promise<void>;
}

export interface FloatRuntimeOptions {
  /** Off by default, so that every value is what the node as written computes. */
  readonly optimize?: boolean;
}

export interface FloatRuntime {
  /**
   * Opens a serialised ONNX model. Intermediate tensors can be fetched when the caller has added them to the graph's outputs.
   * Throws UserError when the runtime refuses the model.
   */
  open(modelBytes: Uint8Array, options?: FloatRuntimeOptions): Promise<FloatSession>;
}
