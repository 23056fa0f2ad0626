/** Everything that is measured of one net, each part in a process of its own. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeArtefact } from '../../src/program/artefact.js';
import { slotCount, slotShape } from '../../src/program/program.js';
import { runOg, traceArtefact } from '../child.js';
import { type Family, netOf } from './nets.js';
import type { PlayedMatch, ScaleResult } from './results.js';

interface CompileJson {
  readonly steps: number;
  readonly parameters: number;
  readonly fidelity: { readonly cosine: number };
  readonly price: { readonly rounds: number; readonly matchGas: number };
}

interface DemoJson {
  readonly fraud: { readonly rounds: number; readonly foundStep: number; readonly gas: { readonly total: number } };
}

/** Of these a match is played: what a match costs depends on the model, and that is what grows here. */
const PLAYED: ReadonlySet<Family> = new Set(['dense', 'convolutional']);

const rounded = (ms: number): number => Number(ms.toPrecision(4));

/** A whole dispute about a lie near the end, on a chain of its own. */
function playMatch(artefact: string, steps: number): PlayedMatch {
  const lie = Math.max(1, steps - 2);
  const { result, peakBytes, ms } = runOg<DemoJson>('demo', '--model', artefact, '--lie', `${lie}`);
  const { rounds, foundStep, gas } = result.fraud;
  if (foundStep !== lie) throw new Error(`The lie is in step ${lie}, and the match ended at step ${foundStep}.`);
  return { gas: gas.total, rounds, ms: Math.round(ms), peakBytes };
}

export function measureNet(family: Family, size: number): ScaleResult {
  const scratch = mkdtempSync(join(tmpdir(), 'og-scale-'));
  try {
    const [onnx, artefact] = [join(scratch, 'net.onnx'), join(scratch, 'net.og')];
    writeFileSync(onnx, netOf(family, size));
    const compiled = runOg<CompileJson>('compile', onnx, '-o', artefact);
    const { steps, parameters, fidelity, price } = compiled.result;
    const { result: traced, peakBytes } = traceArtefact(artefact);
    const { program } = decodeArtefact(readFileSync(artefact), 'net.og');
    const shapes = Array.from({ length: slotCount(program) }, (_, slot) => slotShape(program, slot));
    return {
      family,
      size,
      parameters,
      steps,
      onnxBytes: statSync(onnx).size,
      artefactBytes: statSync(artefact).size,
      compileMs: Math.round(compiled.ms),
      compilePeakBytes: compiled.peakBytes,
      cosine: fidelity.cosine,
      loadMs: rounded(traced.loadMs + traced.commitMs),
      firstRunMs: rounded(traced.firstRunMs),
      runMs: rounded(traced.runMs),
      traceMs: rounded(traced.traceMs),
      rootMs: rounded(traced.rootMs),
      tracePeakBytes: peakBytes,
      traceBytes: shapes.reduce((sum, { elements, width }) => sum + elements * width, 0),
      pricedRounds: price.rounds,
      pricedMatchGas: price.matchGas,
      match: PLAYED.has(family) ? playMatch(artefact, steps) : null,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
