/** Makes generated modules run. */
import { encodeModule, type WasmFunction } from './assembler.js';

export interface Memory {
  readonly buffer: ArrayBuffer;
}

/** What is used of the global that every JavaScript engine has; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  Memory: new (pages: { initial: number }) => Memory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: object) => { exports: object };
};

const PAGE_BYTES = 65_536;

/** Zeroed memory of at least this many bytes. @throws RangeError when there is no room. */
export function allocate(bytes: number): Memory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
}

export type Exported = (...parameters: number[]) => number;

/** Compiles and links functions over a memory; they are found by their names. */
export function instantiate(functions: readonly WasmFunction[], memory: Memory): Record<string, Exported> {
  const module = new WebAssembly.Module(encodeModule(functions));
  return new WebAssembly.Instance(module, { og: { memory } }).exports as Record<string, Exported>;
}
