import { extname } from 'node:path';
import { refuseSpecialFile } from '../adapters/regularFile.ts';
import type { ModelDescription } from './engine.ts';
import { describeOnnxModel } from './onnx/model.ts';
import { describeTfjsModel } from './tfjs/model.ts';

/**
 * Reads a model file: a TF.js `model.json`, else ONNX.
 * @throws UserError where the file cannot be read or is no model of that kind.
 */
export async function describeModel(file: string): Promise<ModelDescription> {
  await refuseSpecialFile(file, 'the model', 'Name a model file: .onnx, or model.json of TF.js');
  return extname(file).toLowerCase() === '.json' ? describeTfjsModel(file) : describeOnnxModel(file);
}
