import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { textIfReadable } from '../adapters/textIfReadable.ts';
import { messageOf, UserError } from '../errors.ts';
import type { PreprocessOptions, PreprocessPreset } from '../records/config.ts';
import { isJsonObject, type JsonObject, jsonOrNull } from '../records/json.ts';
import { huggingFacePreset, interpolationOf, notDone, triple } from './huggingFacePreset.ts';

/** What a preset needs to know of the model: where it lies, and the side of its images (pixels; null where it is open). */
export interface PresetModel {
  readonly file: string;
  readonly side: number | null;
}

const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
const defaultSide = 224;

type Preset = (model: PresetModel) => PreprocessOptions;

/** Keras squeezes images to the model's size (`image_dataset_from_directory`: bilinear, not smoothed). */
const keras =
  (form: Partial<PreprocessOptions>): Preset =>
  ({ side }) => {
    const length = side ?? defaultSide;
    return { ...plain, antialias: false, resize: [length, length], crop: length, ...form };
  };

/** One row a preset: what the library of that name does to an image before such a model sees it. */
const presets: Readonly<Record<PreprocessPreset, Preset>> = {
  torchvision: ({ side }) => {
    const crop = side ?? defaultSide;
    return { ...plain, ...imageNet, resize: Math.round((crop * 256) / 224), crop };
  },
  timm: (model) => timmOptions(model),
  huggingface: (model) => huggingFaceOptions(model),
  // keras.applications.imagenet_utils.preprocess_input: BGR less ImageNet's mean, not scaled
  'keras:caffe': keras({
    channels: 'bgr',
    mean: [123.68 / 255, 116.779 / 255, 103.939 / 255],
    std: [1 / 255, 1 / 255, 1 / 255],
  }),
  'keras:tf': keras({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }),
  'keras:torch': keras(imageNet),
};

/**
 * The preprocessing that a preset stands for.
 * @throws UserError where it is read from a file beside the model that is not there, or that asks for what is not done.
 */
export function presetOptions(name: PreprocessPreset, model: PresetModel): PreprocessOptions {
  return presets[name](model);
}

const preprocessorFile = 'preprocessor_config.json';

/** Where exporters say how images are prepared, as transformers and timm look for it, and the preset that reads it; the first that is there. */
function saidBeside(file: string): { readonly preset: PreprocessPreset; readonly path: string } | null {
  const preprocessor = besideModel(file, preprocessorFile);
  if (existsSync(preprocessor)) return { preset: 'huggingface', path: preprocessor };
  // Of processors of images and texts, as of CLIP.
  const processor = besideModel(file, 'processor_config.json');
  if (isJsonObject(objectIn(processor)?.image_processor)) return { preset: 'huggingface', path: processor };
  // timm's models, which transformers runs too, have no other file.
  const model = besideModel(file, 'config.json');
  return isJsonObject(objectIn(model)?.pretrained_cfg) ? { preset: 'timm', path: model } : null;
}

/**
 * The object that a file of JSON holds; null where there is none: a file of that name may be somebody else's. Throws UserError where it
 * cannot be read, since it may say what images must go through.
 */
function objectIn(path: string): JsonObject | null {
  if (!existsSync(path)) return null;
  const text = textIfReadable(path);
  if (text === null) {
    const what = 'it may say how images are prepared for the model beside it, and cannot be read';
    throw new UserError({ what, where: path, fix: 'Let it be read, or move the model away from it' });
  }
  const value = jsonOrNull(text);
  return isJsonObject(value) ? value : null;
}

/** The preset of a folder in which an exporter put what its model needs; null where it says nothing of images. */
export function presetOfFolder(path: string, { file }: { readonly file: string }): PreprocessPreset | null {
  return path === file ? null : (saidBeside(file)?.preset ?? null);
}

/**
 * What is said of a model whose file is named while beside it lies what an exporter wrote of its preprocessing, which is read only where the
 * folder is named: it may be another model's. Null where there is none, or preprocessing is given.
 */
export function unreadPreprocessing(file: string, given: unknown): string | null {
  const said = given === null && /\.(onnx|json)$/i.test(file) ? saidBeside(file) : null;
  return (
    said &&
    `${said.path} says how images are prepared, and is not read for ${file}: name its folder in place of the file, or set preprocess to ${said.preset} (barlow compare: --preprocess ${said.preset}).`
  );
}

/** A file beside a model, or beside the folder `onnx` that it lies in. */
function besideModel(file: string, name: string): string {
  const folder = dirname(file);
  const above = join(dirname(folder), name);
  const beside = join(folder, name);
  return basename(folder) === 'onnx' && !existsSync(beside) && existsSync(above) ? above : beside;
}

/** timm's `config.json` (its `pretrained_cfg`), as timm.data.create_transform reads it. */
function timmOptions({ file, side }: PresetModel): PreprocessOptions {
  const path = besideModel(file, 'config.json');
  const whole = readJson(path, 'timm');
  const config = isJsonObject(whole.pretrained_cfg) ? whole.pretrained_cfg : whole;
  const given = Array.isArray(config.input_size) ? Number(config.input_size.at(-1)) : defaultSide;
  const crop = side ?? given;
  const share = typeof config.crop_pct === 'number' && config.crop_pct > 0 ? config.crop_pct : 0.875;
  const scaled = Math.floor(crop / share);
  const mode = config.crop_mode ?? 'center';
  if (mode !== 'center' && mode !== 'squash') throw notDone(path, `crop_mode ${JSON.stringify(mode)}`);
  return {
    ...plain,
    ...{ mean: triple(config.mean, imageNet.mean), std: triple(config.std, imageNet.std) },
    interpolation: interpolationOf(config.interpolation || 'bicubic', path),
    resize: mode === 'squash' ? [scaled, scaled] : scaled,
    crop,
  };
}

/** Hugging Face's `preprocessor_config.json` of an image processor, and the `config.json` beside it. */
function huggingFaceOptions({ file }: PresetModel): PreprocessOptions {
  const said = saidBeside(file);
  const path = said?.preset === 'huggingface' ? said.path : besideModel(file, preprocessorFile);
  const whole = readJson(path, 'huggingface');
  const config = isJsonObject(whole.image_processor) ? whole.image_processor : whole;
  return huggingFacePreset(config, objectIn(besideModel(file, 'config.json')), path);
}

function readJson(path: string, preset: string): JsonObject {
  const fix = 'Copy it from where the model comes from, or give resize, crop, mean and std in preprocess';
  if (!existsSync(path)) {
    throw new UserError({ what: `the preset ${preset} is read from a file that is not there`, where: path, fix });
  }
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isJsonObject(parsed)) return parsed;
    throw new Error('it holds no object');
  } catch (cause) {
    throw new UserError({ what: `the preset ${preset} cannot be read (${messageOf(cause)})`, where: path, fix, cause });
  }
}
