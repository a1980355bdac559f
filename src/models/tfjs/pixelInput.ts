import { halfToNumber } from '../../adapters/float16.ts';
import { compileSchema } from '../../adapters/jsonSchema.ts';
import { takesPixels } from '../pixelRange.ts';
import { BYTES, type TfjsFiles, type WeightSpec } from './files.ts';
import type { Layer } from './kerasConfig.ts';

/** Layers, and operators, that leave the values of pixels as they are. */
const moves = new Set([
  'InputLayer', 'ZeroPadding2D', 'Cropping2D', 'Resizing', 'CenterCrop', 'Reshape', 'Permute', 'Dropout',
  'Identity', 'Cast', 'Transpose', 'Pad', 'PadV2', 'MirrorPad', 'ResizeBilinear', 'ResizeNearestNeighbor', 'ExpandDims', 'Squeeze',
]); // biome-ignore format: a list

/** A step of a network: its kind, and what feeds it first; null: nothing does. */
export interface Step {
  readonly name: string;
  readonly kind: string;
  readonly from: string | null;
  /** What its arithmetic does with pixels, and the constants; null: nothing that tells. */
  readonly arithmetic: Parameters<typeof takesPixels> | null;
}

/** Whether the first arithmetic on the images is that of pixels from 0 to 255 (`takesPixels`), wherever they go. */
export function beginsWithPixels(input: string, steps: readonly Step[]): boolean {
  const own = steps.find(({ name }) => name === input);
  const first = own !== undefined && own.arithmetic !== null ? [own] : firstAfter(input, steps);
  return first.length > 0 && first.every(({ arithmetic }) => arithmetic !== null && takesPixels(...arithmetic));
}

/** The steps that the images come to by nothing but moves. */
function firstAfter(input: string, steps: readonly Step[]): readonly Step[] {
  const fedBy = Map.groupBy(steps, ({ from }) => from);
  const reached = new Set([input]);
  const first: Step[] = [];
  // What is added meanwhile is gone through too.
  for (const name of reached) {
    for (const step of fedBy.get(name) ?? []) {
      if (moves.has(step.kind)) reached.add(step.name);
      else first.push(step);
    }
  }
  return first;
}

/** The step that a Keras layer is. */
export function stepOfLayer({ class_name, config }: Layer, from: string | null): Step {
  const isScale = class_name === 'Rescaling';
  // What augments images gives them as they are, and was made a linear activation.
  const kind = class_name === 'Activation' && config.activation === 'linear' ? 'Identity' : class_name;
  const scales = [config.scale].flat().map(Number);
  return { name: config.name, kind, from, arithmetic: isScale ? ['multiply', scales] : null };
}

/** What an operator does with a fixed weight. */
const does: ReadonlyMap<string, 'multiply' | 'divide' | 'subtract'> = new Map([
  ['Mul', 'multiply'],
  ['RealDiv', 'divide'],
  ['Sub', 'subtract'],
  ['Add', 'subtract'],
  ['AddV2', 'subtract'],
  ['BiasAdd', 'subtract'],
]);

/** The step that an operator of a graph is, by the nodes that feed it. */
export function stepOfOperator(
  { name, op }: { readonly name: string; readonly op: string },
  inputs: readonly string[],
  from: string | null,
  weights: TfjsFiles,
): Step {
  const what = does.get(op);
  const fixed = inputs.find((each) => each !== from);
  const isFirst = inputs[0] === from || op === 'Mul' || op.startsWith('Add');
  const constants = what === undefined || fixed === undefined ? null : valuesOf(fixed, weights);
  return { name, kind: op, from, arithmetic: what && constants && isFirst ? [what, constants] : null };
}

/** What quantised weights are stored as: times `scale`, plus `min`; of float16 neither. */
const quantised = compileSchema<{ readonly scale: number; readonly min: number }>({
  type: 'object',
  required: ['scale', 'min'],
  properties: { scale: { type: 'number' }, min: { type: 'number' } },
});

/** The values of a small weight of float32, quantised or not; null of any other. */
function valuesOf(name: string, { weights, data }: TfjsFiles): readonly number[] | null {
  let at = 0;
  for (const spec of weights) {
    const count = spec.shape.reduce((product, length) => product * length, 1);
    if (spec.name === name) return spec.dtype === 'float32' && count <= 4 ? stored(spec, data, at, count) : null;
    // Texts are as long as they are.
    if (spec.dtype === 'string') return null;
    at += count * BYTES[spec.quantization?.dtype ?? spec.dtype];
  }
  return null;
}

function stored({ quantization }: WeightSpec, data: Uint8Array, at: number, count: number): readonly number[] {
  const view = new DataView(data.buffer, data.byteOffset + at);
  const all = (value: (index: number) => number) => Array.from({ length: count }, (_, index) => value(index));
  if (quantization === undefined) return all((index) => view.getFloat32(4 * index, true));
  if (quantization.dtype === 'float16') return all((index) => halfToNumber(view.getUint16(2 * index, true)));
  const level = (index: number) =>
    quantization.dtype === 'uint8' ? view.getUint8(index) : view.getUint16(2 * index, true);
  return quantised.accepts(quantization) ? all((index) => level(index) * quantization.scale + quantization.min) : [];
}
