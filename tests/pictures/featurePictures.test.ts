import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { UserError } from '../../src/errors.ts';
import { planFeatures } from '../../src/features/featurePlan.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { readColumns } from '../../src/features/readColumns.ts';
import { decodeImage, type Picture } from '../../src/images/decode.ts';
import { gradientByPixels, normalised, pictureOfValues, pixelValues } from '../../src/images/pixelValues.ts';
import { preprocess, usual } from '../../src/images/preprocess.ts';
import { describeModel } from '../../src/models/describeModel.ts';
import type { Session } from '../../src/models/engine.ts';
import { decodeModel, encodeModel, type Graph, replaced } from '../../src/models/onnx/protobuf.ts';
import { floatTensor } from '../../src/models/onnx/tensor.ts';
import { attackImages } from '../../src/pictures/attackImages.ts';
import { encodeWorker } from '../../src/pictures/encodeWorker.ts';
import {
  type FeaturePicturesOf,
  type FeatureSubject,
  featurePictures,
  type PictureSource,
} from '../../src/pictures/featurePictures.ts';
import { heatmap } from '../../src/pictures/heatmap.ts';
import { mostActivating } from '../../src/pictures/mostActivating.ts';
import type { FeatureModelOptions } from '../../src/records/config.ts';
import { hasShared, shared } from '../extras.ts';
import { allRows, example, exampleImages, robust, source, temporaryFolder } from '../features/extraction.ts';
import { imagePath, root } from '../images/fixtures.ts';
import { bytesOf, pixelsOf } from '../images/pictures.ts';
import { golden, greatest } from '../models/golden.ts';

const found = { features: null, featureMap: null };
const robustModel: FeatureModelOptions = { path: robust, layer: found, preprocess: null };

/** A few weak steps on the example's images, in this thread. */
function pictureSource(changes: Partial<PictureSource> = {}): PictureSource {
  return {
    featureModel: robustModel,
    images: exampleImages,
    folder: join(example, 'images'),
    engine: 'onnx-cpu',
    cacheFolder: temporaryFolder(),
    attack: { steps: 4, stepSize: 0.2, budget: 1_000_000 },
    run: openPool(0).run,
    onProgress: () => {},
    onNotice: () => {},
    ...changes,
  };
}

/** The pictures, and all that was said meanwhile. */
async function made(subjects: readonly FeatureSubject[], changes: Partial<PictureSource> = {}) {
  const notices: string[] = [];
  const pictures = await featurePictures(
    subjects,
    pictureSource({ ...changes, onNotice: (line) => notices.push(line) }),
  );
  return { pictures, notices };
}

async function only(subject: FeatureSubject, changes: Partial<PictureSource> = {}): Promise<FeaturePicturesOf> {
  const pictures = (await made([subject], changes)).pictures.get(subject.feature);
  if (pictures === undefined) throw new Error('no pictures');
  return pictures;
}

/** An RGB picture as planes of values in [0, 1]. */
function planes({ rgb }: Picture): Float32Array {
  return Float32Array.from(rgb, (_, at) => rgb[(at % (rgb.length / 3)) * 3 + Math.floor(at / (rgb.length / 3))] / 255);
}

async function valuesOf(images: FeaturePicturesOf['attacks']): Promise<Float32Array> {
  const pictures = await Promise.all(images.map(pixelsOf));
  return Float32Array.from(pictures.flatMap((picture) => [...planes(picture)]));
}

const subject = (feature: number, ...rows: number[]): FeatureSubject => ({ feature, rows });

describe('the most activating images', () => {
  it('are those with the largest values, of equal ones the first', async () => {
    const values = Float32Array.of(1, 3, 3, -1, 2);
    const columns = async (rows: Uint32Array, from: number, to: number) => {
      expect([from, to]).toEqual([7, 8]);
      return { rows: rows.length, from, to, values: Float32Array.from(rows, (row) => values[row]) };
    };
    expect(await mostActivating(columns, Uint32Array.of(4, 3, 2, 1, 0), 7, 3)).toEqual([1, 2, 4]);
    expect(await mostActivating(columns, Uint32Array.of(3, 0), 7, 6)).toEqual([0, 3]);
    expect(await mostActivating(columns, new Uint32Array(0), 7, 6)).toEqual([]);
  });

  it('are found among the features of the example', async () => {
    const file = await openFeatures(source(temporaryFolder()));
    const rows = Uint32Array.from(file.rowOf, (_, row) => row);
    const column = (await allRows(file)).map((features) => features[17]);
    const best = await mostActivating(readColumns(file), rows, 17, 5);
    const rest = column.filter((_, row) => !best.includes(row));
    expect(best.length).toBe(5);
    for (const row of best) expect(column[row]).toBeGreaterThan(Math.max(...rest));
  });
});

describe('pictures of a feature', () => {
  it('show the images as the model sees them', async () => {
    const { mostActivating: seen } = await only(subject(17, 4, 0));
    expect(seen.map(({ image, width, height }) => [image, width, height])).toEqual([
      [exampleImages[4], 32, 32],
      [exampleImages[0], 32, 32],
    ]);
    // Lossless: the PNG's own pixels, which the model takes as they are.
    const original = await pixelsOf({
      ...seen[0],
      uri: `data:image/png;base64,${readFileSync(join(example, 'images', exampleImages[4])).toString('base64')}`,
    });
    expect([...(await pixelsOf(seen[0])).rgb]).toEqual([...original.rgb]);
    expect(bytesOf(seen[0]).type).toBe('webp');
  });

  it('turn attacked images into what raises the feature', async () => {
    const session = await (await describeModel(robust)).open('onnx-cpu', null, { threads: 1 });
    const strengths = async (images: FeaturePicturesOf['attacks']) => {
      const tensors = await session.run({ count: images.length, values: await valuesOf(images) }, ['features']);
      return images.map((_, i) => tensors.get('features')?.values[i * 128 + 17] ?? 0);
    };
    const rows = [1, 20, 77, 150];
    const attack = { steps: 40, stepSize: 'auto', budget: 1200 } as const;
    const { mostActivating: seen, attacks } = await only(subject(17, ...rows), { attack });
    const before = await strengths(seen);
    const after = await strengths(attacks);
    const everywhere = (await allRows(await openFeatures(source(temporaryFolder())))).map((row) => row[17]);
    for (const [i, value] of after.entries()) {
      expect(value).toBeGreaterThan(before[i] * 2);
      expect(value).toBeGreaterThan(2 * Math.max(...everywhere)); // stronger than in any image
    }
    await session.close();
  });

  it('show heat where the feature map is largest', async () => {
    const rows = [1, 20, 77, 150, 201];
    const { mostActivating: seen, heatmaps } = await only(subject(17, ...rows));
    const session = await (await describeModel(robust)).open('onnx-cpu', null, { threads: 1 });
    const images = { count: rows.length, values: await valuesOf(seen) };
    const maps = (await session.run(images, ['feature_map'])).get('feature_map');
    await session.close();
    const cells: number[] = [];
    for (const [i, map] of heatmaps.entries()) {
      const channel = [...(maps?.values.subarray((i * 128 + 17) * 16, (i * 128 + 18) * 16) ?? [])];
      const cell = channel.indexOf(Math.max(...channel));
      const { rgb } = await pixelsOf(map);
      const grey = greysOf((await pixelsOf(seen[i])).rgb);
      // The colours grow lighter with the heat, once the image below is taken out.
      const light = greysOf(rgb).map((value, pixel) => value - 0.4 * grey[pixel]);
      const hottest = light.indexOf(Math.max(...light));
      expect(Math.floor(hottest / 32 / 8) * 4 + Math.floor((hottest % 32) / 8), `image ${i}`).toBe(cell);
      cells.push(cell);
    }
    expect(new Set(cells).size).toBeGreaterThan(1);
  });
});

function greysOf(rgb: Uint8Array): number[] {
  return Array.from(
    { length: rgb.length / 3 },
    (_, p) => 0.299 * rgb[p * 3] + 0.587 * rgb[p * 3 + 1] + 0.114 * rgb[p * 3 + 2],
  );
}

describe('a heatmap', () => {
  const black = (width: number, height: number) => ({ width, height, rgb: new Uint8Array(width * height * 3) });

  it('lays 60 % of inferno over the grey image', () => {
    // matplotlib's inferno begins at #000004 and ends at #fcffa4; two equal cells of four pixels.
    const image = { width: 2, height: 1, rgb: Uint8Array.of(255, 0, 0, 0, 0, 255) };
    const map = heatmap(image, { width: 2, height: 1, values: Float32Array.of(-2, 4) });
    const grey = [0.299 * 255, 0.114 * 255];
    const truth = [
      [0, 0, 4],
      [252, 255, 164],
    ].flatMap((colour, pixel) => colour.map((value) => Math.round(0.6 * value + 0.4 * grey[pixel])));
    expect([...map.rgb]).toEqual(truth);
  });

  it('is cold where the map is nowhere positive', () => {
    const map = heatmap(black(4, 4), { width: 2, height: 2, values: Float32Array.of(0, -1, -2, 0) });
    expect(new Set(map.rgb)).toEqual(new Set([0, Math.round(0.6 * 4)]));
  });
});

describe('a picture as WebP', () => {
  const noise = (width: number, height: number) => ({
    ...{ width, height },
    rgb: Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * at * 31 + (at >> 5)) % 256),
  });

  it.each([
    ['lossless up to 64 pixels a side', 64, 48, 64, 48, true],
    ['with losses above', 65, 48, 65, 48, false],
    ['of 224 pixels at most', 448, 300, 224, 150, false],
  ])('is %s', async (_, width, height, shownWidth, shownHeight, lossless) => {
    const picture = noise(width, height);
    const shown = await decodeImage(await encodeWorker.run(picture));
    expect([shown.width, shown.height]).toEqual([shownWidth, shownHeight]);
    if (width === shownWidth) expect(Buffer.compare(shown.rgb, picture.rgb) === 0).toBe(lossless);
  });
});

describe.skipIf(!hasShared)('attacks beside PyTorch (needs ../shared)', () => {
  const folder = join(shared, 'data', 'cifar10', 'images');
  const images = readdirOrNone(folder);
  const goldenSubject = subject(17, 0, 1, 2, 3, 10, 100, 1000, 5000);
  const attack = { steps: 20, stepSize: 0.1, budget: 1200 };

  it('are its attack of 20 steps within 1/255 + 0.01', async () => {
    const { attacks } = await only(goldenSubject, { images, folder, attack });
    const values = await valuesOf(attacks);
    expect(greatest(values, golden('attack_20'))).toBeLessThan(1 / 255 + 0.01);
    expect(greatest(values, golden('images'))).toBeGreaterThan(0.2);
  });

  it('are the same on TF.js', async () => {
    const path = join(shared, 'data', 'cifar10', 'models', 'robust-tfjs', 'model.json');
    const tfjs = { featureModel: { path, layer: found, preprocess: null }, engine: 'tfjs-wasm' } as const;
    const { attacks, heatmaps } = await only(goldenSubject, { images, folder, attack, ...tfjs });
    expect(greatest(await valuesOf(attacks), golden('attack_20'))).toBeLessThan(1 / 255 + 0.01);
    const onnx = await only(goldenSubject, { images, folder, attack });
    expect(greatest(await valuesOf(heatmaps), await valuesOf(onnx.heatmaps))).toBeLessThan(3 / 255);
  }, 120_000);
});

function readdirOrNone(folder: string): string[] {
  return hasShared ? readdirSync(folder).sort() : [];
}

describe('mean and standard deviation', () => {
  it.each([
    ['NCHW', 'rgb'],
    ['NHWC', 'rgb'],
    ['NCHW', 'bgr'],
    ['NHWC', 'bgr'],
  ] as const)('are applied as when features are extracted, and undone in gradients: %s, %s', (layout, channels) => {
    const mean = [0.485, 0.456, 0.406] as const;
    const form = { mean, std: [0.229, 0.224, 0.225], height: 16, width: 16, layout, channels } as const;
    const picture = { width: 16, height: 16, rgb: Uint8Array.from({ length: 768 }, (_, at) => (at * 7) % 256) };
    const truth = new Float32Array(768);
    preprocess(picture, { ...usual, ...form, resize: null, crop: null }, truth);
    const values = pixelValues(picture, form);
    expect(normalised(values, form)).toEqual(truth);
    expect([...pictureOfValues(values, form).rgb]).toEqual([...picture.rgb]);
    // Chain rule: what a step along the gradient by the pixels adds to a weighted sum of the model's input, by differences.
    const weights = Float32Array.from(truth, (_, at) => Math.sin(at));
    const score = (pixels: Float32Array) =>
      normalised(pixels, form).reduce((sum, value, at) => sum + value * weights[at], 0);
    for (const at of [0, 1, 2, 255, 256, 511, 767]) {
      const moved = values.slice();
      moved[at] += 0.25;
      expect((score(moved) - score(values)) / 0.25).toBeCloseTo(gradientByPixels(weights, form)[at], 3);
    }
  });

  it('change nothing where the model undoes them', async () => {
    const preprocess = { resize: null, crop: 32, mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.5] } as const;
    const path = join(temporaryFolder(), 'normalised.onnx');
    writeFileSync(path, undoing(preprocess));
    const subjects = [subject(17, 3, 60), subject(5, 3)];
    const attack = { steps: 10, stepSize: 0.2, budget: 1200 };
    const plain = await made(subjects, { attack });
    const normalised = await made(subjects, { attack, featureModel: { path, layer: found, preprocess } });
    for (const { feature } of subjects) {
      const [a, b] = [plain, normalised].map(({ pictures }) => pictures.get(feature));
      for (const kind of ['mostActivating', 'heatmaps', 'attacks'] as const) {
        const [x, y] = [await valuesOf(a?.[kind] ?? []), await valuesOf(b?.[kind] ?? [])];
        expect(x.length).toBeGreaterThan(0);
        expect(greatest(x, y), kind).toBeLessThan(kind === 'mostActivating' ? 1e-6 : 2.5 / 255);
      }
    }
  });
});

/** The robust network behind image * std + mean. */
function undoing({ mean, std }: { mean: readonly number[]; std: readonly number[] }): Uint8Array {
  return changedRobust(({ input: [{ name }], node, initializer }) => ({
    initializer: [...initializer, floatTensor('std', [3, 1, 1], std), floatTensor('mean', [3, 1, 1], mean)],
    node: [
      { opType: 'Mul', input: [name, 'std'], output: ['scaled'], attribute: [] },
      { opType: 'Add', input: ['scaled', 'mean'], output: ['undone'], attribute: [] },
      ...node.map((each) => replaced(each, { input: each.input.map((from) => (from === name ? 'undone' : from)) })),
    ],
  }));
}

function changedRobust(change: (graph: Graph) => Partial<Graph>): Uint8Array {
  const model = decodeModel(new Uint8Array(readFileSync(robust)));
  if (model.graph === null) throw new Error('no graph');
  return encodeModel(replaced(model, { graph: replaced(model.graph, change(model.graph)) }));
}

describe('pictures that are kept', () => {
  const subjects = [subject(17, 3, 60, 61), subject(60, 60, 9)];

  it('are the same bytes from a warm and a cold cache, and from worker threads; a warm one opens no engine', async () => {
    const cacheFolder = temporaryFolder();
    const cold = await made(subjects, { cacheFolder, engine: 'auto' });
    expect(cold.notices).toEqual([expect.stringMatching(/^Engine: /)]);
    const warm = await made(subjects, { cacheFolder, engine: 'auto' });
    expect(warm).toEqual({ pictures: cold.pictures, notices: [] });
    const pool = openPool(2);
    const { pictures } = await made(subjects, { engine: 'auto', run: pool.run });
    await pool.close();
    expect(pictures).toEqual(cold.pictures);
  });

  it('do not depend on what else is drawn', async () => {
    const together = await made([...subjects, subject(5, 1, 2, 3, 4, 5, 6)]);
    for (const one of subjects) expect(await only(one)).toEqual(together.pictures.get(one.feature));
    const [first] = subjects;
    const part = await only({ ...first, rows: first.rows.slice(1) });
    expect(part.attacks).toEqual(together.pictures.get(first.feature)?.attacks.slice(1));
  });

  it('are made again where damaged', async () => {
    const cacheFolder = temporaryFolder();
    const whole = await made(subjects, { cacheFolder });
    const files = readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.webp'))
      .map((name) => join(cacheFolder, name));
    expect(files.length).toBe(4 + 5 + 5);
    const bytes = files.map((file) => readFileSync(file));
    for (const [i, file] of files.entries()) {
      const damaged = Buffer.from(bytes[i]);
      damaged[Math.floor(damaged.length / 2)] ^= 4;
      writeFileSync(file, i % 3 === 0 ? damaged : damaged.subarray(0, i % 3 === 1 ? 0 : -5));
    }
    expect(await made(subjects, { cacheFolder })).toEqual(whole);
    expect(files.map((file) => readFileSync(file))).toEqual(bytes);
  });

  it('are told apart by steps, step size and feature', async () => {
    const cacheFolder = temporaryFolder();
    const pictures = [];
    for (const attack of [
      { steps: 4, stepSize: 0.2, budget: 100 },
      { steps: 5, stepSize: 0.2, budget: 100 },
      { steps: 4, stepSize: 0.25, budget: 100 },
    ]) {
      const { pictures: of } = await made([subject(17, 3), subject(60, 3)], { cacheFolder, attack });
      pictures.push(...[...of.values()].flatMap(({ heatmaps, attacks }) => [...heatmaps, ...attacks]));
    }
    expect(pictures.length).toBe(12);
    expect(new Set(pictures.map(({ uri }) => uri)).size).toBe(2 + 6);
  });
});

describe('the budget', () => {
  const subjects = [subject(17, 3, 60), subject(5, 3, 4), subject(60, 9), subject(7, 9)];
  const attacked = ({ pictures }: Awaited<ReturnType<typeof made>>) =>
    [...pictures.values()].map(({ attacks }) => attacks.length);

  it('is spent on whole features in order, whether or not pictures are kept', async () => {
    const cacheFolder = temporaryFolder();
    const attack = { steps: 4, stepSize: 0.2, budget: 19 };
    const progress: [number, number][] = [];
    const onProgress = (stage: string, done: number, total: number) => {
      if (stage === 'attack') progress.push([done, total]);
    };
    const cold = await made(subjects, { cacheFolder, attack, onProgress });
    expect(attacked(cold)).toEqual([2, 2, 0, 0]);
    const notice = 'Not attacked: 2 of 4 features (60, 7). All take 24 image steps; report.attack.budget is 19.';
    expect(cold.notices).toEqual([notice]);
    expect(progress.at(-1)).toEqual([16, 16]);
    expect(await made(subjects, { cacheFolder, attack })).toEqual(cold);
    expect(attacked(await made(subjects, { cacheFolder, attack: { ...attack, budget: 20 } }))).toEqual([2, 2, 1, 0]);
    const whole = await made(subjects, { cacheFolder, attack: { ...attack, budget: 24 } });
    expect(attacked(whole)).toEqual([2, 2, 1, 1]);
    expect(whole.notices).toEqual([]);
  });

  it('of too little and no steps at all attack nothing', async () => {
    const none = await made(subjects, { attack: { steps: 4, stepSize: 0.2, budget: 7 } });
    expect(attacked(none)).toEqual([0, 0, 0, 0]);
    expect(none.notices).toEqual([expect.stringContaining('4 of 4 features')]);
    const off = await made(subjects, { attack: { steps: 0, stepSize: 0.2, budget: 1200 } });
    expect(attacked(off)).toEqual([0, 0, 0, 0]);
    expect(off.notices).toEqual([]);
    expect([...off.pictures.values()].map(({ heatmaps }) => heatmaps.length)).toEqual([2, 2, 1, 1]);
  });

  it('of a long attack is announced once a step was timed', async () => {
    const plan = planFeatures(await describeModel(robust), robustModel);
    let calls = 0;
    const session: Session = {
      engine: 'onnx-cpu',
      run: () => Promise.reject(new Error('not needed')),
      gradient: async ({ values }) => {
        calls += 1;
        if (calls === 3) throw new UserError({ what: 'that is enough', where: 'here', fix: 'Stop.' });
        await new Promise((resolve) => setTimeout(resolve, 30));
        return values;
      },
      close: async () => {},
    };
    const notices: string[] = [];
    const view = { width: 32, height: 32, rgb: new Uint8Array(3072) };
    const refused = await attackImages([{ feature: 1, view }], session, plan, {
      ...{ steps: 40_000, stepSize: 1, use: async () => {}, onProgress: () => {} },
      onNotice: (line) => notices.push(line),
    });
    expect(notices).toEqual([expect.stringMatching(/^Attacking 1 feature: about \d+ min\.$/)]);
    expect(refused).toBe('that is enough');
  });
});

describe('what there is not', () => {
  it.each([
    ['a map of other channels', '/n/body/body.2/Relu_1_output_0'],
    ['a vector for a map', 'features'],
  ])('%s: no heatmaps', async (_, featureMap) => {
    const layer = { features: null, featureMap };
    const { pictures, notices } = await made([subject(17, 3), subject(5, 3)], {
      featureModel: { ...robustModel, layer },
    });
    expect([...pictures.values()].map(({ heatmaps, attacks }) => [heatmaps.length, attacks.length])).toEqual([
      [0, 1],
      [0, 1],
    ]);
    expect(notices).toEqual([expect.stringMatching(/^No heatmaps: /)]);
  });

  it('a named map that does not exist is refused', async () => {
    const layer = { features: null, featureMap: 'featuer_map' };
    await expect(made([subject(17, 3)], { featureModel: { ...robustModel, layer } })).rejects.toThrow('"feature_map"');
  });

  it('an operator without a gradient: no attacks, all else stands', async () => {
    const path = join(temporaryFolder(), 'thresholded.onnx');
    const thresholded = changedRobust(({ node }) => ({
      node: node.map((each) =>
        each.output[0] === '/n/Relu_output_0' ? replaced(each, { opType: 'ThresholdedRelu' }) : each,
      ),
    }));
    writeFileSync(path, thresholded);
    const { pictures, notices } = await made([subject(17, 3, 4)], {
      featureModel: { ...robustModel, path },
    });
    const [of] = pictures.values();
    expect([of.mostActivating.length, of.heatmaps.length, of.attacks.length]).toEqual([2, 2, 0]);
    expect(notices).toEqual([expect.stringMatching(/^No feature attacks: .*ThresholdedRelu/)]);
  });

  it('an engine that cannot run the model: the images stand', async () => {
    const { pictures, notices } = await made([subject(17, 3)], { engine: 'tfjs-wasm' });
    const [of] = pictures.values();
    expect([of.mostActivating.length, of.heatmaps.length, of.attacks.length]).toEqual([1, 0, 0]);
    expect(notices[0]).toMatch(/^Neither heatmaps nor feature attacks: .*tfjs-wasm does not run ONNX/);
  });

  it('an image that cannot be used is left out of all three', async () => {
    const folder = imagePath('.');
    const images = ['base.jpg', 'none.png', '../expected.json', 'rgb.png'];
    const preprocess = { resize: 32, crop: 32, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const featureModel = { ...robustModel, preprocess };
    const of = await only(subject(17, 0, 1, 2, 3), { folder, images, featureModel });
    for (const kind of [of.mostActivating, of.heatmaps, of.attacks])
      expect(kind.map(({ image }) => image)).toEqual(['base.jpg', 'rgb.png']);
  });

  it('no subjects: nothing is read', async () => {
    const nothing = { path: join(root, 'none.onnx'), layer: found, preprocess: null };
    expect((await featurePictures([], pictureSource({ featureModel: nothing }))).size).toBe(0);
  });
});
