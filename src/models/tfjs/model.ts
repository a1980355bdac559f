import { UserError } from '../../errors.ts';
import type { RunnableEngine } from '../../records/engines.ts';
import type { ModelDescription } from '../engine.ts';
import { inputGeometry } from '../onnx/layers.ts';
import { readTfjsFiles } from './files.ts';
import { withoutInnerModels } from './flatModel.ts';
import { findTfjsLayers, isGraphModel, pooledMap, tfjsFeaturesLayer, tfjsScoresLayer } from './graph.ts';
import { readGraphModel } from './graphModel.ts';
import { asKeras2 } from './keras3.ts';
import { readLayersModel } from './layersModel.ts';
import { isTfjsNode, loadTfjsNode } from './nativeBackend.ts';
import { openTfjsSession } from './session.ts';
import { loadTfjsWasm, type Tfjs } from './wasmBackend.ts';

/**
 * Reads a TF.js Layers or Graph model from its `model.json` and the weight files beside it.
 * @throws UserError where a file cannot be read or is no TF.js model.
 */
export async function describeTfjsModel(file: string): Promise<ModelDescription> {
  const files = withoutInnerModels(asKeras2(readTfjsFiles(file)));
  const graph = isGraphModel(files) ? readGraphModel(files) : readLayersModel(files);
  const { input } = graph;
  const geometry: ModelDescription['geometry'] = (side) => {
    if (input.shape.length === 4) return inputGeometry({ input, file }, side);
    throw new UserError({
      what: `the input ${JSON.stringify(input.name)} has ${input.shape.length} dimensions: it is no image batch`,
      where: file,
      fix: 'Export a model that takes N x height x width x 3',
    });
  };
  return {
    file,
    kind: 'tfjs',
    fingerprint: files.fingerprint,
    layers: findTfjsLayers(graph),
    geometry,
    featuresLayer: (named) => tfjsFeaturesLayer(graph, named),
    scoresLayer: (named) => tfjsScoresLayer(graph, named),
    wholePixels: graph.readsPixels,
    featureMapOf: (layer) => pooledMap(graph, layer),
    open: async (engine, side) => openTfjsSession(await loadTfjs(engine), engine, files, graph, geometry(side)),
  };
}

/** The TensorFlow.js that an engine stands for. @throws UserError where it cannot load. */
export async function loadTfjs(engine: RunnableEngine): Promise<Tfjs> {
  if (isTfjsNode(engine)) return loadTfjsNode(engine);
  if (engine === 'tfjs-wasm') return loadTfjsWasm();
  throw new Error(`${engine} runs no TF.js models`);
}
