import type { ImageBatch, RunnableEngine, Session, Tensor } from './engine.ts';
import { bytesOf, type OnnxGraph, withOutputs } from './onnxGraph.ts';
import type { InputGeometry } from './onnxGraphLayers.ts';
import type { Feeds, RunModel, StartModel } from './onnxRuntime.ts';

/** A model's graph on an ONNX Runtime, whichever package and provider `start` stands for. */
export function openOnnxSession(
  graph: OnnxGraph,
  input: { readonly name: string; readonly geometry: InputGeometry },
  engine: RunnableEngine,
  start: StartModel,
): Session {
  // One runtime session a set of outputs: each drops the nodes that its outputs do not need.
  const started = new Map<string, Promise<RunModel>>();
  const startFor = (outputs: readonly string[]): Promise<RunModel> => {
    const key = JSON.stringify(outputs);
    const running = started.get(key) ?? start(bytesOf(withOutputs(graph, outputs)), outputs);
    started.set(key, running);
    return running;
  };
  return {
    engine,
    run: async (images, outputs) => {
      const model = await startFor(outputs);
      return model.run(feed(input, images));
    },
    close: async () => {
      for (const model of started.values()) await (await model).release();
      started.clear();
    },
  };
}

function feed(input: { readonly name: string; readonly geometry: InputGeometry }, images: ImageBatch): Feeds {
  const { layout, height, width } = input.geometry;
  const shape = layout === 'NCHW' ? [images.count, 3, height, width] : [images.count, height, width, 3];
  const tensor: Tensor = { shape, values: images.values };
  return new Map([[input.name, tensor]]);
}
