import type { Graph, Node, ValueInfo } from './protobuf.ts';
import { replaced } from './protobuf.ts';
import { elemTypes, floatTensor } from './tensor.ts';

/** Types of images that are turned into from float32. */
const floats: readonly number[] = [elemTypes.float16, elemTypes.double, elemTypes.bfloat16];
/** Pixel values from 0 to 255 as they are. */
const bytes: readonly number[] = [elemTypes.uint8, elemTypes.int32, elemTypes.int64];

/** The nodes of the door, by name; `inFloat32` takes them out again. */
export const door = { scale: 'images: scale', clip: 'images: clip', round: 'images: round', cast: 'images: cast' };

/** Whether the images of a graph are pixel values from 0 to 255, behind a door. */
export function takesBytes(graph: Graph): boolean {
  return graph.node.some(({ name }) => name === door.scale);
}

/**
 * The graph with float32 images where it asks for float16 or double ones, or for pixel values from 0 to 255: these are taken
 * from images in [0, 1], as all other models see them.
 *
 * @param readsPixels whether it takes such pixel values though its input is no whole number
 */
export function withFloatImages(graph: Graph, readsPixels: boolean): Graph {
  const [input, ...others] = graph.input;
  const tensor = input?.type?.tensorType;
  if (!tensor || others.length > 0 || tensor.shape?.dim.length !== 4) return graph;
  const { elemType } = tensor;
  const isFloat = floats.includes(elemType) || (readsPixels && elemType === elemTypes.float);
  if (!isFloat && !bytes.includes(elemType)) return graph;
  const typed = `${input.name} as the model takes it`;
  const limits = ['images: 0', 'images: 255'] as const;
  const steps = bytes.includes(elemType)
    ? [
        step('Mul', [input.name, limits[1]], door.scale),
        step('Clip', [door.scale, ...limits], door.clip),
        step('Round', [door.clip], door.round),
        step('Cast', [door.round], door.cast, typed, elemType),
      ]
    : readsPixels
      ? [step('Mul', [input.name, limits[1]], door.scale), step('Cast', [door.scale], door.cast, typed, elemType)]
      : [step('Cast', [input.name], door.cast, typed, elemType)];
  const rename = (name: string) => (name === input.name ? typed : name);
  const node = graph.node.map((each) => replaced(each, { input: each.input.map(rename) }));
  return replaced(graph, {
    input: [asFloat(input)],
    node: [...steps, ...node],
    initializer: [...graph.initializer, floatTensor(limits[0], [], [0]), floatTensor(limits[1], [], [255])],
  });
}

function step(opType: string, input: readonly string[], name: string, output = name, to: number | null = null): Node {
  const attribute = to === null ? [] : [{ name: 'to', type: 2, i: to }];
  return { opType, input: [...input], output: [output], name, attribute };
}

function asFloat(info: ValueInfo): ValueInfo {
  const shape = info.type?.tensorType?.shape ?? { dim: [] };
  return { name: info.name, type: { tensorType: { elemType: elemTypes.float, shape } } };
}
