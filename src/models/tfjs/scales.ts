import { compileSchema } from '../../adapters/jsonSchema.ts';
import type { TfjsFiles, WeightSpec } from './files.ts';

const unscaled = compileSchema<{ readonly config: { readonly name: string } }>({
  type: 'object',
  required: ['class_name', 'config'],
  properties: {
    class_name: { const: 'BatchNormalization' },
    config: {
      type: 'object',
      required: ['name', 'scale'],
      properties: { name: { type: 'string' }, scale: { const: false } },
    },
  },
});

/**
 * TF.js cannot differentiate a batch normalization without scale: gives those a scale of ones, which changes no value.
 * @returns the model with the added weights last.
 */
export function withScales(files: TfjsFiles): TfjsFiles {
  const shapes = new Map(files.weights.map(({ name, shape }) => [name, shape]));
  const added: WeightSpec[] = [];
  const hasWeights = (layer: string) => {
    const shape = shapes.get(`${layer}/moving_mean`);
    if (shape !== undefined) added.push({ name: `${layer}/gamma`, shape, dtype: 'float32' });
    return shape !== undefined;
  };
  const topology = mapValues(files.topology, (value) => replaceScales(value, hasWeights));
  if (added.length === 0) return files;
  const count = added.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  const ones = new Uint8Array(new Float32Array(count).fill(1).buffer);
  return {
    ...files,
    topology,
    weights: [...files.weights, ...added],
    data: new Uint8Array(Buffer.concat([files.data, ones])),
  };
}

/** A copy of a topology with `scale` on in every batch normalization without it that `hasWeights` says yes to. */
function replaceScales(value: unknown, hasWeights: (layer: string) => boolean): unknown {
  const deeper = (inner: unknown) => replaceScales(inner, hasWeights);
  if (Array.isArray(value)) return value.map(deeper);
  if (typeof value !== 'object' || value === null) return value;
  if (!unscaled.accepts(value) || !hasWeights(value.config.name)) return mapValues(value, deeper);
  return { ...value, config: { ...value.config, scale: true } };
}

function mapValues(object: object, map: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
