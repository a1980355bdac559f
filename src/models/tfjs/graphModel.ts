import { compileSchema } from '../../adapters/jsonSchema.ts';
import { UserError } from '../../errors.ts';
import type { TfjsFiles, WeightSpec } from './files.ts';
import type { Role, TfjsGraph } from './graph.ts';
import { beginsWithPixels, stepOfOperator } from './pixelInput.ts';

interface Op {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:output`, or `^node` for one that must only run before. */
  readonly input?: readonly string[];
  readonly attr?: { readonly shape?: { readonly shape?: { readonly dim?: readonly { readonly size?: unknown }[] } } };
}

const graphDef = compileSchema<{ readonly node: readonly Op[] }>({
  type: 'object',
  required: ['node'],
  properties: {
    node: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['name', 'op'],
        properties: {
          name: { type: 'string' },
          op: { type: 'string' },
          input: { type: 'array', items: { type: 'string' } },
          attr: { type: 'object' },
        },
      },
    },
  },
});

const dims = { type: 'array', items: { type: 'object' } };
const inputShape = compileSchema<{ readonly shape: { readonly dim: readonly { readonly size?: unknown }[] } }>({
  type: 'object',
  required: ['shape'],
  properties: { shape: { type: 'object', required: ['dim'], properties: { dim: dims } } },
});

const ROLES: ReadonlyMap<string, Role> = new Map([
  ['AvgPool', 'pool'],
  ['Identity', 'same'],
  ['Reshape', 'same'],
  ['Squeeze', 'same'],
  ['ExpandDims', 'same'],
  ['Mul', 'scale'],
  ['Sub', 'scale'],
  ['RealDiv', 'scale'],
  ['FusedBatchNorm', 'scale'],
  ['FusedBatchNormV3', 'scale'],
  ['Softmax', 'score'],
  ['LogSoftmax', 'score'],
  ['Sigmoid', 'score'],
  ['ArgMax', 'score'],
]);

/** What the operators of a graph are judged by. */
interface Context {
  readonly ops: ReadonlyMap<string, Op>;
  readonly weights: ReadonlyMap<string, WeightSpec>;
}

/**
 * Reads the network of a Graph model, as tensorflowjs_converter writes them.
 * @throws UserError where it is none, or takes other than one image input.
 */
export function readGraphModel(files: TfjsFiles): TfjsGraph {
  const { topology, weights, file } = files;
  if (!graphDef.accepts(topology)) throw unreadable('modelTopology holds no TensorFlow graph', file);
  const context = {
    ops: new Map(topology.node.map((op) => [op.name, op])),
    weights: new Map(weights.map((spec) => [spec.name, spec])),
  };
  const inputs = topology.node.filter(({ op }) => op === 'Placeholder');
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1)
    throw unreadable(`it takes ${inputs.length} inputs, not one image`, file);
  const consumed = new Set(topology.node.flatMap(({ input = [] }) => input.map(sourceOf)));
  const outputs = topology.node.filter(({ name, op }) => !consumed.has(name) && op !== 'Const' && op !== 'NoOp');
  const nodes = topology.node
    .filter(({ op }) => op !== 'Const')
    .map((op) => [op.name, { role: roleOf(op, context), from: computed(op, context)[0] ?? null }] as const);
  const steps = topology.node.map((op) => stepOfOperator(op, inputsOf(op), computed(op, context)[0] ?? null, files));
  return {
    file,
    input: { name: input.name, shape: shapeOf(input) },
    readsPixels: beginsWithPixels(input.name, steps),
    outputs: outputs.map(({ name }) => name),
    nodes: new Map(nodes),
  };
}

/** The node that an input names. */
function sourceOf(input: string): string {
  return input.replace(/^\^/, '').replace(/:\d+$/, '');
}

const inputsOf = ({ input = [] }: Op) => input.filter((name) => !name.startsWith('^')).map(sourceOf);

/** The inputs that depend on the image, as far as can be told: those that are no weights. */
function computed(op: Op, { ops }: Context): string[] {
  return inputsOf(op).filter((name) => ops.has(name) && ops.get(name)?.op !== 'Const');
}

function roleOf(op: Op, context: Context): Role {
  const [, second] = inputsOf(op);
  const fixed = context.weights.get(second ?? '');
  switch (op.op) {
    case 'MatMul':
    case '_FusedMatMul':
      return fixed ? 'dense' : 'other';
    case 'Conv2D':
    case '_FusedConv2D':
      // MobileNet ends in a convolution of the pooled vector.
      return fixed?.shape.slice(0, 2).every((side) => side === 1) ? 'dense' : 'conv';
    case 'DepthwiseConv2dNative':
    case 'FusedDepthwiseConv2dNative':
      return 'conv';
    case 'Mean':
    case 'Max':
      return fixed?.shape[0] === 2 ? 'pool' : 'other';
    case 'BiasAdd':
    case 'Add':
    case 'AddV2':
      return computed(op, context).length === 1 ? 'bias' : 'other';
    default: {
      const role = ROLES.get(op.op) ?? 'other';
      return role === 'scale' && computed(op, context).length > 1 ? 'other' : role;
    }
  }
}

/** A size of -1 is open; 64-bit integers are written as texts. */
function shapeOf({ attr }: Op): readonly (number | null)[] {
  const shape: unknown = attr?.shape;
  if (!inputShape.accepts(shape)) return [];
  return shape.shape.dim.map(({ size }) => (Number(size) > 0 ? Number(size) : null));
}

function unreadable(why: string, file: string): UserError {
  return new UserError({
    what: `the Graph model cannot be read (${why})`,
    where: file,
    fix: 'Export a model of one image input with tensorflowjs_converter',
  });
}
