import { extname } from 'node:path';
import { refuseForeignFile } from '../adapters/foreignFile.ts';
import { refuseSpecialFile } from '../adapters/regularFile.ts';
import type { ModelDescription } from './engine.ts';
import { describeOnnxModel } from './onnx/model.ts';
import { describeTfjsModel } from './tfjs/model.ts';

/**
 * Reads a model file: a TF.js `model.json`, else ONNX.
 * @throws UserError where the file cannot be read or is no model of that kind.
 */
export async function describeModel(file: string): Promise<ModelDescription> {
  await refuseNoModel(file);
  return extname(file).toLowerCase() === '.json' ? describeTfjsModel(file) : describeOnnxModel(file);
}

/** Refuses what by its first bytes cannot be a model. @throws UserError that says what it is, and the way */
export async function refuseNoModel(file: string): Promise<void> {
  await refuseSpecialFile(file, 'the model', 'Name a model file: .onnx, or model.json of TF.js');
  await refuseForeignFile(file, 'the model');
}
