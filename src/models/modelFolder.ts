import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';

/** Where exporters put the model of a folder: optimum's (Hugging Face), those of its hub, tensorflowjs_converter's. */
const usual = ['model.onnx', 'onnx/model.onnx', 'model.json'] as const;

/** What a folder holds of a model that is not run, and the way; the first that fits. */
const others: readonly (readonly [RegExp, string, string])[] = [
  [
    /^(model.*\.safetensors|pytorch_model.*\.bin|.*\.(pt|pth|ckpt))$/,
    'weights of PyTorch',
    'Export it: optimum-cli export onnx --task image-classification --model FOLDER OUT; or by torch.onnx.export',
  ],
  [
    /^(saved_model\.pb|keras_metadata\.pb)$/,
    'a SavedModel of TensorFlow',
    'Convert it: python -m tf2onnx.convert --saved-model FOLDER --output model.onnx',
  ],
  [/\.(keras|h5)$/, 'a Keras model', 'Convert it by tf2onnx'],
  [/\.(xml|mlmodel|tflite|engine|plan)$/, 'a model of another runtime', 'Export the network as ONNX'],
];

/**
 * The file of a model: the path itself, or of a folder what exporters call the model in it, or its only `.onnx`.
 *
 * @throws UserError where a folder holds none (naming what it holds) or several
 */
export async function modelFileIn(path: string): Promise<string> {
  const inside = await readdir(path, { withFileTypes: true }).catch((): null => null);
  if (inside === null) return path;
  const names = filesOf(inside);
  const below = filesOf(await readdir(join(path, 'onnx'), { withFileTypes: true }).catch((): Dirent[] => []));
  const all = [...names, ...below.map((name) => `onnx/${name}`)];
  const found = usual.find((name) => all.includes(name));
  if (found !== undefined) return join(path, found);
  const models = all.filter((name) => /\.onnx$/i.test(name));
  const [only, ...more] = models;
  if (only !== undefined && more.length === 0) return join(path, only);
  const shown = models.slice(0, 5).map((name) => JSON.stringify(name));
  if (models.length > 0) {
    throw new UserError({
      what: `the folder holds ${models.length} models: ${shown.join(', ')}${models.length > 5 ? ', ...' : ''}`,
      where: path,
      fix: 'Name the one that is meant',
    });
  }
  const [, what = 'no model', fix = 'Name a model file: .onnx, or model.json of TF.js'] =
    others.find(([pattern]) => names.some((name) => pattern.test(name))) ?? [];
  throw new UserError({
    what: `the folder holds ${what}${what === 'no model' ? '' : ', and no .onnx'}`,
    where: path,
    fix,
  });
}

function filesOf(entries: readonly Dirent[]): string[] {
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}
