import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { refuseForeignFile } from '../adapters/foreignFile.ts';
import { refuseSpecialFile } from '../adapters/regularFile.ts';
import { UserError } from '../errors.ts';
import type { ModelDescription } from './engine.ts';
import { modelFileIn } from './modelFolder.ts';
import { describeOnnxModel } from './onnx/model.ts';
import { describeTfjsModel } from './tfjs/model.ts';

/**
 * Reads a model, a file or a folder that an exporter wrote (`modelFileIn`): a TF.js `model.json`, else ONNX.
 * @throws UserError where the file cannot be read or is no model of that kind.
 */
export async function describeModel(path: string): Promise<ModelDescription> {
  const file = await modelFileIn(path);
  await refuseNoModel(file);
  return extname(file).toLowerCase() === '.json' ? describeTfjsModel(file) : describeOnnxModel(file);
}

/** Refuses what by its first bytes cannot be a model. @throws UserError that says what it is, and the way */
export async function refuseNoModel(path: string): Promise<void> {
  const file = await modelFileIn(path);
  await refuseSpecialFile(file, 'the model', 'Name a model file: .onnx, or model.json of TF.js');
  await refuseForeignFile(file, 'the model');
  if (extname(file).toLowerCase() !== '.json') await refuseText(file);
}

/** Bytes at the start by which a text is told: an ONNX file begins with a control character. */
const START = 512;

async function refuseText(file: string): Promise<void> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0);
  // A character may be cut at the end.
  const isText = /^[^\p{Cc}\ufffd]([^\p{Cc}\ufffd]|[\t\r\n])*\ufffd?$/u.test(buffer.toString('utf8', 0, bytesRead));
  if (!isText) return;
  const what = 'the model is text';
  const fix = 'Name a model: .onnx, or model.json of TF.js; a table of predictions ends in .csv, .tsv, .json or .jsonl';
  throw new UserError({ what, where: file, fix });
}
