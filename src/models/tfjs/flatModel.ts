import type { TfjsFiles } from './files.ts';
import { type FunctionalConfig, functionalConfig, kerasModel, type Layer, sequentialConfig } from './kerasConfig.ts';

/** The layer, which of its uses, and which of its outputs. */
type Reference = readonly [layer: string, use: unknown, output: unknown];

/** The config of a functional model; null of anything else. */
function functionalOf(model: unknown): FunctionalConfig | null {
  const isOne = kerasModel.accepts(model) && ['Model', 'Functional'].includes(model.class_name);
  return isOne && functionalConfig.accepts(model.config) ? model.config : null;
}

/** The layers of a sequential model; null of anything else. */
function chainOf(model: unknown): readonly Layer[] | null {
  const isOne = kerasModel.accepts(model) && model.class_name === 'Sequential';
  return isOne && sequentialConfig.accepts(model.config) ? model.config.layers : null;
}

const isModel = (value: unknown) => chainOf(value) !== null || functionalOf(value) !== null;

/**
 * A Layers model with the layers of the models inside it in their place, as Teachable Machine and transfer learning nest
 * them: so that each layer can be named, its values and gradients taken. One with nothing inside stays as it is, as does
 * one whose inner models are used twice or bear the same names twice.
 */
export function withoutInnerModels(files: TfjsFiles): TfjsFiles {
  const model = files.topology.model_config ?? files.topology;
  const layers = chainOf(model) ?? functionalOf(model)?.layers;
  if (!layers?.some(isModel)) return files;
  const flat = flattened(model);
  if (flat === null) return files;
  return { ...files, topology: { ...files.topology, model_config: { class_name: 'Functional', config: flat } } };
}

function flattened(model: unknown): object | null {
  const inputs = inputsOf(model);
  const layers: Layer[] = [...inputs];
  const given = inputs.map(({ config }): Reference => [config.name, 0, 0]);
  const outputs = inline(model, given, layers);
  const names = new Set(layers.map(({ config }) => config.name));
  if (inputs.length === 0 || outputs === null || names.size < layers.length) return null;
  return { name: 'flat', layers, input_layers: given, output_layers: outputs };
}

/** The input layers of a model: its own, or one for its first layer's shape. */
function inputsOf(model: unknown): readonly Layer[] {
  const functional = functionalOf(model);
  if (functional !== null) {
    const names = new Set(functional.input_layers.map(([name]) => name));
    return functional.layers.filter(({ config }) => names.has(config.name)).map(withoutUses);
  }
  const [first] = chainOf(model) ?? [];
  if (first === undefined || first.class_name === 'InputLayer') return first === undefined ? [] : [withoutUses(first)];
  if (isModel(first)) return inputsOf(first);
  const { name, batch_input_shape: shape } = first.config;
  return shape === undefined
    ? []
    : [withoutUses({ class_name: 'InputLayer', config: { name: `${name}_input`, batch_input_shape: shape } })];
}

const withoutUses = (input: Layer): Layer => ({ ...named(input), inbound_nodes: [] });

/** Adds a model's layers, fed by `inputs`; returns its outputs, null where it cannot be laid flat. */
function inline(model: unknown, inputs: readonly Reference[], into: Layer[]): readonly Reference[] | null {
  const chain = chainOf(model);
  if (chain !== null) return inlineChain(chain, inputs, into);
  const functional = functionalOf(model);
  if (functional === null) return null;
  const { layers, input_layers, output_layers } = functional;
  /** What stands for the outputs of inputs and of inner models. */
  const stands = new Map<unknown, readonly Reference[]>(
    input_layers.map(([name], i) => [name, inputs.slice(i, i + 1)]),
  );
  const resolved = ([name, use, output]: readonly unknown[]): Reference =>
    stands.get(name)?.[Number(output)] ?? [String(name), use, output];
  for (const each of layers) {
    if (stands.has(each.config.name)) continue;
    const uses = usesOf(each);
    if (uses === null) return null;
    if (isModel(each)) {
      const [use] = uses;
      const outputs = use === undefined || uses.length > 1 ? null : inline(each, use.map(resolved), into);
      if (outputs === null) return null;
      stands.set(each.config.name, outputs);
    } else {
      const fed = uses.map((use) => use.map((reference) => [...resolved(reference), reference[3] ?? {}]));
      into.push({ ...named(each), inbound_nodes: fed });
    }
  }
  return output_layers.map(resolved);
}

function inlineChain(
  layers: readonly Layer[],
  inputs: readonly Reference[],
  into: Layer[],
): readonly Reference[] | null {
  let current = inputs;
  for (const each of layers) {
    if (each.class_name === 'InputLayer') continue;
    if (isModel(each)) {
      const outputs = inline(each, current, into);
      if (outputs === null) return null;
      current = outputs;
    } else {
      into.push({ ...named(each), inbound_nodes: [current.map((reference) => [...reference, {}])] });
      current = [[each.config.name, 0, 0]];
    }
  }
  return current;
}

/** Of each use of a layer the tensors that it takes; null where they are not written so. */
function usesOf({ inbound_nodes: uses = [] }: Layer): readonly (readonly (readonly unknown[])[])[] | null {
  return uses.every(isListOfLists) ? uses : null;
}

function isListOfLists(value: unknown): value is readonly (readonly unknown[])[] {
  return Array.isArray(value) && value.every(Array.isArray);
}

/** In a functional model each layer's name stands beside its config too. */
const named = (each: Layer): Layer & { readonly name: string } => ({ ...each, name: each.config.name });
