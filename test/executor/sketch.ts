/** Programs drawn by hand, in the terms of the operators they stand for: what the executor has ways of its own for. */
import type { Constant, Program } from '../../src/program/program.js';
import {
  type Axis,
  type Combine,
  elementCount,
  INT32_MAX,
  INT32_MIN,
  type Lookup,
  type Operand,
  type Reduce,
  type Source,
  type Step,
  scalar,
  widthFor,
} from '../../src/program/step.js';

/** A tensor of the sketch: row-major, or as its strides say. */
export interface Tensor {
  readonly source: Source;
  readonly dims: readonly number[];
}

/** Where an axis of a tensor is read: `base + Σ coefficient·loop`. `padded` when it may leave the tensor. */
export interface Place {
  readonly base?: number;
  readonly loops?: Readonly<Record<number, number>>;
  readonly padded?: boolean;
}

export interface Finish {
  readonly mult?: Operand;
  readonly add?: Operand;
  readonly shift?: number;
  readonly post?: Step['post'];
  readonly lo?: number;
  readonly hi?: number;
  readonly lookup?: Lookup | null;
}

export interface Body extends Finish {
  readonly red?: readonly number[];
  readonly combine?: Combine;
  readonly reduce?: Reduce;
  readonly a: Operand;
  readonly b?: Operand;
  readonly c?: Operand;
  readonly index?: Step['index'];
}

export const at = (loop: number, coefficient = 1): Place => ({ loops: { [loop]: coefficient } });

export class Sketch {
  readonly constants: Constant[] = [];
  readonly steps: Step[] = [];

  constructor(readonly inputDims: readonly number[]) {}

  get input(): Tensor {
    return { source: { kind: 'slot', index: 0 }, dims: this.inputDims };
  }

  /** Values from a small generator of its own, in [-size, size]. */
  weights(dims: readonly number[], size = 100): Tensor {
    let state = 12_345 + this.constants.length;
    const data = Int32Array.from({ length: elementCount(dims) }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return ((state >>> 8) % (2 * size + 1)) - size;
    });
    return this.constant(dims, data);
  }

  constant(dims: readonly number[], values: ArrayLike<number>): Tensor {
    const data = Int32Array.from(values);
    const lo = data.reduce((x, y) => Math.min(x, y));
    const hi = data.reduce((x, y) => Math.max(x, y));
    this.constants.push({ name: `c${this.constants.length}`, width: widthFor(lo, hi), data });
    return { source: { kind: 'constant', index: this.constants.length - 1 }, dims };
  }

  /** Reads a tensor, one place per axis, in a nest of so many loops. */
  read(
    tensor: Tensor,
    loops: number,
    places: readonly Place[],
    options: { weight?: number; fill?: number } = {},
  ): Operand {
    const coefs = Array<number>(loops).fill(0);
    const axes: Axis[] = [];
    let offset = 0;
    let stride = elementCount(tensor.dims);
    places.forEach(({ base = 0, loops: moves = {}, padded = false }, axis) => {
      const extent = tensor.dims[axis] as number;
      stride /= extent;
      const own = Array.from({ length: loops }, (_, i) => moves[i] ?? 0);
      if (padded) axes.push({ stride, extent, base, coefs: own });
      else {
        offset += base * stride;
        for (const [i, coef] of own.entries()) coefs[i] = (coefs[i] as number) + coef * stride;
      }
    });
    return {
      source: tensor.source,
      weight: options.weight ?? 1,
      view: { offset, coefs, axes, fill: options.fill ?? 0 },
    };
  }

  step(name: string, outDims: readonly number[], body: Body): Tensor {
    const { lo = INT32_MIN, hi = INT32_MAX, lookup = null } = body;
    const table = lookup ? this.constants[lookup.constant] : null;
    this.steps.push({
      name,
      origin: { node: name, operator: 'Sketch' },
      outDims,
      redDims: body.red ?? [],
      combine: body.combine ?? 'first',
      reduce: body.reduce ?? 'none',
      a: body.a,
      b: body.b ?? scalar(0),
      c: body.c ?? scalar(0),
      mult: body.mult ?? scalar(1),
      add: body.add ?? scalar(0),
      index: body.index ?? { stride: 0, extent: 1 },
      shift: body.shift ?? 0,
      post: body.post ?? 'none',
      lo,
      hi,
      lookup,
      width: table ? table.width : widthFor(lo, hi),
    });
    return { source: { kind: 'slot', index: this.steps.length }, dims: outDims };
  }

  program(width: 1 | 2 | 4 = 2): Program {
    const last = this.steps.at(-1) as Step;
    return {
      input: { elements: elementCount(this.inputDims), width },
      inputs: [{ name: 'x', shape: this.inputDims, type: 'float32', scale: 1, offset: 0 }],
      outputs: [{ name: 'y', shape: last.outDims, type: 'float32', scale: 1, offset: 0 }],
      steps: this.steps,
      constants: this.constants,
    };
  }

  // ---- operators

  /** x [h, w, c] and kernels [outputs, kh, kw, c / groups] give [h', w', groups, outputs / groups], channels last. */
  conv(
    name: string,
    x: Tensor,
    outputs: number,
    kernel: readonly [number, number],
    options: { stride?: number; dilation?: number; pad?: number; groups?: number; fill?: number } & Finish = {},
  ): Tensor {
    const { stride = 1, dilation = 1, pad = 0, groups = 1 } = options;
    const [height, width, channels] = x.dims as [number, number, number];
    const size = (input: number, k: number): number =>
      Math.floor((input + 2 * pad - dilation * (k - 1) - 1) / stride) + 1;
    const inner = channels / groups;
    const outer = outputs / groups;
    const weights = this.weights([outputs, kernel[0], kernel[1], inner]);
    const window = (loop: number, k: number): Place => ({
      base: -pad,
      loops: { [loop]: stride, [k]: dilation },
      padded: pad > 0,
    });
    const channel: Place = { loops: { 2: inner, 6: 1 } };
    const source = options.fill === undefined ? {} : { fill: options.fill };
    const y = this.step(name, [size(height, kernel[0]), size(width, kernel[1]), groups, outer], {
      shift: 8,
      lo: -32_768,
      hi: 32_767,
      mult: this.read(
        this.constant(
          [groups, outer],
          Array.from({ length: outputs }, (_, i) => 1 + (i % 5)),
        ),
        7,
        [at(2), at(3)],
      ),
      add: this.read(this.weights([groups, outer], 5000), 7, [at(2), at(3)]),
      ...options,
      red: [kernel[0], kernel[1], inner],
      combine: 'product',
      reduce: 'sum',
      a: this.read(x, 7, [window(0, 4), window(1, 5), channel], source),
      b: this.read(weights, 7, [{ loops: { 2: outer, 3: 1 } }, at(4), at(5), at(6)]),
    });
    return { ...y, dims: [y.dims[0] as number, y.dims[1] as number, outputs] };
  }

  /** Max or sum over windows of [h, w, c]. */
  pool(
    name: string,
    x: Tensor,
    reduce: Reduce,
    kernel: number,
    options: { stride?: number; pad?: number; fill?: number } & Finish = {},
  ): Tensor {
    const { stride = 1, pad = 0, fill = 0, ...finish } = options;
    const [height, width, channels] = x.dims as [number, number, number];
    const size = (input: number): number => Math.floor((input + 2 * pad - kernel) / stride) + 1;
    const window = (loop: number, k: number): Place => ({
      base: -pad,
      loops: { [loop]: stride, [k]: 1 },
      padded: pad > 0,
    });
    return this.step(name, [size(height), size(width), channels], {
      ...finish,
      red: [kernel, kernel],
      reduce,
      a: this.read(x, 5, [window(0, 3), window(1, 4), at(2)], { fill }),
    });
  }

  /** Elementwise a·wa + b·wb of tensors of the same dims. */
  sum(name: string, a: Tensor, b: Tensor, finish: Finish & { weights?: readonly [number, number] } = {}): Tensor {
    const places = a.dims.map((_, i) => at(i));
    const [wa, wb] = finish.weights ?? [1, 1];
    return this.step(name, a.dims, {
      shift: 1,
      lo: -32_768,
      hi: 32_767,
      ...finish,
      combine: 'sum',
      a: this.read(a, a.dims.length, places, { weight: wa }),
      b: this.read(b, a.dims.length, places, { weight: wb }),
    });
  }
}
