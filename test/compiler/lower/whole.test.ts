/** Arithmetic on whole numbers of every width, exactly as ONNX Runtime has it. */
import { test } from 'uvu';
import { int, type NodeProto, node, type TensorProto, tensor, text } from '../../../fixtures/onnx.js';
import { assertClose, type CaseInput } from '../compare.js';

type Type = NonNullable<CaseInput['type']>;

const input = (type: Type, low: number, high: number): CaseInput => ({ shape: [3, 40], type, low, high });

function exact(
  name: string,
  nodes: NodeProto[],
  inputs: Record<string, CaseInput>,
  initializers: TensorProto[] = [],
  opset = 17,
): void {
  test(name, async () => {
    await assertClose({ inputs, nodes, outputs: ['y'], initializers, opset }, 0);
  });
}

const ENDS: Partial<Record<Type, [number, number]>> = {
  int8: [-128, 128],
  uint8: [0, 256],
  int32: [-40_000, 40_000],
  int64: [-40_000, 40_000],
};
for (const [type, [low, high]] of Object.entries(ENDS) as [Type, [number, number]][]) {
  const x = input(type, low, high);
  const all =
    type === 'int8' || type === 'uint8'
      ? (['Add', 'Sub', 'Mul', 'Max', 'Min'] as const)
      : (['Add', 'Sub', 'Mul'] as const);
  for (const operator of all)
    exact(`${operator} of ${type}`, [node(operator, ['x', 'w'], ['y'])], { x, w: { ...x, shape: [40] } });
  // From 1 up, and below -1: nothing is divided by 0, and -128 not by -1.
  const positive = { ...input(type, 1, Math.min(high, 200)), shape: [40] };
  exact(`Div of ${type}`, [node('Div', ['x', 'w'], ['y'])], { x, w: positive });
  for (const fmod of [0, 1])
    exact(`Mod of ${type}, fmod ${fmod}`, [node('Mod', ['x', 'w'], ['y'], { fmod: int(fmod) })], { x, w: positive });
  if (low < 0) {
    const negative = { ...input(type, Math.max(low, -100), -1), shape: [40] };
    exact(`Div of ${type} by negative numbers`, [node('Div', ['x', 'w'], ['y'])], { x, w: negative });
    for (const fmod of [0, 1])
      exact(`Mod of ${type} by negative numbers, fmod ${fmod}`, [node('Mod', ['x', 'w'], ['y'], { fmod: int(fmod) })], {
        x,
        w: negative,
      });
    exact(`Abs of ${type}`, [node('Abs', ['x'], ['y'])], { x });
    exact(`Sign of ${type}`, [node('Sign', ['x'], ['y'])], { x });
  }
  exact(`Clip of ${type} by computed bounds`, [node('Clip', ['x', 'low', 'high'], ['y'])], {
    x,
    low: { ...input(type, 10, 40), shape: [] },
    high: { ...input(type, 50, 90), shape: [] },
  });
  for (const to of [9, 3, 2, 6, 7])
    exact(`Cast of ${type} to type ${to}`, [node('Cast', ['x'], ['y'], { to: int(to) })], { x });
}

const wide = input('int32', -(2 ** 31), 2 ** 31 - 1);
exact('Div of the whole of int32 by a constant', [node('Div', ['x', 'k'], ['y'])], { x: wide }, [
  tensor('k', [], Int32Array.of(-7)),
]);
exact('Mod of the whole of int32 by a constant', [node('Mod', ['x', 'k'], ['y'])], { x: wide }, [
  tensor('k', [], Int32Array.of(1000)),
]);
exact('comparison of the whole of int32 with a constant', [node('Less', ['x', 'k'], ['y'])], { x: wide }, [
  tensor('k', [], Int32Array.of(123_456_789)),
]);
for (const operator of ['And', 'Or', 'Xor'])
  for (const [type, low, high] of [
    ['int8', -128, 128],
    ['uint8', 0, 256],
    ['int32', -(2 ** 31), 2 ** 31 - 1],
  ] as const)
    exact(
      `Bitwise${operator} of ${type}`,
      [node(`Bitwise${operator}`, ['x', 'w'], ['y'])],
      { x: input(type, low, high), w: { ...input(type, low, high), shape: [40] } },
      [],
      18,
    );
for (const [type, low, high] of [
  ['int8', -128, 128],
  ['uint8', 0, 256],
  ['int32', -(2 ** 31), 2 ** 31 - 1],
] as const)
  exact(`BitwiseNot of ${type}`, [node('BitwiseNot', ['x'], ['y'])], { x: input(type, low, high) }, [], 18);
for (const direction of ['LEFT', 'RIGHT'])
  exact(`BitShift ${direction}`, [node('BitShift', ['x', 'w'], ['y'], { direction: text(direction) })], {
    x: input('uint8', 0, 256),
    w: { ...input('uint8', 0, 8), shape: [40] },
  });
exact('Add of a constant that wraps', [node('Add', ['x', 'k'], ['y'])], { x: input('uint8', 0, 256) }, [
  tensor('k', [], Uint8Array.of(200)),
]);
exact('Not, of an Equal', [node('Equal', ['x', 'k'], ['e']), node('Not', ['e'], ['y'])], { x: input('int64', -3, 3) }, [
  tensor('k', [], BigInt64Array.of(1n)),
]);
test('Mod of real numbers', async () => {
  await assertClose(
    {
      inputs: { x: { shape: [60], low: -9, high: 9 }, w: { shape: [60], low: 2, high: 3 } },
      nodes: [node('Mod', ['x', 'w'], ['y'], { fmod: int(1) })],
      outputs: ['y'],
    },
    1e-3,
  );
});

test.run();
