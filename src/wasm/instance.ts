/** Makes generated modules run. */
import { encodeModule, type WasmFunction } from './assembler.js';

export interface Memory {
  readonly buffer: ArrayBuffer;
}

/** A compiled module; it may be sent to other threads. */
export type Module = object;

/** What is used of the global that every JavaScript engine has; Node's types leave it to those of browsers. */
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum?: number; shared?: boolean }) => Memory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => Module;
  Instance: new (module: Module, imports: object) => { exports: object };
};

const PAGE_BYTES = 65_536;

/** Zeroed memory of at least this many bytes. @param shared between threads. @throws RangeError when there is no room. */
export function allocate(bytes: number, shared = false): Memory {
  const initial = Math.ceil(bytes / PAGE_BYTES);
  return new WebAssembly.Memory(shared ? { initial, maximum: initial, shared } : { initial });
}

export type Exported = (...parameters: number[]) => number;

/** @param shared whether the memory that the module will be given is. */
export function compileModule(functions: readonly WasmFunction[], memoryBytes: number, shared: boolean): Module {
  return new WebAssembly.Module(encodeModule(functions, shared ? Math.ceil(memoryBytes / PAGE_BYTES) : null));
}

/** The module's functions over a memory, by their names. */
export function link(module: Module, memory: Memory): Record<string, Exported> {
  return new WebAssembly.Instance(module, { og: { memory } }).exports as Record<string, Exported>;
}

/** Compiles and links functions over a memory that is not shared. */
export function instantiate(functions: readonly WasmFunction[], memory: Memory): Record<string, Exported> {
  return link(compileModule(functions, memory.buffer.byteLength, false), memory);
}
