import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { Session } from '../../src/models/engine.ts';
import { bytesOf, withOutputs } from '../../src/models/onnx/graph.ts';
import { describeOnnxModel } from '../../src/models/onnx/model.ts';
import { readGraph } from '../../src/models/onnx/readGraph.ts';
import { featureAttack } from '../../src/pictures/featureAttack.ts';
import type { RunnableEngine } from '../../src/records/engines.ts';
import { hasShared } from '../extras.ts';
import { robust } from '../features/extraction.ts';
import { root } from '../images/fixtures.ts';
import { golden, greatest } from './golden.ts';

async function open(threads: number | null, engine: RunnableEngine = 'onnx-cpu'): Promise<Session> {
  return (await describeOnnxModel(robust)).open(engine, null, { threads });
}

describe.skipIf(!hasShared)('a session on onnx-cpu (needs ../shared)', () => {
  it.each([1, 2, null])('gives the tensors of PyTorch within 1e-4 on %s threads', async (threads) => {
    const session = await open(threads);
    const images = { count: 8, values: golden('images') };
    const tensors = await session.run(images, ['features', 'feature_map', 'logits']);
    for (const name of ['features', 'feature_map', 'logits']) {
      expect(greatest(tensors.get(name)?.values ?? [], golden(name)), name).toBeLessThan(1e-4);
    }
    expect(tensors.get('feature_map')?.shape).toEqual([8, 128, 4, 4]);
    await session.close();
  });
});

describe.skipIf(!hasShared)('gradients on onnx-cpu (needs ../shared)', () => {
  it('are those of PyTorch within 1e-4, and the attack of 20 steps within 1e-2', async () => {
    const session = await open(null);
    const units = new Int32Array(8).fill(17);
    const gradient = (values: Float32Array) => session.gradient({ count: 8, values }, 'features', units);
    expect(greatest(await gradient(golden('images')), golden('gradient'))).toBeLessThan(1e-4);
    const options = { steps: 20, stepSize: 0.1, batch: 8 };
    const attacked = await featureAttack(golden('images'), units, options, gradient);
    expect(greatest(attacked, golden('attack_20'))).toBeLessThan(1e-2);
    await session.close();
  });
});

describe('a session on onnx-cpu', () => {
  it('gives the mean of a map by name, and its gradient', async () => {
    const session = await open(1);
    const images = {
      count: 2,
      values: Float32Array.from({ length: 2 * 3 * 32 * 32 }, (_, i) => ((i * 37) % 101) / 101),
    };
    const named = await session.run(images, ['mean of feature_map', 'features']);
    expect(
      greatest(named.get('mean of feature_map')?.values ?? [], named.get('features')?.values ?? new Float32Array()),
    ).toBeLessThan(1e-6);
    const [mean, features] = await Promise.all(
      ['mean of feature_map', 'features'].map((layer) => session.gradient(images, layer, Int32Array.of(3, 5))),
    );
    expect(greatest(mean, features)).toBeLessThan(1e-6);
    await session.close();
  });

  it('without a head ends in its map, whose mean is the features', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'barlow-headless-'));
    const file = join(folder, 'backbone.onnx');
    try {
      writeFileSync(file, bytesOf(withOutputs(readGraph(readFileSync(robust), robust), ['feature_map'])));
      expect((await describeOnnxModel(file)).layers).toMatchObject({
        features: 'mean of feature_map',
        featureMap: 'feature_map',
        logits: null,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('gives inner tensors by name', async () => {
    const session = await open(1);
    const images = { count: 2, values: new Float32Array(2 * 3 * 32 * 32).fill(0.5) };
    const inner = '/n/body/body.5/Add_output_0';
    const tensors = await session.run(images, [inner, 'feature_map']);
    const rectified = tensors.get(inner)?.values.map((value) => Math.max(0, value));
    expect(rectified).toEqual(tensors.get('feature_map')?.values);
    expect(rectified?.some((value) => value > 0)).toBe(true);
    await expect(session.run(images, ['featuer_map'])).rejects.toThrow('"feature_map"');
    await session.close();
  });
});

describe('a session on onnx-wasm', () => {
  it('gives the tensors and gradients of onnx-cpu', async () => {
    const images = {
      count: 3,
      values: Float32Array.from({ length: 3 * 3 * 32 * 32 }, (_, i) => ((i * 37) % 256) / 255),
    };
    const [native, wasm] = await Promise.all([open(2), open(2, 'onnx-wasm')]);
    const [a, b] = await Promise.all([native, wasm].map((session) => session.run(images, ['features', 'feature_map'])));
    for (const name of ['features', 'feature_map']) {
      expect(greatest(a.get(name)?.values ?? [], b.get(name)?.values ?? new Float32Array(0)), name).toBeLessThan(1e-5);
    }
    const units = Int32Array.of(17, 3, 100);
    const [c, d] = await Promise.all([native, wasm].map((session) => session.gradient(images, 'features', units)));
    expect(d.some((value) => value !== 0)).toBe(true);
    expect(greatest(c, d)).toBeLessThan(1e-5);
    await Promise.all([native.close(), wasm.close()]);
  });
});

describe('an engine that cannot load', () => {
  const cuda = join(root, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so');
  it.skipIf(existsSync(cuda))('says how to install it', async () => {
    const thrown = await open(null, 'onnx-cuda').catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown).toMatchObject({
      where: 'engine onnx-cuda',
      fix: expect.stringMatching(/doctor --install|needs an NVIDIA GPU/),
    });
  });
});
