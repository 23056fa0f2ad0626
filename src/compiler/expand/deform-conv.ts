/** DeformConv: the image sampled at moved places, once for each element of the kernel, and a convolution over what was sampled. */
import type { Expansion } from './expansion.js';
import type { Site } from './site.js';

const WEIGHTS = 1;
const OFFSETS = 2;
const BIAS = 3;
const MASK = 4;

/** Since when GridSample has modes of this name. */
const FIRST_LINEAR = 20;

const two = (values: readonly number[] | undefined, absent: number): [number, number] => [
  values?.[0] ?? absent,
  values?.[1] ?? absent,
];

/** One plane of a tensor [batch, planes, height, width], as [batch, height, width]. */
const plane = (site: Site, x: string, index: number): string =>
  site.add('Gather', [x, site.wholes([index], [])], { axis: 1 });

export const deformConv: Expansion = {
  expand: (site) => {
    const { attributes } = site;
    const [batch, channels, height, width] = site.shape(0) as [number, number, number, number];
    const [outputs, , kernelHeight, kernelWidth] = site.shape(WEIGHTS) as [number, number, number, number];
    const [, , rows, columns] = site.outputShape() as [number, number, number, number];
    const groups = attributes.int('offset_group', 1);
    const strides = two(attributes.ints('strides'), 1);
    const dilations = two(attributes.ints('dilations'), 1);
    const pads = two(attributes.ints('pads'), 0);
    const kernel = kernelHeight * kernelWidth;
    /** From -1 to 1 over the pixels, their outer edges being the ends. */
    const coordinate = (places: Float64Array, dims: readonly number[], offset: string, size: number): string => {
      const centred = places.map((place) => (2 * place + 1) / size - 1);
      const moved = site.add('Mul', [offset, site.real(2 / size)]);
      return site.reshape(site.add('Add', [moved, site.reals(centred, dims)]), [batch, rows, columns, 1]);
    };
    const sampled = Array.from({ length: groups }, (_, group) => {
      const perGroup = channels / groups;
      const image =
        groups === 1 ? site.input(0) : site.slice(site.input(0), 1, group * perGroup, (group + 1) * perGroup);
      return Array.from({ length: kernel }, (_, k) => {
        const [row, column] = [Math.floor(k / kernelWidth), k % kernelWidth];
        const first = 2 * (group * kernel + k);
        const y = Float64Array.from({ length: rows }, (_, i) => i * strides[0] - pads[0] + row * dilations[0]);
        const x = Float64Array.from({ length: columns }, (_, i) => i * strides[1] - pads[1] + column * dilations[1]);
        const grid = site.add(
          'Concat',
          [
            coordinate(x, [1, columns], plane(site, site.input(OFFSETS), first + 1), width),
            coordinate(y, [rows, 1], plane(site, site.input(OFFSETS), first), height),
          ],
          { axis: -1 },
        );
        const samples = site.add('GridSample', [image, grid], {
          mode: site.opset >= FIRST_LINEAR ? 'linear' : 'bilinear',
          padding_mode: 'zeros',
          align_corners: 0,
        });
        if (!site.has(MASK)) return samples;
        const mask = plane(site, site.input(MASK), group * kernel + k);
        return site.add('Mul', [samples, site.reshape(mask, [batch, 1, rows, columns])]);
      });
    });
    // For every channel, the elements of the kernel one after the other: what a weight's last axes are.
    const stacked = sampled.map((samples) =>
      site.reshape(
        site.add(
          'Concat',
          samples.map((name) => site.reshape(name, [batch, channels / groups, 1, rows * columns])),
          { axis: 2 },
        ),
        [batch, (channels / groups) * kernel, rows, columns],
      ),
    );
    const all = groups === 1 ? stacked[0]! : site.add('Concat', stacked, { axis: 1 });
    const weights = site.reshape(site.input(WEIGHTS), [outputs, -1, 1, 1]);
    const bias = site.has(BIAS) ? [site.input(BIAS)] : [];
    site.give(0, 'Conv', [all, weights, ...bias], { group: attributes.int('group', 1) });
  },
  refuses: (site) => (site.shape(0).length === 4 ? null : 'it is not of images'),
};
