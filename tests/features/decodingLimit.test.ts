import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { decodingLimit } from '../../src/features/decodingLimit.ts';
import { runImages, type Timing } from '../../src/features/extract.ts';
import { planFeatures } from '../../src/features/featurePlan.ts';
import { describeModel } from '../../src/models/describeModel.ts';
import type { Session } from '../../src/models/engine.ts';
import { example, exampleImages, model, robust } from './extraction.ts';

/** Images go through an engine that computes nothing and takes so long a batch, decoded by one thread. */
async function timed(milliseconds: number): Promise<Timing> {
  const options = model(robust);
  if (options === null) throw new Error('there is a model');
  const { pipeline } = planFeatures(await describeModel(robust), options);
  const session: Session = {
    engine: 'onnx-webgpu',
    // A timer takes a millisecond at least, which is longer than a batch of small images takes to decode.
    run: async () => {
      if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
      return new Map();
    },
    gradient: () => Promise.reject(new Error('none is asked for')),
    close: async () => {},
  };
  const pool = openPool(1);
  const images = { folder: join(example, 'images'), names: exampleImages.slice(0, 200) };
  const timing = await runImages(images, session, [], { pipeline, batch: 8, run: pool.run }, () => {});
  await pool.close();
  return timing;
}

describe('what limits extraction', () => {
  it('is told of a quick engine that waits, by what was measured on the way', async () => {
    const timing = await timed(0);
    const line = decodingLimit(timing, 1) ?? '';
    expect(line).toMatch(
      /^Decoding limits: \d+ images\/s came through where the engine takes \d+\/s; \d+ cores in place of 1 /,
    );
    const needed = Number(/(\d+) cores/.exec(line)?.[1]);
    // With so many threads decoding is no slower than the engine, and with one less it is.
    expect(timing.decodeSeconds / needed).toBeLessThanOrEqual(timing.engineSeconds);
    expect(timing.decodeSeconds / (needed - 1)).toBeGreaterThan(timing.engineSeconds);
    expect(timing.images).toBeGreaterThan(100);
  });

  it('is not told of a slow engine', async () => {
    const timing = await timed(30);
    expect(timing.engineSeconds).toBeGreaterThan((timing.images / 8) * 0.027);
    expect(decodingLimit(timing, 1)).toBeNull();
  });

  it('a worked case: decoding takes 12 times as long as the engine', () => {
    const timing = { images: 6000, decodeSeconds: 36, engineSeconds: 3, waitedSeconds: 15 };
    expect(decodingLimit(timing, 2)).toBe(
      'Decoding limits: 333 images/s came through where the engine takes 2000/s; 12 cores in place of 2 would keep it busy.',
    );
    // On as many cores the wait has another cause, and more would not help.
    expect(decodingLimit(timing, 12)).toBeNull();
    expect(decodingLimit({ ...timing, waitedSeconds: 0.1 }, 2)).toBeNull();
    expect(decodingLimit({ images: 0, decodeSeconds: 0, engineSeconds: 0, waitedSeconds: 0 }, 2)).toBeNull();
  });
});
