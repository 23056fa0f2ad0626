// The ONNX Runtime that this process is to use: onnxruntime-node, or onnxruntime-web (WebAssembly, one thread) in its place wherever
// onnxruntime-node is imported.
import * as modules from 'node:module';

const substitute = new URL('./web-runtime.mjs', import.meta.url).href;

/** Call before anything imports ONNX Runtime. */
export function useRuntime(name) {
  if (name === 'onnxruntime-node') return;
  if (name !== 'onnxruntime-web') throw new Error(`There is no runtime ${name}.`);
  // Newer versions of Node deprecate the one and Node 20 lacks the other.
  if (modules.registerHooks)
    modules.registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'onnxruntime-node' ? { url: substitute, shortCircuit: true } : next(specifier, context),
    });
  else {
    const hook = `export const resolve = (specifier, context, next) =>
      specifier === 'onnxruntime-node' ? { url: ${JSON.stringify(substitute)}, shortCircuit: true } : next(specifier, context);`;
    modules.register(`data:text/javascript,${encodeURIComponent(hook)}`);
  }
}
