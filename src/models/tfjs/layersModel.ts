import { UserError } from '../../errors.ts';
import { entry, lookUp } from '../../records/entry.ts';
import { inOrder } from '../inOrder.ts';
import type { TfjsFiles } from './files.ts';
import type { Role, TfjsGraph, TfjsNode } from './graph.ts';
import { type FunctionalConfig, functionalConfig, kerasModel, type Layer, sequentialConfig } from './kerasConfig.ts';
import { beginsWithPixels, stepOfLayer } from './pixelInput.ts';

const ROLES: ReadonlyMap<string, Role> = new Map([
  ['Dense', 'dense'],
  ['GlobalAveragePooling2D', 'pool'],
  ['GlobalMaxPooling2D', 'pool'],
  ['AveragePooling2D', 'pool'],
  ['Flatten', 'same'],
  ['Reshape', 'same'],
  ['Dropout', 'same'],
  ['BatchNormalization', 'scale'],
  ['LayerNormalization', 'scale'],
  ['Rescaling', 'scale'],
  ['Softmax', 'score'],
]);

/**
 * Reads the network of a Layers model; a model that is still inside the model counts as one layer.
 * @throws UserError where it is not one that TF.js could load, or takes other than one input.
 */
export function readLayersModel({ topology, file }: TfjsFiles): TfjsGraph {
  const { config } = kerasConfig(topology, file);
  if (functionalConfig.accepts(config)) return functional(config, file);
  // Old Keras wrote a sequential model as its bare list of layers.
  const listed = Array.isArray(config) ? { layers: config } : config;
  if (sequentialConfig.accepts(listed)) return sequential(listed.layers, file);
  throw unreadable('its list of layers cannot be read', file);
}

/** Keras puts the model one level deeper than TF.js does. */
function kerasConfig(topology: TfjsFiles['topology'], file: string) {
  const model = topology.model_config ?? topology;
  if (kerasModel.accepts(model)) return model;
  throw unreadable('modelTopology holds no Keras model', file);
}

function functional({ layers, input_layers, output_layers }: FunctionalConfig, file: string): TfjsGraph {
  if (input_layers.length !== 1) throw unreadable(`it takes ${input_layers.length} inputs, not one image`, file);
  checkFeeding(layers, file);
  const input = firstText(input_layers) ?? '';
  const shape = inputShape(layers.find(({ config }) => config.name === input));
  const nodes = new Map(layers.map((layer) => [layer.config.name, nodeOf(layer, firstText(layer.inbound_nodes))]));
  const steps = layers.map((layer) => stepOfLayer(layer, firstText(layer.inbound_nodes)));
  return {
    file,
    input: { name: input, shape },
    readsPixels: beginsWithPixels(input, steps),
    outputs: output_layers.flatMap((output) => firstText(output) ?? []),
    nodes,
  };
}

/** @throws UserError where layers wait for one another or for one that is not there: TF.js would wait for ever. */
function checkFeeding(layers: readonly Layer[], file: string): void {
  const byName = new Map(layers.map((layer) => [layer.config.name, layer]));
  const feeders = new Map<Layer, readonly Layer[]>();
  for (const layer of layers) {
    const shown = JSON.stringify(layer.config.name);
    if (layer.name !== layer.config.name) throw unreadable(`the layer ${shown} lacks its name`, file);
    const names = [layer.inbound_nodes ?? []].flat(2).flatMap((reference) => firstText(reference) ?? []);
    const missing = names.find((name) => !byName.has(name));
    if (missing !== undefined)
      throw unreadable(`the layer ${shown} is fed by ${JSON.stringify(missing)}, which is not there`, file);
    feeders.set(
      layer,
      names.map((name) => lookUp(byName, name)),
    );
  }
  const found = inOrder(layers, (layer) => lookUp(feeders, layer));
  if ('circle' in found)
    throw unreadable(`the layer ${JSON.stringify(found.circle.config.name)} and others feed each other`, file);
}

function sequential(layers: readonly Layer[], file: string): TfjsGraph {
  const names = layers.map(({ config }) => config.name);
  const nodes = new Map(layers.map((layer, i) => [layer.config.name, nodeOf(layer, names[i - 1] ?? null)]));
  const steps = layers.map((layer, i) => stepOfLayer(layer, names[i - 1] ?? null));
  return {
    file,
    input: { name: entry(names, 0), shape: inputShape(layers[0]) },
    readsPixels: beginsWithPixels(entry(names, 0), steps),
    outputs: names.slice(-1),
    nodes,
  };
}

function nodeOf({ class_name, config }: Layer, from: string | null): TfjsNode {
  return { role: roleOf(class_name, config), from };
}

function roleOf(className: string, config: Layer['config']): Role {
  if (className === 'Activation') return config.activation === 'relu' ? 'other' : 'score';
  // MobileNet ends in a convolution of the pooled vector.
  if (className === 'Conv2D' && [config.kernel_size].flat().every((side) => side === 1)) return 'dense';
  if (/Conv2D$/.test(className)) return 'conv';
  return ROLES.get(className) ?? 'other';
}

/** The name that a list of references starts with: of a layer's first use its first input. */
function firstText(references: unknown): string | null {
  let at = references;
  while (Array.isArray(at)) at = at[0];
  return typeof at === 'string' ? at : null;
}

/** Of an input layer, of a sequential model's first layer, or of the first layer of a model inside it. */
function inputShape(layer: Layer | undefined): readonly (number | null)[] {
  const shape = layer?.config.batch_input_shape ?? layer?.config.batch_shape;
  if (Array.isArray(shape)) return shape.map((length) => (typeof length === 'number' ? length : null));
  const inner = layer?.config;
  return sequentialConfig.accepts(inner) ? inputShape(inner.layers[0]) : [];
}

function unreadable(why: string, file: string): UserError {
  return new UserError({
    what: `the Layers model cannot be read (${why})`,
    where: file,
    fix: 'Export it again with tensorflowjs_converter (Keras 2 format) or model.save; a graph model will do too',
  });
}
