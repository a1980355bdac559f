import { compileSchema } from '../../adapters/jsonSchema.ts';
import { isJsonObject, type JsonObject } from '../../records/json.ts';
import type { TfjsFiles } from './files.ts';

/** Layers that change images in training only: they give what they get. */
const AUGMENTATION: ReadonlySet<unknown> = new Set([
  ...['RandomFlip', 'RandomRotation', 'RandomZoom', 'RandomTranslation', 'RandomContrast', 'RandomBrightness'],
  ...['RandomShear', 'RandomHue', 'RandomSaturation', 'RandomGrayscale', 'RandomErasing', 'RandomPerspective'],
]);

const text = { type: 'string' };
/** A thing as Keras writes it: its class, and what it takes to make it again. */
const made = (className: object, config: Record<string, object>) => ({
  type: 'object',
  required: ['class_name', 'config'],
  properties: {
    class_name: className,
    config: { type: 'object', required: Object.keys(config), properties: config },
  },
});
const dtypePolicy = compileSchema<{ readonly config: { readonly name: string } }>(
  made({ const: 'DTypePolicy' }, { name: text }),
);
const tensor = compileSchema<{ readonly config: { readonly keras_history: readonly unknown[] } }>(
  made({ const: '__keras_tensor__' }, { keras_history: { type: 'array' } }),
);
const layer = compileSchema<{ readonly class_name: string; readonly config: JsonObject & { readonly name: string } }>(
  made(text, { name: text }),
);
const layers = compileSchema<{ readonly layers: readonly unknown[] }>({
  type: 'object',
  required: ['layers'],
  properties: { layers: { type: 'array' } },
});
/**
 * A Keras 3 model as Keras 2 would have written it, which is what TF.js reads: shapes and types of inputs, how layers feed
 * each other, names of weights (tensorflowjs 4.22 writes them by the model's path from `.h5`, by class and place from
 * `.keras`). Any other model stays as it is.
 */
export function asKeras2(files: TfjsFiles): TfjsFiles {
  const { topology } = files;
  const model = topology.model_config ?? topology;
  const version = topology.keras_version ?? (isJsonObject(model) ? model.keras_version : null);
  if (typeof version !== 'string' || !/^[3-9]\./.test(version)) return files;
  const names = weightNames(model);
  return {
    ...files,
    topology: { ...topology, keras_version: '2.15.0', model_config: plain(model) },
    weights: files.weights.map((spec) => ({ ...spec, name: names(spec.name) })),
  };
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isJsonObject(value)) return value;
  if (dtypePolicy.accepts(value)) return value.config.name;
  const inner: JsonObject = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  const { inbound_nodes: nodes, input_layers: inputs, output_layers: outputs } = inner;
  return withPlainConfig({
    ...inner,
    ...(Array.isArray(nodes) ? { inbound_nodes: nodes.map(references) } : {}),
    ...(Array.isArray(inputs) ? { input_layers: listed(inputs) } : {}),
    ...(Array.isArray(outputs) ? { output_layers: listed(outputs) } : {}),
  });
}

function withPlainConfig(value: JsonObject): JsonObject {
  const { class_name: name, config } = value;
  if (!isJsonObject(config)) return value;
  if (name === 'InputLayer') return { ...value, config: { ...config, batch_input_shape: config.batch_shape } };
  if (!AUGMENTATION.has(name)) return value;
  return { ...value, class_name: 'Activation', config: { name: config.name, activation: 'linear' } };
}

/** The tensors of a call, as Keras 2 lists them; `keras_history` is the layer, its use and its output. */
function references(node: unknown): unknown {
  return isJsonObject(node) ? tensorsIn([node.args, node.kwargs]).map((each) => [...each, {}]) : node;
}

function tensorsIn(value: unknown): (readonly unknown[])[] {
  if (tensor.accepts(value)) return [value.config.keras_history];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  return isJsonObject(value) ? Object.values(value).flatMap(tensorsIn) : [];
}

/** Keras 3 leaves out the outer list where there is one input or output. */
function listed(references: readonly unknown[]): readonly unknown[] {
  return Array.isArray(references[0]) ? references : [references];
}

/** The name that TF.js gives a weight, `layer/variable`; of a name that is not known, the name. */
function weightNames(model: unknown): (name: string) => string {
  const byPath = new Map<string, readonly [layer: string, className: string, config: JsonObject]>();
  const byName = new Map<string, string>();
  const visit = (value: unknown, path: string) => {
    if (!isJsonObject(value) || !layers.accepts(value.config)) return;
    const used = new Map<string, number>();
    for (const each of value.config.layers) {
      if (!layer.accepts(each)) continue;
      const { class_name: className, config } = each;
      // keras/src/saving/saving_lib.py, _save_container_state.
      const snake = className
        .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
        .replace(/([a-z])([A-Z])/g, '$1_$2')
        .toLowerCase();
      const count = used.get(snake) ?? 0;
      used.set(snake, count + 1);
      const place = `${path}layers/${count === 0 ? snake : `${snake}_${count}`}`;
      byPath.set(place, [config.name, className, config]);
      byName.set(config.name, className);
      visit(each, `${place}/`);
    }
  };
  visit(model, '');
  return (name) => {
    const [, path = '', index = ''] = /^(.*)\/vars\/(\d+)$/.exec(name) ?? [];
    const [owner, className, config] = byPath.get(path) ?? [];
    if (owner !== undefined && className !== undefined && config !== undefined) {
      const variable = variablesOf(className, config)[Number(index)];
      return variable === undefined ? name : `${owner}/${variable}`;
    }
    const [variable, last] = name.split('/').toReversed();
    const known = last === undefined ? undefined : byName.get(last);
    if (known === undefined || variable === undefined) return name;
    // Keras 3 calls the kernel of a depthwise convolution as that of any other.
    return `${last}/${known === 'DepthwiseConv2D' && variable === 'kernel' ? 'depthwise_kernel' : variable}`;
  };
}

/** A layer's variables by TF.js' names, in Keras' order. */
function variablesOf(className: string, config: JsonObject): readonly string[] {
  const bias = config.use_bias === false ? [] : ['bias'];
  switch (className) {
    case 'BatchNormalization':
    case 'LayerNormalization':
      return [
        ...(config.scale === false ? [] : ['gamma']),
        ...(config.center === false ? [] : ['beta']),
        ...(className === 'BatchNormalization' ? ['moving_mean', 'moving_variance'] : []),
      ];
    case 'DepthwiseConv2D':
      return ['depthwise_kernel', ...bias];
    case 'SeparableConv2D':
      return ['depthwise_kernel', 'pointwise_kernel', ...bias];
    case 'PReLU':
      return ['alpha'];
    default:
      return ['kernel', ...bias];
  }
}
