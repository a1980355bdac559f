import { extname } from 'node:path';
import type { ModelDescription } from './engine.ts';
import { describeOnnxModel } from './onnx/model.ts';
import { describeTfjsModel } from './tfjs/model.ts';

/**
 * Reads a model file: a TF.js `model.json`, else ONNX.
 * @throws UserError where the file cannot be read or is no model of that kind.
 */
export function describeModel(file: string): Promise<ModelDescription> {
  return extname(file).toLowerCase() === '.json' ? describeTfjsModel(file) : describeOnnxModel(file);
}
