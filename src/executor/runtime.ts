/** The only import of ONNX Runtime. It is loaded when first needed: it is large, and some installations lack it. */
import { UserError } from '../errors.js';

export type Runtime = typeof import('onnxruntime-node');
export type RuntimeSession = import('onnxruntime-node').InferenceSession;
export type RuntimeTensor = import('onnxruntime-node').Tensor;

let loading: Promise<Runtime> | null = null;

export function loadRuntime(): Promise<Runtime> {
  loading ??= import('onnxruntime-node').then(
    (module) => (module as unknown as { default?: Runtime }).default ?? module,
    (cause: unknown) => {
      loading = null;
      throw new UserError(
        'OG_NO_RUNTIME',
        `ONNX Runtime (the package onnxruntime-node) could not be loaded: ${sentenceOf(cause)}`,
        'Install it again with: npm install onnxruntime-node --onnxruntime-node-install=skip',
        { cause },
      );
    },
  );
  return loading;
}

export interface SessionOptions {
  /** Threads inside an operator; all cores unless told. */
  readonly threads?: number | undefined;
  /** How far ONNX Runtime may rewrite the graph; not at all unless told. */
  readonly optimize?: 'basic' | 'all' | undefined;
  /** Whether threads wait for work without giving up their core, as they do unless told; each session has threads of its own. */
  readonly spin?: boolean | undefined;
}

/** Opens a model; what ONNX Runtime throws is passed on. */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<RuntimeSession> {
  const { InferenceSession } = await loadRuntime();
  return InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: options.optimize ?? 'disabled',
    interOpNumThreads: 1,
    ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
    ...(options.spin === false ? { extra: { session: { intra_op: { allow_spinning: '0' } } } } : {}),
    logSeverityLevel: 4, // errors are thrown, and told once
  });
}

/** What ONNX Runtime says, without file positions and status codes. */
export function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const status = /Status Message: (.*)$/s.exec(message)?.[1] ?? message;
  const line = status
    .split('\n')
    .map((text) => text.trim())
    .filter((text) => text !== '')[0];
  const trimmed = (line ?? 'no reason was given')
    .replace(/^Error: /, '')
    .replace(/^(Load model from \S+ failed|Failed to load model[^:]*|Exception during initialization): ?/i, '')
    .replace(/^This is an invalid model\. .* , Error /, 'This is an invalid model: ')
    .replace(/^\S+\.(cc|h):\d+ .* was false\. ?/, '')
    .replace(/^\S+\.(cc|h):\d+ .*\) (?=\S)/, '')
    .replace(/^\S+\.(cc|h):\d+ \w+ /, '');
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** The name of the node that failed, where the message has one. */
export function nodeOf(error: unknown): { op: string; name: string } | null {
  const message = error instanceof Error ? error.message : String(error);
  const running = /running (\S+) node\. Name:'([^']*)'/.exec(message);
  if (running) return { op: running[1]!, name: running[2]! };
  const missing = /implementation for (\S+) node with name '([^']*)'/.exec(message);
  return missing ? { op: missing[1]!, name: missing[2]! } : null;
}
