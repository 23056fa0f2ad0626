/** GroupNormalization: InstanceNormalization of groups of channels, then a scale and a bias. */
import type { Expansion } from './expansion.js';

/** Since this version scale and bias are per channel; before, per group. */
const PER_CHANNEL_OPSET = 21;

export const groupNormalization: Expansion = {
  expand: (site) => {
    const shape = site.shape(0);
    const [batch, channels, ...spatial] = shape as [number, number, ...number[]];
    const groups = site.attributes.int('num_groups', 1);
    const grouped = site.reshape(site.input(0), [batch, groups, -1]);
    const constant = (value: number): string => site.reals(new Float64Array(groups).fill(value), [groups]);
    const epsilon = { float: site.attributes.float('epsilon', 1e-5) };
    const normal = site.add('InstanceNormalization', [grouped, constant(1), constant(0)], { epsilon });
    const isPerChannel = site.opset >= PER_CHANNEL_OPSET;
    const ones = isPerChannel ? spatial.map(() => 1) : [1];
    const parameter = (input: number): string =>
      site.reshape(site.input(input), [1, isPerChannel ? channels : groups, ...ones]);
    const value = isPerChannel ? site.reshape(normal, shape) : normal;
    const scaled = site.add('Mul', [value, parameter(1)]);
    if (isPerChannel) return site.give(0, 'Add', [scaled, parameter(2)]);
    site.give(0, 'Reshape', [site.add('Add', [scaled, parameter(2)]), site.wholes(shape)]);
  },
};
