// onnxruntime-web with what the executor uses of onnxruntime-node.
import * as web from 'onnxruntime-web';

web.env.wasm.numThreads = 1;

class InferenceSession {
  static async create(model, { extra: _, ...options } = {}) {
    const session = await web.InferenceSession.create(model, { ...options, executionProviders: ['wasm'] });
    return new InferenceSession(session);
  }

  constructor(session) {
    this.session = session;
  }

  get outputNames() {
    return this.session.outputNames;
  }

  /** Fetches may be tensors to write the results into, which onnxruntime-web leaves as they are. */
  async run(feeds, fetches = this.outputNames) {
    const isInto = !Array.isArray(fetches);
    const results = await this.session.run(feeds, isInto ? Object.keys(fetches) : fetches);
    if (isInto) for (const [name, tensor] of Object.entries(fetches)) tensor.data.set(results[name].data);
    return results;
  }

  release() {
    return this.session.release();
  }
}

export default { InferenceSession, Tensor: web.Tensor, env: web.env };
