import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Artefact, decodeArtefact, encodeArtefact } from '../../src/program/artefact.js';
import { constant, identityView, program, read, slot, step } from '../helpers/tiny-program.js';

const artefact: Artefact = {
  program: program(
    8,
    [step(8, read(slot(0)), { combine: 'product', b: read(constant(0), { ...identityView, coefs: [0] }), shift: 3 })],
    {
      constants: [
        { name: 'w', width: 1, data: Int32Array.of(-7) },
        { name: 'unused', width: 4, data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
      ],
    },
  ),
  source: { file: 'model.onnx', sha256: 'ab', opset: { '': 17 }, producer: 'test' },
  options: { bits: 16, shapes: { x: [8] } },
  ranges: { x: [-1, 1] },
  fidelity: null,
  notes: [],
};
const bytes = encodeArtefact(artefact);

function refusal(damaged: Uint8Array): string {
  try {
    decodeArtefact(damaged, 'file.og');
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

function withProgram(change: (text: string) => string): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  header.__metadata__.program = change(header.__metadata__.program);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + bytes.length - 8 - length);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  out.set(bytes.subarray(8 + length), 8 + json.length);
  return out;
}

test('an artefact comes back as it was, and the same content gives the same bytes', () => {
  assert.equal(decodeArtefact(bytes, 'file.og'), artefact);
  assert.equal(encodeArtefact(decodeArtefact(bytes, 'file.og')), bytes);
});

test('a Buffer in the middle of another one reads the same', () => {
  const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  assert.equal(decodeArtefact(shifted, 'file.og'), artefact);
});

test('every prefix of an artefact is refused with a sentence', () => {
  for (let length = 0; length < bytes.length; length += 7) assert.match(refusal(bytes.slice(0, length)), /file\.og/);
});

test('a text file is refused', () => {
  assert.match(refusal(new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n')), /not an og artefact/);
});

test('a program that was tampered with so that it is no longer legal is refused with its step', () => {
  assert.match(refusal(withProgram((text) => text.replace('"shift":3', '"shift":99'))), /Step 1 .*shift is 99/);
  assert.match(
    refusal(withProgram((text) => text.replace('"kind":"slot","index":0', '"kind":"slot","index":1'))),
    /Step 1 .*slot 1/,
  );
});

test('a field that is missing, unknown or of another type is named', () => {
  assert.match(
    refusal(withProgram((text) => text.replace('"shift":3,', ''))),
    /its program is wrong at steps\.0\.shift/,
  );
  assert.match(refusal(withProgram((text) => text.replace('"shift":3', '"shift":3,"code":"rm"'))), /steps\.0/);
  assert.match(refusal(withProgram((text) => text.replace('"shift":3', '"shift":"3"'))), /steps\.0\.shift/);
  assert.match(refusal(withProgram(() => '{')), /its program is not JSON/);
});

test('flipping any byte gives a sentence, or another legal program, and never a crash', () => {
  for (let i = 0; i < bytes.length; i++) {
    const flipped = bytes.slice();
    flipped[i] = flipped[i]! ^ 0x15;
    const message = refusal(flipped);
    assert.ok(message === 'accepted' || /file\.og|Step 1|program is not legal/.test(message), `byte ${i}: ${message}`);
  }
});

test.run();
