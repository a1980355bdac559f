import { nearestNames } from '../../adapters/nearestWord.ts';
import { UserError } from '../../errors.ts';
import { mapOfMean, nameOfMean } from '../nameOfMean.ts';
import { quoted } from '../onnx/graph.ts';
import type { Layers } from '../onnx/layers.ts';
import type { TfjsFiles } from './files.ts';

/**
 * What a layer or operator does to what comes in: `dense`: a product with fixed weights; `pool`: the mean or maximum
 * over height and width; `same`: the same values in another shape; `scale`: each value scaled and shifted; `bias`: fixed
 * values added; `score`: scores of the same classes; `conv`: a convolution wider than 1 x 1, or one by channel.
 */
export type Role = 'dense' | 'pool' | 'same' | 'scale' | 'bias' | 'score' | 'conv' | 'other';

/** A layer of a Layers model or an operator of a Graph model. */
export interface TfjsNode {
  readonly role: Role;
  /** The node whose values come in (the first, where there are several); null: none. */
  readonly from: string | null;
}

/** What a `model.json` says of its network: enough to find layers, whichever of the two kinds it is. */
export interface TfjsGraph {
  readonly file: string;
  readonly input: Layers['input'];
  readonly outputs: readonly string[];
  /** Whether it takes pixels from 0 to 255 and scales them itself. */
  readonly readsPixels: boolean;
  /** By name, in the file's order. */
  readonly nodes: ReadonlyMap<string, TfjsNode>;
}

/** Whether a model is a TensorFlow graph rather than a Keras model. */
export function isGraphModel({ topology }: TfjsFiles): boolean {
  return 'node' in topology;
}

/** Roles that lead from the model's output to its last dense layer, and from the features to their pooling. */
const TO_DENSE: ReadonlySet<Role> = new Set(['same', 'score', 'bias']);
const TO_POOL: ReadonlySet<Role> = new Set(['same', 'scale', 'bias']);

/** Finds the layers that matter, as `findLayers` does in ONNX graphs: where outputs end in different dense layers, what they do not share is null. */
export function findTfjsLayers(graph: TfjsGraph): Layers {
  const { input } = graph;
  const heads = headsOf(graph);
  const [first] = heads;
  if (first !== undefined) {
    const isOne = (of: (head: Head) => string) => new Set(heads.map(of)).size === 1;
    // One may read what another does through a dropout.
    const features = isOne((head) => valuesBehind(graph, head.features)) ? first.features : null;
    const logits = isOne((head) => head.logits) ? first.logits : null;
    return { input, features, featureMap: features && pooledMap(graph, features), logits };
  }
  const scored = graph.outputs.flatMap((output) => scoredMap(graph, output) ?? [])[0];
  if (scored !== undefined) return { input, ...scored };
  const pooled = graph.outputs.find((output) => pooledMap(graph, output) !== null) ?? meanOfOutput(graph);
  return { input, features: pooled, featureMap: pooled && pooledMap(graph, pooled), logits: null };
}

/** The node whose values these are, in another shape perhaps. */
function valuesBehind({ nodes }: TfjsGraph, name: string): string {
  const seen = new Set<string>(); // a hostile file may hold a ring
  let at = name;
  for (let node = nodes.get(at); node?.role === 'same' && node.from !== null && !seen.has(at); node = nodes.get(at)) {
    seen.add(at);
    at = node.from;
  }
  return at;
}

interface Head {
  readonly output: string;
  readonly features: string;
  readonly logits: string;
}

/** The dense layers that the outputs end in, one an output; one whose product another of them reads is none. */
function headsOf(graph: TfjsGraph): readonly Head[] {
  const heads = graph.outputs.flatMap((output): Head[] => {
    const path = walk(graph, output, 'dense', TO_DENSE);
    const features = path && graph.nodes.get(path.found)?.from;
    if (!features) return [];
    const { before, found } = path;
    return [{ output, features, logits: before !== null && graph.nodes.get(before)?.role === 'bias' ? before : found }];
  });
  return heads.filter(
    ({ logits, output }) => !heads.some(({ features }) => features === logits || features === output),
  );
}

/** Answers that are made of the mean of a map of scores, as in SqueezeNet and mini-Xception: features are the mean of what makes the map. */
function scoredMap(graph: TfjsGraph, output: string): Omit<Layers, 'input'> | null {
  if (walk(graph, output, 'score', new Set<Role>(['same'])) === null) return null;
  const logits = walk(graph, output, 'pool', TO_DENSE)?.found ?? null;
  const map = logits && graph.nodes.get(logits)?.from;
  if (!map) return null;
  const made = ['conv', 'dense'] as const;
  const maker = made.flatMap((role) => walk(graph, map, role, new Set<Role>(['bias', 'same'])) ?? [])[0];
  const featureMap = maker && graph.nodes.get(maker.found)?.from;
  return featureMap ? { features: nameOfMean(featureMap), featureMap, logits } : null;
}

/**
 * The mean of the map that a network without a head ends in; null where something on the way to it may have pooled or laid flat, and
 * where it ends in a convolution, which scores places rather than describes them.
 */
function meanOfOutput(graph: TfjsGraph): string | null {
  const [output, ...others] = graph.outputs;
  if (output === undefined || others.length > 0) return null;
  if (walk(graph, output, 'conv', new Set<Role>(['bias'])) ?? walk(graph, output, 'dense', new Set<Role>(['bias'])))
    return null;
  const seen = new Set<string>();
  let convolutions = 0;
  for (let name: string | null = output; name !== null && !seen.has(name); name = graph.nodes.get(name)?.from ?? null) {
    seen.add(name);
    const role = graph.nodes.get(name)?.role;
    if (role === 'pool' || role === 'same' || role === 'score') return null;
    if (role === 'conv' || role === 'dense') convolutions++;
  }
  return convolutions > 0 ? nameOfMean(output) : null;
}

/**
 * The layer of the features: the one named, or the one found.
 * @throws UserError, with the choice there is, where there is no such layer or none was found.
 */
export function tfjsFeaturesLayer(graph: TfjsGraph, named: string | null): string {
  const layer = named ?? findTfjsLayers(graph).features ?? refuse(graph, 'the features', 'featureModel.layer.features');
  checkLayer(graph, layer);
  return layer;
}

/** As `tfjsFeaturesLayer`, for the scores of the classes. */
export function tfjsScoresLayer(graph: TfjsGraph, named: string | null): string {
  const layer =
    named ?? findTfjsLayers(graph).logits ?? refuse(graph, 'the scores of the classes', 'checkpointModel.output');
  checkLayer(graph, layer);
  return layer;
}

function refuse(graph: TfjsGraph, meant: string, key: string): never {
  const { file, nodes } = graph;
  const heads = headsOf(graph);
  if (heads.length > 0) {
    const named = heads.map(({ features, logits }) => (key.endsWith('features') ? features : logits));
    throw new UserError({
      what: `the model has ${heads.length} outputs that end in a dense layer (${quoted(heads.map(({ output }) => output))}), so ${meant} could be of either`,
      where: file,
      fix: `Name the layer in ${key}: ${quoted([...new Set(named)])}`,
    });
  }
  throw new UserError({
    what: `no dense layer was found, so ${meant} are not known`,
    where: file,
    fix: `Name their layer in ${key}; the last ones are ${quoted([...nodes.keys()].slice(-8))}`,
  });
}

/** @throws UserError, with the nearest names, where there is no such layer. */
export function checkLayer({ nodes, file }: TfjsGraph, name: string): void {
  if (nodes.has(mapOfMean(name) ?? name)) return;
  throw new UserError({
    what: `the model has no layer ${JSON.stringify(name)}`,
    where: file,
    fix: `Name one of its layers; the nearest are ${quoted(nearestNames(name, [...nodes.keys()], 5))}`,
  });
}

interface Path {
  readonly found: string;
  /** The node that `found` feeds on this path; null where the path starts at `found`. */
  readonly before: string | null;
}

/** The first node of a role found upward of `from`, past nodes of the roles `through`. */
function walk({ nodes }: TfjsGraph, from: string, role: Role, through: ReadonlySet<Role>): Path | null {
  const seen = new Set<string>(); // a hostile file may hold a ring
  let before: string | null = null;
  let name: string | null = from;
  while (name !== null && !seen.has(name)) {
    seen.add(name);
    const node = nodes.get(name);
    if (node?.role === role) return { found: name, before };
    if (node === undefined || !through.has(node.role)) return null;
    before = name;
    name = node.from;
  }
  return null;
}

/** The map that a layer of features was pooled from; null where there is none. */
export function pooledMap(graph: TfjsGraph, features: string): string | null {
  const meant = mapOfMean(features);
  if (meant !== null) return meant;
  const path = walk(graph, features, 'pool', TO_POOL);
  return path && (graph.nodes.get(path.found)?.from ?? null);
}
