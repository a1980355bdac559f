import { compileSchema } from '../../adapters/jsonSchema.ts';

/** A layer as Keras 2 writes it, which may be a model itself. */
export interface Layer {
  readonly class_name: string;
  /** In functional models, the same as in `config`. */
  readonly name?: string;
  readonly config: { readonly name: string; readonly [key: string]: unknown };
  /** Functional models: for each use of the layer its inputs, each `[layer, use, output, arguments]`. */
  readonly inbound_nodes?: readonly unknown[];
}

/** What a functional model is made of. */
export interface FunctionalConfig {
  readonly layers: readonly Layer[];
  /** Each `[layer, use, output]`. */
  readonly input_layers: readonly (readonly unknown[])[];
  readonly output_layers: readonly (readonly unknown[])[];
}

const layers = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    required: ['class_name', 'config'],
    properties: {
      class_name: { type: 'string' },
      config: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      inbound_nodes: { type: 'array' },
    },
  },
};
const references = { type: 'array', minItems: 1, items: { type: 'array' } };

/** Of a functional model. */
export const functionalConfig = compileSchema<FunctionalConfig>({
  type: 'object',
  required: ['layers', 'input_layers', 'output_layers'],
  properties: { layers, input_layers: references, output_layers: references },
});

/** Of a sequential model; a functional one passes for it too. */
export const sequentialConfig = compileSchema<{ readonly layers: readonly Layer[] }>({
  type: 'object',
  required: ['layers'],
  properties: { layers },
});

/** A model by its class and config. */
export const kerasModel = compileSchema<{ readonly class_name: string; readonly config: unknown }>({
  type: 'object',
  required: ['class_name', 'config'],
  properties: { class_name: { type: 'string' }, config: {} },
});
