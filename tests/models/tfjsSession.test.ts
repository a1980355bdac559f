import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { describeModel } from '../../src/models/describeModel.ts';
import type { ImageBatch, ModelDescription, Session } from '../../src/models/engine.ts';
import { featureAttack } from '../../src/pictures/featureAttack.ts';
import type { EngineName } from '../../src/records/engines.ts';
import { hasShared, shared } from '../extras.ts';
import { allRows, example, exampleImages, model, robust, source } from '../features/extraction.ts';
import { golden, greatest } from './golden.ts';
import { tfjsEngines } from './tfjsEngines.ts';
import { asGraphModel, writeModel } from './tfjsFixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow-tfjs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const layersFile = join(shared, 'data', 'cifar10', 'models', 'robust-tfjs', 'model.json');

/** The same network as a Graph model, its weights those of the Layers model. */
function graphFile(): string {
  const weights = readFileSync(join(layersFile, '..', 'weights.bin'));
  const { topology, weights: specs } = asGraphModel(JSON.parse(readFileSync(layersFile, 'utf8')), weights);
  return writeModel(join(folder, 'graph'), topology, specs);
}

/** N x C x H x W to N x H x W x C, or back, for 3 x 32 x 32. */
function interleaved(planes: Float32Array): Float32Array {
  return planes.map((_, at) => planes[at - (at % 3072) + (at % 3) * 1024 + Math.floor((at % 3072) / 3)]);
}

describe
  .skipIf(!hasShared)
  .each(
    tfjsEngines.flatMap((engine) => [
      ['Layers', engine, () => layersFile] as const,
      ['Graph', engine, graphFile] as const,
    ]),
  )('the robust network as a TF.js %s model on %s (needs ../shared)', (_kind, engine, file) => {
  let described: ModelDescription;
  let session: Session;
  let images: ImageBatch;
  const units = new Int32Array(8).fill(17);

  beforeAll(async () => {
    described = await describeModel(file());
    session = await described.open(engine, null, { threads: null });
    images = { count: 8, values: interleaved(golden('images')) };
  });
  afterAll(() => session.close());

  it('has its layers found', () => {
    expect(described.layers).toMatchObject({ features: 'features', featureMap: 'feature_map', logits: 'logits' });
  });

  it('gives the tensors of PyTorch within 1e-4', async () => {
    const tensors = await session.run(images, ['features', 'feature_map', 'logits']);
    for (const name of ['features', 'feature_map', 'logits']) {
      expect(greatest(tensors.get(name)?.values ?? [], golden(name)), name).toBeLessThan(1e-4);
    }
    expect(tensors.get('feature_map')?.shape).toEqual([8, 128, 4, 4]);
  });

  it('gives the gradient of PyTorch within 1e-4, and its attack of 20 steps within 1e-2', async () => {
    const gradient = (values: Float32Array) => session.gradient({ count: 8, values }, 'features', units);
    expect(greatest(await gradient(images.values), interleaved(golden('gradient')))).toBeLessThan(1e-4);
    const attacked = await featureAttack(images.values, units, { steps: 20, stepSize: 0.1, batch: 8 }, gradient);
    expect(greatest(attacked, interleaved(golden('attack_20')))).toBeLessThan(1e-2);
  });
});

describe.skipIf(!hasShared)('features extracted by a TF.js model (needs ../shared)', () => {
  it.each(tfjsEngines)('on %s are those of the ONNX model within 1e-4', async (on) => {
    const rows = async (path: string, engine: EngineName) => {
      const images = { images: exampleImages.slice(0, 40), folder: join(example, 'images') };
      return allRows(
        await openFeatures(source(join(folder, engine), { evalSet: images, featureModel: model(path), engine })),
      );
    };
    const [tfjs, onnx] = [await rows(layersFile, on), await rows(robust, 'onnx-cpu')];
    expect(tfjs.length).toBe(40);
    for (const [i, row] of onnx.entries()) expect(greatest(tfjs[i], row), `image ${i}`).toBeLessThan(1e-4);
  });
});
