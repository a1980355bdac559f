import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { planFeatures } from '../../src/features/featurePlan.ts';
import type { ModelDescription, Session } from '../../src/models/engine.ts';
import { describeOnnxModel } from '../../src/models/onnx/model.ts';
import { root } from '../images/fixtures.ts';

/** What Python's onnxruntime and PyTorch make of a case; tests/data/models/make_onnx_cases.py writes it. */
interface Case {
  readonly features: string;
  readonly featureMap: string | null;
  readonly logits: string | null;
  /** Of three images each. */
  readonly values: readonly number[];
  readonly scores?: readonly number[];
  /** Relative error allowed of the gradient; null: it has none, or another than the plain model's. */
  readonly gradient: number | null;
}
interface Refused {
  readonly refused: string;
  readonly at: 'describe' | 'features' | 'logits' | 'run' | 'gradient';
}
interface Expected {
  readonly side: number;
  readonly unit: number;
  readonly gradient: readonly number[];
  readonly cases: Readonly<Record<string, Case | Refused>>;
}

const folder = join(root, 'tests/data/models');
const expected: Expected = JSON.parse(readFileSync(join(folder, 'onnx.json'), 'utf8'));
const { side } = expected;
const count = 3;
const pixels = Float32Array.from({ length: count * 3 * side * side }, (_, i) => ((i * 7919) % 256) / 255);
const at = (name: string) => join(folder, 'onnx', `${name}.onnx`);

/** The same images with their channels last, and back. */
function channelsLast(values: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: values.length }, (_, i) => {
    const [image, place, channel] = [Math.floor(i / (3 * side * side)), Math.floor(i / 3) % (side * side), i % 3];
    return values[(image * 3 + channel) * side * side + place];
  });
}

async function open(name: string): Promise<{ model: ModelDescription; session: Session; values: Float32Array }> {
  const model = await describeOnnxModel(at(name));
  const session = await model.open('onnx-cpu', null, { threads: 1 });
  return { model, session, values: model.geometry(null).layout === 'NCHW' ? pixels : channelsLast(pixels) };
}

/** Length of the difference over the length of what is expected. */
function apart(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  return Math.hypot(...Array.from(ours, (value, i) => value - theirs[i])) / Math.hypot(...Array.from(theirs));
}

const running = Object.entries(expected.cases).flatMap(([name, each]) =>
  'refused' in each ? [] : [{ name, ...each }],
);
const refused = Object.entries(expected.cases).flatMap(([name, each]) =>
  'refused' in each ? [{ name, ...each }] : [],
);

describe("ONNX as people have it, against Python's onnxruntime and PyTorch", () => {
  test.each(running)('$name: layers, features and scores', async ({ name, features, featureMap, logits, ...truth }) => {
    const { model, session, values } = await open(name);
    expect(model.layers).toMatchObject({ features, featureMap, logits });
    const tensors = await session.run({ count, values }, [features, ...(featureMap ? [featureMap] : [])]);
    expect(apart(tensors.get(features)?.values ?? [], truth.values)).toBeLessThan(1e-3);
    if (featureMap !== null) expect(tensors.get(featureMap)?.shape).toEqual([count, 8, side, side]);
    if (logits !== null) {
      const scores = (await session.run({ count, values }, [logits])).get(logits)?.values ?? [];
      expect(apart(scores, truth.scores ?? [])).toBeLessThan(1e-3);
    }
    await session.close();
  });

  test.each(running)('$name: an image has the same features in any company', async ({ name, features }) => {
    const { session, values } = await open(name);
    const together = (await session.run({ count, values }, [features])).get(features)?.values ?? new Float32Array();
    const size = values.length / count;
    const alone = await session.run({ count: 1, values: values.slice(size, 2 * size) }, [features]);
    const each = together.length / count;
    expect(apart(alone.get(features)?.values ?? [], together.slice(each, 2 * each))).toBeLessThan(1e-3);
    await session.close();
  });

  test.each(running.filter((each) => each.gradient !== null))(
    '$name: the gradient is that of PyTorch within $gradient',
    async ({ name, features, gradient }) => {
      const { model, session, values } = await open(name);
      const ours = await session.gradient({ count, values }, features, new Int32Array(count).fill(expected.unit));
      const theirs = model.geometry(null).layout === 'NCHW' ? expected.gradient : channelsLast(expected.gradient);
      expect(apart(ours, theirs)).toBeLessThan(gradient ?? 0);
      await session.close();
    },
  );

  test.each(refused)(
    '$name is refused where it must be, in a line: $refused',
    async ({ name, refused: says, at: where }) => {
      const thrown = await useAll(name, where).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(UserError);
      if (!(thrown instanceof UserError)) return;
      expect(thrown.what).toContain(says);
      expect(`${thrown.what}${thrown.fix}`).not.toMatch(/\n|onnxruntime_src/);
      expect(thrown.where).toBe(at(name));
      expect(thrown.fix.length).toBeGreaterThan(10);
    },
  );

  test.each(running.filter(({ name }) => /^(pixels|images)-/.test(name)))(
    '$name: pixels from 0 to 255 are told from images in [0, 1]',
    async ({ name }) => {
      const model = await describeOnnxModel(at(name));
      expect(model.wholePixels).toBe(name.startsWith('pixels'));
      const layer = { features: null, featureMap: null };
      const plain = planFeatures(model, { path: at(name), layer, preprocess: null }).pipeline;
      expect(plain).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
      const form = { resize: side, crop: side };
      const pixels = { ...form, mean: [0, 0, 0], std: [1 / 255, 1 / 255, 1 / 255] } as const;
      const normalised = { ...form, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
      const plan = (preprocess: typeof pixels | typeof normalised) => () =>
        planFeatures(model, { path: at(name), layer, preprocess }).pipeline;
      if (!model.wholePixels) return expect(plan(normalised)()).toMatchObject(normalised);
      // What some said to work around it, and what would be normalised twice.
      expect(plan(pixels)()).toEqual(plain);
      expect(plan(normalised)).toThrow('reads pixels from 0 to 255 and scales them itself');
    },
  );

  test('of a model whose head is in a branch the only output holds the scores', async () => {
    expect((await describeOnnxModel(at('branch-head'))).scoresLayer(null)).toBe('y');
    const { session, values } = await open('branch-head');
    expect((await session.run({ count, values }, ['y'])).get('y')?.shape).toEqual([count, 5]);
    await session.close();
  });

  test('every case has a file', () => {
    expect(Object.keys(expected.cases).filter((name) => !existsSync(at(name)))).toEqual([]);
    expect(running.length).toBeGreaterThan(40);
  });
});

/** Uses a model as far as `until`. */
async function useAll(name: string, until: Refused['at']): Promise<unknown> {
  const { model, session, values } = await open(name);
  if (until === 'features')
    return planFeatures(model, { path: at(name), layer: { features: null, featureMap: null }, preprocess: null });
  if (until === 'logits') return model.scoresLayer(null);
  const features = model.featuresLayer(null);
  if (until === 'gradient') return session.gradient({ count, values }, features, new Int32Array(count));
  return session.run({ count, values }, [features, model.scoresLayer(null)]);
}
