import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { openPool } from '../../src/adapters/threadPool.ts';
import { PROPERTIES_FOLDER, readSegments } from '../../src/features/featureStore.ts';
import { type FeatureSource, openFeatures } from '../../src/features/openFeatures.ts';
import { readColumns } from '../../src/features/readColumns.ts';
import type { FeatureFile } from '../../src/records/features.ts';
import { shared } from '../extras.ts';
import { root } from '../images/fixtures.ts';

export const example = join(root, 'examples', 'cifar10');
export const exampleImages = readdirSync(join(example, 'images')).sort();
export const robust = join(example, '..', '..', 'models', 'robust-32.onnx');

/** A source of features from the example's images by its robust network; work is done in this thread. */
export function source(storeFolder: string, changes: Partial<FeatureSource> = {}): FeatureSource {
  return {
    evalSet: { images: exampleImages.slice(0, 300), folder: join(example, 'images') },
    featureModel: model(robust),
    features: null,
    imageColumn: 'image',
    engine: 'onnx-cpu',
    storeFolder,
    run: openPool(0).run,
    onProgress: () => {},
    onNotice: () => {},
    shard: null,
    onBadImage: 'fail',
    ...changes,
  };
}

export function model(path: string): FeatureSource['featureModel'] {
  return { path, layer: { features: null, featureMap: null }, preprocess: null };
}

/** Runs `openFeatures` and counts the images that went through the engine: progress is by batch, stored ones first. */
export async function extractCounting(from: FeatureSource): Promise<{ file: FeatureFile; batches: number }> {
  let batches = 0;
  const onProgress = (stage: string) => {
    if (stage === 'extract') batches += 1;
  };
  return { file: await openFeatures({ ...from, onProgress }), batches };
}

/** Rows in the segments of a store, of whatever run. */
export function storedRows(storeFolder: string): number {
  if (!existsSync(storeFolder)) return 0;
  const folders = readdirSync(storeFolder).filter((name) => name !== PROPERTIES_FOLDER);
  const hashes = folders.flatMap((name) => readSegments(join(storeFolder, name)).flatMap((segment) => segment.hashes));
  return new Set(hashes).size;
}

/** All features, row after row. */
export async function allRows(file: FeatureFile): Promise<Float32Array[]> {
  const rows = Uint32Array.from(file.rowOf, (_, row) => row);
  const { values } = await readColumns(file)(rows, 0, file.dimensions);
  return Array.from(rows, (row) =>
    Float32Array.from({ length: file.dimensions }, (_, feature) => values[feature * rows.length + row]),
  );
}

/** Greatest difference between features and those by PyTorch. */
export function greatestDifference(rows: readonly Float32Array[], truth: readonly ArrayLike<number>[]): number {
  return Math.max(...rows.map((row, i) => Math.max(...row.map((value, j) => Math.abs(value - truth[i][j])))));
}

/** The rows of `features.npy` of the whole shared data, by PyTorch. */
export function sharedFeatures(): Float32Array[] {
  const bytes = readFileSync(join(shared, 'data', 'cifar10', 'features.npy'));
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + bytes.length));
  return Array.from({ length: values.length / 128 }, (_, row) => values.subarray(row * 128, (row + 1) * 128));
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder, removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-inference-'));
  folders.push(folder);
  return folder;
}
