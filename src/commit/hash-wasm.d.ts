/** One algorithm of hash-wasm: its main file holds all of them, and takes forty milliseconds longer to load. */
declare module 'hash-wasm/dist/keccak.umd.min.js' {
  import type { createKeccak } from 'hash-wasm';

  const algorithm: { readonly createKeccak: typeof createKeccak };
  export default algorithm;
}
