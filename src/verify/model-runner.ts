/** Runs inferences in this process: what a child process does. */
import type { Hash } from '../commit/hash.js';
import { runTrace, type TraceSource } from '../dispute/trace.js';
import { Executor } from '../executor/executor.js';
import { obtainModel } from '../store/fetch.js';
import type { Model, Store } from '../store/store.js';
import { requireWithinLimits, type WorkLimits } from './limits.js';
import { requireEvaluatorAgrees } from './spot-check.js';

export interface RunnerOptions {
  /** Threads of ONNX Runtime; all cores when left out. */
  readonly threads?: number;
  readonly limits?: WorkLimits;
  /** Whether places of artefacts may be files of this machine: on a devnet only. */
  readonly trustsPlaces?: boolean;
}

interface Loaded {
  readonly model: Model;
  readonly executor: Executor;
}

/** Models whose sessions are kept open. */
const OPEN_MODELS = 2;

export class ModelRunner {
  private readonly models = new Map<Hash, Loaded>();

  constructor(
    private readonly store: Store,
    private readonly options: RunnerOptions = {},
  ) {}

  /**
   * Has the model ready.
   *
   * @param onDownload is called when the store does not have it.
   * @throws UserError when its artefact cannot be had, is not legal, or is too large to be run.
   */
  async load(modelId: Hash, places: readonly string[], onDownload: () => void = () => undefined): Promise<Loaded> {
    const known = this.models.get(modelId);
    if (known) return known;
    const stranger = this.options.trustsPlaces !== true;
    let model = await this.store.model(modelId).catch(() => null);
    if (!model) {
      onDownload();
      model = await obtainModel(this.store, modelId, places, { stranger });
    }
    requireWithinLimits(model.commitment.program, this.options.limits);
    const { threads } = this.options;
    const executor = await Executor.load(model.commitment.program, threads === undefined ? {} : { threads });
    const loaded = { model, executor };
    this.models.set(modelId, loaded);
    const [oldest] = this.models;
    if (oldest && this.models.size > OPEN_MODELS) {
      this.models.delete(oldest[0]);
      await oldest[1].executor.close();
    }
    return loaded;
  }

  /** Runs a model and checks samples of the trace by the reference evaluator. */
  async run({ model, executor }: Loaded, input: Int32Array): Promise<TraceSource> {
    const trace = await runTrace(model.commitment, executor, input);
    requireEvaluatorAgrees(trace);
    return trace;
  }
}
