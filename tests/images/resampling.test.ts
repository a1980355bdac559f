import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { planFeatures } from '../../src/features/featurePlan.ts';
import { decodeImage } from '../../src/images/decode.ts';
import { depthOf, type Pipeline, preprocess, usual } from '../../src/images/preprocess.ts';
import { type Resampling, resize } from '../../src/images/resize.ts';
import { describeOnnxModel } from '../../src/models/onnx/model.ts';
import type { PreprocessPreset } from '../../src/records/config.ts';
import { imageBytes, root } from './fixtures.ts';

type Kind = Resampling['interpolation'];
/** What Pillow, torchvision, timm and PyTorch make of images/rgb.png (tests/data/inference/make_preprocess.py). */
const expected: {
  resized: { interpolation: Kind; width: number; height: number; sha256: string }[];
  plain: { interpolation: Kind; width: number; height: number; rgb: string }[];
  pipelines: { options: Pick<Pipeline, 'resize' | 'crop' | 'mean' | 'std'> & Partial<Pipeline>; sha256: string }[];
  presets: { preset: PreprocessPreset; file: string | null; config: unknown; sha256: string }[];
  near: { preset: PreprocessPreset; values: number[] }[];
} = JSON.parse(readFileSync(join(root, 'tests/data/inference/preprocess.json'), 'utf8'));
/** What image processors of transformers make of it: every 61st value (tests/data/inference/make_processors.py). */
const processors: { config: Readonly<Record<string, unknown>>; every61: number[] }[] = JSON.parse(
  readFileSync(join(root, 'tests/data/inference/processors.json'), 'utf8'),
);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const picture = await decodeImage(imageBytes('rgb.png'));

function processed(pipeline: Pipeline): Float32Array {
  const out = new Float32Array(pipeline.height * pipeline.width * depthOf(pipeline));
  preprocess(picture, pipeline, out);
  return out;
}

describe('resampling', () => {
  it.each(expected.resized)('$interpolation to $width x $height gives the bytes of Pillow', (row) => {
    const { width, height, interpolation } = row;
    expect(sha256(resize(picture, width, height, { interpolation, antialias: true }).rgb)).toBe(row.sha256);
  });

  it.each(expected.plain)(
    '$interpolation to $width x $height without antialiasing is within two levels of PyTorch',
    (row) => {
      const { width, height, interpolation } = row;
      const { rgb } = resize(picture, width, height, { interpolation, antialias: false });
      const truth = inflateSync(Buffer.from(row.rgb, 'base64'));
      expect(rgb.length).toBe(truth.length);
      expect(Math.max(...rgb.map((value, i) => Math.abs(value - truth[i])))).toBeLessThanOrEqual(2);
    },
  );
});

describe('pipelines', () => {
  it.each(expected.pipelines)('$options gives the values of torchvision', ({ options, sha256: truth }) => {
    const pipeline: Pipeline = { ...usual, ...options, height: 32, width: 32, layout: 'NCHW' };
    expect(sha256(new Uint8Array(processed(pipeline).buffer))).toBe(truth);
  });
});

describe('presets', () => {
  const planned = async (preset: PreprocessPreset, file: string | null, config: unknown) => {
    const folder = mkdtempSync(join(tmpdir(), 'barlow-preset-'));
    const path = join(folder, 'model.onnx');
    copyFileSync(join(root, 'tests/data/inference/models/fixed-batch.onnx'), path);
    if (file !== null) writeFileSync(join(folder, file), JSON.stringify(config));
    try {
      const layer = { features: null, featureMap: null };
      return planFeatures(await describeOnnxModel(path), { path, layer, preprocess: preset }).pipeline;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it.each(expected.presets)(
    '$preset: $config gives the values of its library',
    async ({ preset, file, config, sha256: truth }) => {
      expect(sha256(new Uint8Array(processed(await planned(preset, file, config)).buffer))).toBe(truth);
    },
  );

  it.each(processors)('huggingface: $config gives the values of transformers', async ({ config, every61 }) => {
    const ours = processed(await planned('huggingface', 'preprocessor_config.json', config));
    for (const [at, value] of every61.entries()) expect(ours[61 * at]).toBeCloseTo(value, 4);
  });

  it.each(expected.near)('$preset: within a level', async ({ preset, values }) => {
    const ours = processed(await planned(preset, null, null));
    expect(Math.max(...ours.map((value, i) => Math.abs(value - values[i])))).toBeLessThanOrEqual(1.001);
  });

  it('say what is missing, damaged or not done', async () => {
    await expect(planned('timm', null, null)).rejects.toThrow(/config\.json.*not there/);
    await expect(planned('huggingface', 'preprocessor_config.json', [])).rejects.toThrow('holds no object');
    await expect(planned('timm', 'config.json', { crop_mode: 'border' })).rejects.toThrow('crop_mode "border"');
    await expect(planned('huggingface', 'preprocessor_config.json', { size: 32, resample: 0 })).rejects.toThrow(
      'nearest',
    );
    for (const [config, what] of [
      [{ image_processor_type: 'PerceiverImageProcessor' }, 'what PerceiverImageProcessor does'],
      [{ image_processor_type: 'ViTImageProcessor', do_pad: true }, 'do_pad'],
      [{ image_processor_type: 'CLIPImageProcessor', crop_size: { height: 32, width: 16 } }, 'crop_size {"height":32'],
      [{ image_processor_type: 'CLIPImageProcessor', size: { longest_edge: 32 } }, 'size {"longest_edge":32}'],
    ] as const)
      await expect(planned('huggingface', 'preprocessor_config.json', config)).rejects.toThrow(what);
  });
});
