import { test } from 'uvu';
import { float, floats, int, ints, node, text } from '../../../fixtures/onnx.js';
import { check, floatList, int64, one } from '../cases.js';

const sizes = { initializers: [int64('sizes', 2, 3, 7, 4)] };
const bySizes = (attributes: Parameters<typeof one>[1]) => one('Resize', attributes, '', '', 'sizes');
const byScales = (attributes: Parameters<typeof one>[1]) => one('Resize', attributes, '', 'scales');
const scales = (...values: number[]) => ({ initializers: [floatList('scales', ...values)] });

for (const mode of ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric']) {
  const coordinates = { coordinate_transformation_mode: text(mode) };
  for (const rounding of ['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil'])
    check(
      `Resize to the nearest, ${mode}, ${rounding}`,
      bySizes({ ...coordinates, nearest_mode: text(rounding) }),
      sizes,
    );
  check(`linear Resize, ${mode}`, bySizes({ mode: text('linear'), ...coordinates }), sizes);
  check(`cubic Resize, ${mode}`, bySizes({ mode: text('cubic'), ...coordinates }), sizes);
}
check('Resize by whole factors', byScales({ nearest_mode: text('floor') }), scales(1, 1, 2, 3));
check('Resize of whole numbers', byScales({}), {
  x: { shape: [1, 2, 3, 3], low: -9, high: 9, type: 'int32' },
  ...scales(1, 1, 2, 1.5),
  tolerance: 0,
});
check('linear Resize by a fraction', byScales({ mode: text('linear') }), scales(1, 1, 0.6, 1.3));
check('Resize of three dimensions', byScales({ mode: text('linear') }), {
  x: { shape: [1, 2, 3, 4, 3] },
  ...scales(1, 1, 2, 1.5, 2),
});
check(
  'cubic Resize without what is outside',
  byScales({
    mode: text('cubic'),
    exclude_outside: int(1),
    cubic_coeff_a: float(-0.5),
  }),
  scales(1, 1, 0.8, 1.7),
);
check(
  'cropping Resize',
  one(
    'Resize',
    {
      mode: text('linear'),
      coordinate_transformation_mode: text('tf_crop_and_resize'),
      extrapolation_value: float(0.7),
    },
    'region',
    '',
    'sizes',
  ),
  {
    initializers: [floatList('region', 0, 0, 0.2, -0.3, 1, 1, 0.9, 1.2), int64('sizes', 2, 3, 3, 6)],
  },
);
check(
  'linear Resize then Sigmoid',
  [node('Resize', ['x', '', 'scales'], ['r'], { mode: text('linear') }), node('Sigmoid', ['r'], ['y'])],
  scales(1, 1, 2, 2),
);
check('Resize then Relu', [node('Resize', ['x', '', 'scales'], ['r']), node('Relu', ['r'], ['y'])], scales(1, 1, 2, 2));
check('Resize of some axes', one('Resize', { axes: ints(3, 2) }, '', '', 'sizes'), {
  opset: 18,
  initializers: [int64('sizes', 8, 7)],
});
check(
  'Resize not larger',
  one('Resize', { axes: ints(2, 3), keep_aspect_ratio_policy: text('not_larger') }, '', '', 'sizes'),
  {
    opset: 18,
    initializers: [int64('sizes', 8, 7)],
  },
);
check('antialiased Resize', one('Resize', { mode: text('linear'), antialias: int(1) }, '', 'scales'), {
  opset: 18,
  ...scales(1, 1, 0.5, 0.6),
});
check(
  'symmetric Resize',
  one(
    'Resize',
    {
      mode: text('linear'),
      coordinate_transformation_mode: text('half_pixel_symmetric'),
    },
    '',
    'scales',
  ),
  {
    opset: 19,
    ...scales(1, 1, 1.3, 0.7),
  },
);
check('Resize of opset 10', one('Resize', { mode: text('linear') }, 'scales'), { opset: 10, ...scales(1, 1, 2, 1.5) });
check('Upsample of opset 9', one('Upsample', {}, 'scales'), { opset: 9, ...scales(1, 1, 2, 2) });
check('linear Upsample of opset 9', one('Upsample', { mode: text('linear') }, 'scales'), {
  opset: 9,
  ...scales(1, 1, 2, 3),
});
check('Upsample of opset 7', one('Upsample', { scales: floats(1, 1, 2, 3) }), { opset: 7 });

test.run();
