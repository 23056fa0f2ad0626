/** Nets of any size, generated: weights that mean nothing, in the shapes that nets have. */
import {
  DataType,
  encode,
  graph,
  int,
  ints,
  model,
  type NodeProto,
  node,
  type TensorProto,
  tensor,
  valueInfo,
} from '../../fixtures/onnx.js';
import { Random } from '../../fixtures/random.js';
import { OPSET, Transformer } from '../../fixtures/transformer.js';

/** What grows. */
export const FAMILIES = ['dense', 'convolutional', 'tokens', 'image'] as const;
export type Family = (typeof FAMILIES)[number];

/** Of dense and convolutional nets, parameters; of a transformer, tokens; of an image, pixels of a side. */
export const SIZES: Readonly<Record<Family, readonly number[]>> = {
  dense: [1e4, 1e5, 1e6, 1e7, 1e8],
  convolutional: [1e4, 1e5, 1e6, 1e7, 1e8],
  tokens: [16, 64, 256, 1024],
  image: [32, 64, 128, 256, 640],
};

const CLASSES = 10;

/** Layers whose outputs are about as large as their inputs. */
class Layers {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  private readonly random = new Random(1);

  weights(dims: readonly number[], inputs: number): string {
    const name = `w${this.initializers.length}`;
    const limit = Math.sqrt(6 / inputs);
    const data = new Float32Array(dims.reduce((n, dim) => n * dim, 1));
    for (let i = 0; i < data.length; i++) data[i] = this.random.between(-limit, limit);
    this.initializers.push(tensor(name, dims, data));
    return name;
  }

  add(...[op, inputs, attributes]: [string, string[], Parameters<typeof node>[3]?]): string {
    const output = `${op.toLowerCase()}${this.nodes.length}`;
    this.nodes.push(node(op, inputs, [output], attributes));
    return output;
  }

  dense(x: string, inputs: number, outputs: number): string {
    return this.add('MatMul', [x, this.weights([inputs, outputs], inputs)]);
  }

  convolution(x: string, inputs: number, outputs: number, stride = 1): string {
    const kernel = this.weights([outputs, inputs, 3, 3], inputs * 9);
    return this.relu(this.add('Conv', [x, kernel], { pads: ints(1, 1, 1, 1), strides: ints(stride, stride) }));
  }

  relu(x: string): string {
    return this.add('Relu', [x]);
  }

  /** The mean over the image, and a dense layer. */
  classify(x: string, channels: number): string {
    const mean = this.add('Flatten', [this.add('GlobalAveragePool', [x])], { axis: int(1) });
    return this.dense(mean, channels, CLASSES);
  }

  file(inputDims: readonly number[], output: string): Uint8Array<ArrayBuffer> {
    const name = 'y';
    return encode(
      model(
        graph({
          name: 'generated',
          inputs: [valueInfo('x', inputDims)],
          outputs: [valueInfo(name, [1, CLASSES])],
          nodes: [...this.nodes, node('Identity', [output], [name])],
          initializers: this.initializers,
        }),
        OPSET,
      ),
    );
  }
}

/** Six square layers and a head. */
function dense(parameters: number): Uint8Array {
  const layers = 6;
  const width = Math.round(Math.sqrt(parameters / layers));
  const net = new Layers();
  let x = 'x';
  for (let i = 0; i < layers; i++) x = net.relu(net.dense(x, width, width));
  return net.file([1, width], net.dense(x, width, CLASSES));
}

/** Eight 3x3 convolutions over an image of 8x8, as the later layers of a large net are. */
function convolutional(parameters: number): Uint8Array {
  const [layers, side] = [8, 8];
  const channels = Math.round(Math.sqrt(parameters / (9 * layers)));
  const net = new Layers();
  let x = 'x';
  for (let i = 0; i < layers; i++) x = net.convolution(x, channels, channels);
  return net.file([1, channels, side, side], net.classify(x, channels));
}

/** Four 3x3 convolutions, each with half the resolution and twice the channels of the one before. */
function image(side: number): Uint8Array {
  const net = new Layers();
  const channels = [3, 16, 32, 64, 128];
  let x = 'x';
  for (let i = 1; i < channels.length; i++) x = net.convolution(x, channels[i - 1]!, channels[i]!, 2);
  return net.file([1, 3, side, side], net.classify(x, channels.at(-1)!));
}

/** Two layers of an encoder of width 128 with four heads: 0.4 million parameters beside the embeddings. */
function encoder(tokens: number): Uint8Array {
  const t = new Transformer({ tokens, vocabulary: 512, width: 128, heads: 4, hidden: 512 }, 1);
  let x = t.embed('x');
  for (let i = 0; i < 2; i++) {
    const layer = `layer${i}`;
    const attended = t.attention(`${layer}.attention`, x, (scores) => scores);
    x = t.layerNorm(`${layer}.norm1`, t.add('Add', [attended, x], `${layer}.sum1`));
    const fed = t.feedForward(layer, x, (name, inner) => t.gelu(name, inner));
    x = t.layerNorm(`${layer}.norm2`, t.add('Add', [x, fed], `${layer}.sum2`));
  }
  const mean = t.add('ReduceMean', [x], 'mean', { axes: ints(1), keepdims: int(0) });
  const scores = t.linear('head', mean, t.sizes.width, CLASSES);
  const net = graph({
    name: 'generated',
    inputs: [valueInfo('x', [1, tokens], DataType.INT64)],
    outputs: [valueInfo('y', [1, CLASSES])],
    nodes: [...t.nodes, node('Identity', [scores], ['y'])],
    initializers: t.initializers,
  });
  return encode(model(net, OPSET));
}

const MAKERS: Readonly<Record<Family, (size: number) => Uint8Array>> = { dense, convolutional, tokens: encoder, image };

/** An ONNX file with one input, "x", whose shape it fixes. */
export const netOf = (family: Family, size: number): Uint8Array => MAKERS[family](size);
