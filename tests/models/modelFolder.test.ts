import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { scoreClasses } from '../../src/evalset/scoreClasses.ts';
import { planFeatures } from '../../src/features/featurePlan.ts';
import { unreadPreprocessing } from '../../src/features/preprocessPresets.ts';
import { describeModel } from '../../src/models/describeModel.ts';
import { encodeModel } from '../../src/models/onnx/protobuf.ts';
import { root } from '../images/fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow-model-folder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const robust = join(root, 'models', 'robust-32.onnx');
const layer = { features: null, featureMap: null };

/** A folder with these files; null: the built-in network. */
function holding(name: string, files: Readonly<Record<string, string | null>>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, name, path);
    mkdirSync(dirname(file), { recursive: true });
    if (text === null) copyFileSync(robust, file);
    else writeFileSync(file, text);
  }
  return join(folder, name);
}

/** As transformers' ViTImageProcessor saves itself. */
const preprocessor = JSON.stringify({
  ...{ do_resize: true, do_rescale: true, do_normalize: true, rescale_factor: 1 / 255, resample: 3 },
  ...{ image_mean: [0.5, 0.25, 0.75], image_std: [0.5, 0.25, 1], size: { height: 32, width: 32 } },
  image_processor_type: 'ViTImageProcessor',
});
const labels = (names: object) => JSON.stringify({ model_type: 'vit', id2label: names });

async function refusal(attempt: Promise<unknown>) {
  const thrown: unknown = await attempt.catch((error: unknown) => error);
  if (!(thrown instanceof UserError)) throw thrown;
  return { what: thrown.what, where: thrown.where, fix: thrown.fix };
}

describe('a folder given as a model', () => {
  it.each([
    [
      'optimum',
      { 'model.onnx': null, 'config.json': labels({ 0: 'dog', 1: 'cat' }), 'preprocessor_config.json': preprocessor },
    ],
    ['hub', { 'onnx/model.onnx': null, 'onnx/model_fp16.onnx': 'x', 'preprocessor_config.json': preprocessor }],
  ] as const)('of %s is its model.onnx, which sees images as preprocessor_config.json says', async (name, files) => {
    const path = holding(name, files);
    const model = await describeModel(path);
    expect(model.layers).toEqual((await describeModel(robust)).layers);
    const { pipeline } = planFeatures(model, { path, layer, preprocess: null });
    expect(pipeline).toMatchObject({ resize: [32, 32], crop: 32, interpolation: 'bicubic' });
    expect([...pipeline.mean, ...pipeline.std]).toEqual([0.5, 0.25, 0.75, 0.5, 0.25, 1]);
    // What the config says comes first; and the file alone is what it was.
    const { pipeline: plain } = planFeatures(model, { path: model.file, layer, preprocess: null });
    expect(plain).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
    const { pipeline: said } = planFeatures(model, { path, layer, preprocess: 'torchvision' });
    expect(said.mean).toEqual([0.485, 0.456, 0.406]);
  });

  it('of timm sees images as the pretrained_cfg of its config.json says', async () => {
    const cfg = { input_size: [3, 32, 32], crop_pct: 0.8, mean: [0.5, 0.25, 0.75], std: [0.5, 0.25, 1] };
    const config = JSON.stringify({ architecture: 'resnet18', pretrained_cfg: { ...cfg, interpolation: '' } });
    const path = holding('timm', { 'model.onnx': null, 'config.json': config });
    const { pipeline } = planFeatures(await describeModel(path), { path, layer, preprocess: null });
    // timm.data.resolve_data_config: bicubic where nothing is said; 32 / 0.8 = 40.
    expect(pipeline).toMatchObject({ resize: 40, crop: 32, interpolation: 'bicubic' });
    expect([...pipeline.mean, ...pipeline.std]).toEqual([0.5, 0.25, 0.75, 0.5, 0.25, 1]);
  });

  it('of images and texts sees images as processor_config.json says', async () => {
    const config = JSON.stringify({ image_processor: JSON.parse(preprocessor), processor_class: 'CLIPProcessor' });
    const path = holding('clip', { 'model.onnx': null, 'processor_config.json': config, 'config.json': '{' });
    const { pipeline } = planFeatures(await describeModel(path), { path, layer, preprocess: null });
    expect(pipeline).toMatchObject({ resize: [32, 32], crop: 32, mean: [0.5, 0.25, 0.75] });
  });

  it('is refused where a file beside it that may say how images are prepared cannot be read', async () => {
    const path = holding('closed', { 'model.onnx': null });
    mkdirSync(join(path, 'config.json'));
    const model = await describeModel(path);
    expect(await refusal(Promise.resolve().then(() => planFeatures(model, { path, layer, preprocess: null })))).toEqual(
      {
        what: 'it may say how images are prepared for the model beside it, and cannot be read',
        where: join(path, 'config.json'),
        fix: 'Let it be read, or move the model away from it',
      },
    );
  });

  it('whose preprocessor_config.json names no class is that of its model_type', async () => {
    // transformers.models.clip: a bare number is the shorter side, and the middle of it is cut out.
    const files = {
      'config.json': '{"model_type": "clip"}',
      'preprocessor_config.json': '{"size": 40, "crop_size": 32}',
    };
    const path = holding('old', { 'model.onnx': null, ...files });
    const { pipeline } = planFeatures(await describeModel(path), { path, layer, preprocess: null });
    expect(pipeline).toMatchObject({
      resize: 40,
      crop: 32,
      interpolation: 'bicubic',
      mean: [0.48145466, 0.4578275, 0.40821073],
    });
  });

  it('is told where the file in it is named, for what lies beside is then not read', () => {
    const path = join(
      holding('beside', { 'model.onnx': null, 'preprocessor_config.json': preprocessor }),
      'model.onnx',
    );
    expect(unreadPreprocessing(path, null)).toMatch(
      /beside.preprocessor_config\.json says how images are prepared, and is not read for .*--preprocess huggingface/,
    );
    const config = JSON.stringify({ pretrained_cfg: {} });
    const timm = join(holding('timm-beside', { 'model.onnx': null, 'config.json': config }), 'model.onnx');
    expect(unreadPreprocessing(timm, null)).toContain('set preprocess to timm');
    expect(unreadPreprocessing(path, 'torchvision')).toBeNull();
    // A file of that name may be somebody else's.
    for (const [name, text] of [
      ['list', '[1]'],
      ['broken', '{'],
    ] as const) {
      const other = holding(`other-${name}`, {
        'model.onnx': null,
        'config.json': text,
        'processor_config.json': text,
      });
      expect(unreadPreprocessing(join(other, 'model.onnx'), null)).toBeNull();
    }
    expect(unreadPreprocessing(join(folder, 'beside'), null)).toBeNull();
    expect(unreadPreprocessing(robust, null)).toBeNull();
  });

  it('has its scores in the order of id2label', async () => {
    const path = holding('ordered', { 'model.onnx': null, 'config.json': labels({ 0: 'dog', 1: 'cat' }) });
    expect(await scoreClasses(null, null, ['cat', 'dog'], path)).toEqual(['dog', 'cat']);
    // What the config says comes first, and LABEL_0 says nothing.
    expect(await scoreClasses(null, ['cat', 'dog'], ['cat', 'dog'], path)).toEqual(['cat', 'dog']);
    const unnamed = holding('unnamed', { 'config.json': labels({ 0: 'LABEL_0', 1: 'LABEL_1' }) });
    expect(await scoreClasses(null, null, ['cat', 'dog'], unnamed)).toEqual(['cat', 'dog']);
    expect(await scoreClasses(null, null, ['cat', 'dog'], robust)).toEqual(['cat', 'dog']);
    const told = await refusal(scoreClasses(null, null, ['cat', 'cow'], path));
    expect(told).toMatchObject({ what: 'no label has the class "dog"', where: join(path, 'config.json') });
  });

  it('is its only .onnx, whatever that is called', async () => {
    expect((await describeModel(holding('only', { 'net.onnx': null, 'README.md': 'x' }))).file).toBe(
      join(folder, 'only', 'net.onnx'),
    );
  });

  it.each([
    [
      'several',
      { 'a.onnx': null, 'b.onnx': null },
      'the folder holds 2 models: "a.onnx", "b.onnx"',
      'Name the one that is meant',
    ],
    [
      'torch',
      { 'model.safetensors': 'x', 'config.json': '{}' },
      'the folder holds weights of PyTorch, and no .onnx',
      'optimum-cli export onnx',
    ],
    [
      'saved',
      { 'saved_model.pb': 'x' },
      'the folder holds a SavedModel of TensorFlow, and no .onnx',
      'tf2onnx.convert --saved-model',
    ],
    ['empty', { 'notes.txt': 'x' }, 'the folder holds no model', 'Name a model file'],
  ] as const)('that holds something else (%s) is named for what it is', async (name, files, what, fix) => {
    const path = holding(name, files);
    expect(await refusal(describeModel(path))).toEqual({ what, where: path, fix: expect.stringContaining(fix) });
  });
});

describe("scikit-learn's models", () => {
  it('are named for what they are', async () => {
    const file = join(folder, 'forest.onnx');
    const type = { tensorType: { elemType: 1, shape: { dim: [{}, { dimValue: 64 }] } } };
    const node = {
      opType: 'TreeEnsembleClassifier',
      domain: 'ai.onnx.ml',
      input: ['X'],
      output: ['label', 'scores'],
      attribute: [],
    };
    const graph = {
      node: [node],
      initializer: [],
      input: [{ name: 'X', type }],
      output: [{ name: 'label' }],
      valueInfo: [],
    };
    writeFileSync(file, encodeModel({ irVersion: 8, opsetImport: [{ domain: 'ai.onnx.ml', version: 3 }], graph }));
    expect(await refusal(describeModel(file))).toEqual({
      what: 'the model takes columns of numbers, not images: its TreeEnsembleClassifier is an operator of models by scikit-learn, XGBoost or LightGBM (skl2onnx)',
      where: file,
      fix: 'Write what it predicts as a table of image and prediction; a feature model must be a network that takes images',
    });
  });
});
