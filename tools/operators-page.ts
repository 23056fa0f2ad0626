/** The text of docs/operators.md. */
import { readFileSync } from 'node:fs';
import { EXPANDED_OPERATORS } from '../src/compiler/expand/register.js';
import { constantInputs } from '../src/compiler/lower/constant-inputs.js';
import { loweringOf, SUPPORTED_OPERATORS } from '../src/compiler/lower/register.js';
import { Attributes } from '../src/compiler/onnx/graph.js';
import { OLDEST_OPSET, REFUSED_FORMS, REFUSED_OPERATORS, SINCE } from '../src/compiler/operator-words.js';
import { SCALAR_OPERATORS } from '../src/compiler/scalar/operators.js';
import { NEWEST_OPSET } from '../src/compiler/supported.js';

const ML = 'ai.onnx.ml.';

/** Operands that have to be known when the model is compiled. */
function constantOperands(name: string): string[] {
  const domain = name.startsWith(ML) ? 'ai.onnx.ml' : '';
  const operator = domain === '' ? name : name.slice(ML.length);
  const node = { name, operator, domain, opset: NEWEST_OPSET, inputs: [], outputs: [], attributes: new Attributes() };
  return [...new Set(Object.values(constantInputs(node)))];
}

/** Results that never are steps. */
const FOLDED = ['Constant', 'Identity', 'Shape', 'Size'];

function how(name: string): string {
  if (FOLDED.includes(name)) return 'folded or dropped';
  if (Object.hasOwn(SCALAR_OPERATORS, name)) return 'function of one tensor, or steps';
  const [domain, operator] = name.startsWith(ML) ? ['ai.onnx.ml', name.slice(ML.length)] : ['', name];
  if (!EXPANDED_OPERATORS.includes(name)) return 'steps';
  return loweringOf({ domain, operator }) ? 'steps, or simpler operators' : 'simpler operators';
}

function row(name: string): string {
  const since = name.startsWith(ML) ? 'ai.onnx.ml 1' : String(SINCE.get(name) ?? OLDEST_OPSET);
  return `| ${name} | ${since} | ${how(name)} | ${constantOperands(name).join(', ')} | ${REFUSED_FORMS[name] ?? ''} |`;
}

export function operatorsPage(): string {
  const totals = readFileSync('tools/conformance/totals.md', 'utf8');
  const rows = SUPPORTED_OPERATORS.map(row);
  return `<!-- Written by \`npm run docs:operators\`; change the registers under src/compiler instead. -->
# Operators

og compiles these ${rows.length} operators, in every form from opset ${OLDEST_OPSET} (or the opset that brought the operator) to ${NEWEST_OPSET}.
Everything that depends on constants and shapes alone is folded before, whatever operator it is, if ONNX Runtime runs it. Operands listed as
constant have to be known after folding; a model input that such an operand comes from is frozen to its value in the
calibration samples. Functions that a model defines are inlined. What is refused is refused with the node, its opset, its shapes and the reason,
all nodes at once.

| operator | since opset | compiled to | constant operands | refused |
|---|---|---|---|---|
${rows.join('\n')}

## Refused

| what | why |
|---|---|
${REFUSED_OPERATORS.map(([what, why]) => `| ${what} | ${why} |`).join('\n')}
| float inputs that hold infinity or NaN | og's numbers are finite: use a mask of truth values or of numbers like -10000 |
| outputs that are always infinite | the same |
| inputs and outputs of uint64, strings and complex numbers | there is no int32 for them |

${totals}`;
}
