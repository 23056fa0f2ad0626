/** Collects the steps and constants of a program. */
import type { Constant, Program } from '../../program/program.js';
import { rangeOf } from '../../program/range.js';
import { type Operand, type Origin, type Source, type Step, scalar, widthFor } from '../../program/step.js';
import { canonicalNest } from './canonical.js';
import type { Nest } from './nest.js';
import { checkReach } from './reach.js';

/** A step as lowerings write it; what is left out is the neutral choice. */
export interface StepSpec {
  readonly nest: Nest;
  readonly combine?: Step['combine'];
  readonly reduce?: Step['reduce'];
  readonly a: Operand;
  readonly b?: Operand;
  readonly c?: Operand;
  readonly mult?: Operand;
  readonly add?: Operand;
  readonly index?: Step['index'];
  readonly shift?: number;
  readonly post?: Step['post'];
  readonly lo: number;
  readonly hi: number;
  readonly lookup?: Step['lookup'];
  readonly width: Step['width'];
}

export class ProgramBuilder {
  readonly steps: Step[] = [];
  readonly constants: Constant[] = [];
  private readonly constantsByKey = new Map<string, number[]>();
  private readonly names = new Map<string, number>();

  private uniqueName(name: string): string {
    const count = (this.names.get(name) ?? 0) + 1;
    this.names.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  }

  /** Adds a constant, or finds the one that holds the same integers. */
  constant(name: string, data: Int32Array): Source {
    const range = rangeOf(data);
    let checksum = 0;
    for (let i = 0; i < data.length; i++) checksum = (Math.imul(checksum, 31) + data[i]!) | 0;
    const key = `${data.length}:${checksum}`;
    const candidates = this.constantsByKey.get(key) ?? [];
    const same = candidates.find((index) => this.constants[index]!.data.every((x, i) => x === data[i]));
    if (same !== undefined) return { kind: 'constant', index: same };
    const index = this.constants.length;
    this.constants.push({ name: this.uniqueName(name), width: widthFor(range.lo, range.hi), data });
    this.constantsByKey.set(key, [...candidates, index]);
    return { kind: 'constant', index };
  }

  /**
   * Adds a step.
   *
   * @returns the slot of its output: row-major over the nest's output dimensions.
   * @throws UserError naming the node when a number of the step is beyond what one can hold.
   */
  step(name: string, origin: Origin, spec: StepSpec): Source {
    const { nest, ...fields } = spec;
    const reducesNothing = nest.redDims.length === 0;
    const step = canonicalNest({
      name: this.uniqueName(name),
      origin,
      outDims: nest.outDims.length === 0 ? [1] : nest.outDims,
      redDims: nest.redDims,
      combine: 'first',
      reduce: 'none',
      b: scalar(1),
      c: scalar(1),
      mult: scalar(1),
      add: scalar(0),
      index: { stride: 0, extent: 0 },
      shift: 0,
      post: 'none',
      lookup: null,
      ...(nest.outDims.length === 0 ? mapScalars(fields) : fields),
    } as Step);
    checkReach(step);
    const isFold = step.reduce === 'sum' || step.reduce === 'max' || step.reduce === 'min';
    const isPlain = step.redDims.length === 0 && isFold;
    this.steps.push(isPlain || (reducesNothing && isFold) ? { ...step, reduce: 'none' } : step);
    return { kind: 'slot', index: this.steps.length };
  }

  program(layouts: Pick<Program, 'input' | 'inputs' | 'outputs'>): Program {
    return { ...layouts, steps: this.steps, constants: this.constants };
  }
}

/** A nest without output loops gets one of one iteration: every view, a coefficient for it. */
function mapScalars<T extends object>(fields: T): T {
  const isOperand = (value: unknown): value is Operand =>
    typeof value === 'object' && value !== null && 'view' in value && 'source' in value;
  const widen = (operand: Operand): Operand =>
    operand.source.kind === 'none'
      ? operand
      : {
          ...operand,
          view: {
            ...operand.view,
            coefs: [0, ...operand.view.coefs],
            axes: operand.view.axes.map((axis) => ({ ...axis, coefs: [0, ...axis.coefs] })),
          },
        };
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, isOperand(value) ? widen(value) : value]),
  ) as T;
}
