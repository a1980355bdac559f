/**
 * Extracts the features of a folder of images with ResNet-50, then takes a step of a feature attack, as a run does one after the
 * other; prints its own peak resident memory after each as JSON. usage: node bench/inferenceMemory.ts RESNET50.onnx IMAGES
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '../src/adapters/threadPool.ts';
import { openFeatures } from '../src/features/openFeatures.ts';
import { openSession } from '../src/models/engines/selectEngine.ts';
import { describeOnnxModel } from '../src/models/onnx/model.ts';
import { attackInput, resnet50Options } from './resnet50.ts';

const [path, folder] = process.argv.slice(2);
const peak = () => process.resourceUsage().maxRSS / 1024;
const pool = openPool(availableParallelism());
const storeFolder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
await openFeatures({
  evalSet: { images: readdirSync(folder).sort(), folder },
  featureModel: resnet50Options(path),
  features: null,
  imageColumn: 'image',
  engine: 'onnx-cpu',
  onBadImage: 'fail',
  storeFolder,
  run: pool.run,
  onProgress: () => {},
  onNotice: () => {},
  shard: null,
});
rmSync(storeFolder, { recursive: true });
const extraction = peak();
const model = await describeOnnxModel(path);
const session = await openSession(model, 'onnx-cpu', 224, { threads: null }, () => {});
const { images, units } = attackInput(8);
await session.gradient(images, model.featuresLayer(null), units);
await session.close();
await pool.close();
console.log(JSON.stringify({ extraction, attack: peak() }));
