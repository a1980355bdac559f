import { UserError } from '../errors.ts';
import type { PreprocessOptions } from '../records/config.ts';
import { entry } from '../records/entry.ts';
import { isJsonObject, type JsonObject } from '../records/json.ts';

type Triple = PreprocessOptions['mean'];

const half = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
const imageNet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
const clip = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};
const [bilinear, bicubic] = [{ resample: 2 }, { resample: 3 }];
const both = (side: number) => ({ size: { height: side, width: side } });
/** A bare number is the shorter side. */
const shorter = (side: number) => ({ size: { shortest_edge: side }, default_to_square: false });
const cropped = (side: number) => ({ do_center_crop: true, crop_size: { height: side, width: side } });

/**
 * What the image processors of Hugging Face's transformers do where a file says nothing, by the name of their class without what it
 * ends in (`ViTImageProcessor`, `ViTImageProcessorFast`, `ViTFeatureExtractor`): the attributes of these classes, version 5.24.
 */
const processors: ReadonlyMap<string, JsonObject> = new Map(
  Object.entries({
    Beit: { ...both(224), ...bicubic, ...half, crop_size: 224 },
    Bit: { ...shorter(224), ...cropped(224), ...bicubic, ...clip },
    Blip: { ...both(384), ...bicubic, ...clip },
    ChineseCLIP: { ...shorter(224), ...cropped(224), ...bicubic, ...clip },
    CLIP: { ...shorter(224), ...cropped(224), ...bicubic, ...clip },
    ConvNext: { ...shorter(384), ...bicubic, ...half, crop_pct: 224 / 256 },
    DeiT: { ...both(256), ...cropped(224), ...bicubic, ...half },
    DINOv3ViT: { ...both(224), ...bilinear, ...imageNet },
    EfficientFormer: { ...both(224), ...cropped(224), ...bicubic, ...imageNet },
    EfficientNet: { ...both(346), ...bicubic, ...half, include_top: true },
    Levit: { ...shorter(224), ...cropped(224), ...bicubic, ...imageNet },
    MobileNetV1: { ...shorter(256), ...cropped(224), ...bilinear, ...half },
    MobileNetV2: { ...shorter(256), ...cropped(224), ...bilinear, ...half },
    MobileViT: { ...shorter(224), ...cropped(256), ...bicubic, do_flip_channel_order: true },
    PoolFormer: { ...shorter(224), ...cropped(224), ...bicubic, ...imageNet, crop_pct: 0.9 },
    Pvt: { ...both(224), ...bicubic, ...imageNet },
    Segformer: { ...both(512), ...bilinear, ...imageNet },
    Siglip: { ...both(224), ...bicubic, ...half, default_to_square: false },
    ViT: { ...both(224), ...bilinear, ...half },
  }),
);

/** Kinds of model by their processor, for files that name none: `model_type` of their `config.json`. */
const modelsOfProcessor: Readonly<Record<string, readonly string[]>> = {
  Beit: ['beit', 'data2vec-vision'],
  Bit: ['bit', 'dinov2', 'focalnet', 'hiera'],
  CLIP: ['clip'],
  ConvNext: ['convnext', 'convnextv2', 'cvt', 'regnet', 'resnet'],
  DeiT: ['deit'],
  DINOv3ViT: ['dinov3_vit'],
  EfficientFormer: ['efficientformer'],
  EfficientNet: ['efficientnet'],
  Levit: ['levit'],
  MobileNetV1: ['mobilenet_v1'],
  MobileNetV2: ['mobilenet_v2'],
  MobileViT: ['mobilevit', 'mobilevitv2'],
  PoolFormer: ['poolformer'],
  Pvt: ['pvt', 'pvt_v2'],
  Segformer: ['segformer'],
  Siglip: ['siglip'],
  ViT: ['vit', 'vit_msn', 'vit_mae', 'swin', 'swinv2', 'swiftformer', 'ijepa', 'dinat'],
};
const processorOfModel: ReadonlyMap<unknown, string> = new Map(
  Object.entries(modelsOfProcessor).flatMap(([processor, models]) =>
    models.map((model) => [model, processor] as const),
  ),
);

/** By PIL's numbers. */
const resamples: readonly string[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/**
 * What the image processor of a `preprocessor_config.json` does to an image.
 *
 * @param model the `config.json` beside it; null: there is none
 * @throws UserError where that is something that is not done here, or is not known: its steps would be left out unseen
 */
export function huggingFacePreset(config: JsonObject, model: JsonObject | null, path: string): PreprocessOptions {
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
  const name = processorName(given, model);
  const defaults = name === null ? { ...bilinear, ...imageNet } : processors.get(name);
  if (defaults === undefined) throw notDone(path, `what ${String(config.image_processor_type ?? name)} does`);
  const asked: JsonObject = { ...defaults, ...given };
  for (const step of ['do_pad', 'do_thumbnail', 'do_align_long_axis', 'do_grayscale'])
    if (asked[step] === true) throw notDone(path, step);
  return {
    ...sizesOf(name, asked, path),
    ...normalising(name, asked),
    antialias: true,
    interpolation: interpolationOf(resamples[Number(asked.resample)] ?? asked.resample, path),
    ...(name === 'MobileViT' && asked.do_flip_channel_order === true ? { channels: 'bgr' as const } : {}),
  };
}

function processorName(
  { image_processor_type: now, feature_extractor_type: old }: JsonObject,
  model: JsonObject | null,
) {
  const named = typeof now === 'string' ? now : old;
  if (typeof named === 'string') return named.replace(/(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/, '');
  return processorOfModel.get(model?.model_type) ?? null;
}

/** From this side on ConvNeXt squeezes the whole image. */
const SQUEEZED = 384;

function sizesOf(name: string | null, asked: JsonObject, path: string): Pick<PreprocessOptions, 'resize' | 'crop'> {
  const size = asked.do_resize === false ? null : sizeOf(asked.size, asked.default_to_square !== false, path);
  const share = typeof asked.crop_pct === 'number' ? asked.crop_pct : 1;
  const own = asked.do_center_crop === true ? sideOf(asked.crop_size ?? asked.size, path) : null;
  const square = Array.isArray(size) && size[0] === size[1] ? size[0] : null;
  const crop = own ?? square;
  if (typeof size === 'number' && (name === 'ConvNext' || (name === null && own === null && share !== 1)))
    return size < SQUEEZED
      ? { resize: Math.trunc(size / share), crop: own ?? size }
      : { resize: [size, size], crop: own ?? size };
  if (name === 'Levit' && typeof size === 'number') return { resize: Math.trunc((256 / 224) * size), crop };
  if (name !== 'PoolFormer' || share === 1) return { resize: size, crop };
  if (typeof size === 'number') return { resize: Math.trunc(size / share), crop };
  // Of a square it takes the side for the shorter one.
  if (square !== null) return { resize: Math.trunc(square / share), crop: own };
  return { resize: size === null ? null : [Math.trunc(size[0] / share), Math.trunc(size[1] / share)], crop };
}

/** Mean and standard deviation of values in [0, 1]: (value * 255 * factor - offset - mean) / std. */
function normalising(name: string | null, asked: JsonObject): Pick<PreprocessOptions, 'mean' | 'std'> {
  const isEfficientNet = name === 'EfficientNet';
  const factor = typeof asked.rescale_factor === 'number' ? asked.rescale_factor : 1 / 255;
  const unit = 255 * (asked.do_rescale === false ? 1 : factor);
  const offset = isEfficientNet && asked.rescale_offset === true ? 1 : 0;
  // MobileViT's class leaves it out whatever its file says.
  const isOn = asked.do_normalize !== false && name !== 'MobileViT';
  const [mean, std] = [triple(asked.image_mean, [0, 0, 0]), triple(asked.image_std, [1, 1, 1])];
  // EfficientNet divides by it once more, for the heads that come from Keras.
  const again = isEfficientNet && asked.include_top === true ? std : [1, 1, 1];
  const of = (value: (channel: number) => number): Triple => [value(0), value(1), value(2)];
  return {
    mean: of((channel) => (offset + (isOn ? entry(mean, channel) : 0)) / unit),
    std: of((channel) => ((isOn ? entry(std, channel) : 1) * entry(again, channel)) / unit),
  };
}

function sizeOf(size: unknown, isSquare: boolean, path: string): number | readonly [number, number] {
  if (typeof size === 'number') return isSquare ? [size, size] : size;
  if (Array.isArray(size) && size.length === 2) return [Number(size[0]), Number(size[1])];
  if (isJsonObject(size) && typeof size.shortest_edge === 'number' && size.longest_edge === undefined)
    return size.shortest_edge;
  if (isJsonObject(size) && typeof size.height === 'number' && typeof size.width === 'number')
    return [size.height, size.width];
  throw notDone(path, `size ${JSON.stringify(size)}`);
}

function sideOf(size: unknown, path: string): number {
  if (typeof size === 'number') return size;
  if (isJsonObject(size) && typeof size.height === 'number' && size.height === size.width) return size.height;
  throw notDone(path, `crop_size ${JSON.stringify(size)}`);
}

/** @throws UserError for a filter that is none of ours */
export function interpolationOf(name: unknown, path: string): NonNullable<PreprocessOptions['interpolation']> {
  if (name === 'bilinear' || name === 'bicubic' || name === 'lanczos') return name;
  throw notDone(path, `interpolation ${JSON.stringify(name)}`);
}

/** Of R, G and B, of a list of one for all or of a number. */
export function triple(values: unknown, otherwise: Triple): Triple {
  const list: readonly unknown[] = typeof values === 'number' ? [values] : Array.isArray(values) ? values : [];
  if (list.length === 0) return otherwise;
  const [first = 0, second = first, third = first] = list.map(Number);
  return [first, second, third];
}

/** Says that a file asks for what a preset does not do. */
export function notDone(path: string, what: string): UserError {
  return new UserError({
    what: `it asks for ${what}, which is not done here`,
    where: path,
    fix: 'Give resize, crop, mean, std and interpolation in preprocess instead',
  });
}
