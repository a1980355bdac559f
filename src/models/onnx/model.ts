import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../../errors.ts';
import type { RunnableEngine } from '../../records/engines.ts';
import type { ModelDescription, SessionOptions } from '../engine.ts';
import { checkTensor, type OnnxGraph } from './graph.ts';
import { takesBytes } from './imageDoor.ts';
import { featuresLayer, findLayers, inputGeometry, mapBehind, scoresLayer } from './layers.ts';
import { isOnnxruntimeNode, loadOnnxruntimeNode } from './nativeRuntime.ts';
import { readGraph } from './readGraph.ts';
import type { StartModel } from './runtime.ts';
import { openOnnxSession } from './session.ts';
import { loadOnnxruntimeWeb } from './wasmRuntime.ts';

/**
 * Reads an ONNX model from a file.
 * @throws UserError where the file cannot be read or is no ONNX model.
 */
export async function describeOnnxModel(file: string): Promise<ModelDescription> {
  const bytes = await readModelFile(file);
  const graph = readGraph(bytes, file);
  const layers = findLayers(graph);
  const geometry = (side: number | null) => inputGeometry({ input: layers.input, file }, side);
  return {
    file,
    kind: 'onnx',
    fingerprint: fingerprintOf(bytes, graph),
    layers,
    geometry,
    featuresLayer: (named) => {
      const layer = featuresLayer(graph, named);
      checkTensor(graph, layer);
      return layer;
    },
    scoresLayer: (named) => {
      const layer = scoresLayer(graph, named);
      checkTensor(graph, layer);
      return layer;
    },
    wholePixels: takesBytes(graph.graph),
    featureMapOf: (layer) => mapBehind(graph, layer),
    open: async (engine, side, options) => {
      const start = await startWith(engine, options);
      return openOnnxSession(graph, { name: layers.input.name, geometry: geometry(side) }, engine, start);
    },
  };
}

/** The runtime that an engine stands for. @throws UserError where it cannot load. */
export function startWith(engine: RunnableEngine, options: SessionOptions): Promise<StartModel> {
  if (isOnnxruntimeNode(engine)) return loadOnnxruntimeNode(engine, options);
  if (engine === 'onnx-wasm') return loadOnnxruntimeWeb(options);
  throw new Error(`${engine} runs no ONNX models`);
}

async function readModelFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new UserError({
      what: `the model cannot be read (${messageOf(cause)})`,
      where: file,
      fix: 'Check the path of the model in the config',
      cause,
    });
  }
}

/** The file, then the weights that it names in other files (they are read into the graph). */
function fingerprintOf(bytes: Uint8Array, { graph }: OnnxGraph): string {
  const hash = createHash('sha256').update(bytes);
  for (const { rawData } of graph.initializer) if (rawData?.length) hash.update(rawData);
  return hash.digest('hex');
}
