import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { shared } from '../extras.ts';

/** Features of each image, its label and its prediction, by real networks on CIFAR-10's test images. */
export interface Outcomes {
  readonly features: Float32Array;
  readonly labels: readonly string[];
  readonly predictions: readonly string[];
}

export interface GoldenTree {
  readonly depth: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly feature: number | null;
    readonly threshold: number | null;
    readonly left: number;
    readonly right: number;
  }[];
  readonly leaves: readonly {
    readonly node: number;
    readonly size: number;
    readonly failures: number;
    readonly errorRate: number;
    readonly errorCoverage: number;
    readonly importanceValue: number;
  }[];
  readonly aler: number;
  readonly precision: number;
  readonly recall: number;
}

export interface GoldenGroup {
  readonly id: string;
  readonly size: number;
  readonly failures: number;
  readonly baseErrorRate: number;
  readonly mutualInformation: readonly number[];
  readonly selected: readonly number[];
  readonly trees: readonly GoldenTree[];
}

export const dimensions = 128;

const data = join(import.meta.dirname, '..', 'data', 'analysis');
const cifar10 = join(shared, 'data', 'cifar10');
export const sharedFeatures = join(cifar10, 'features.npy');

/** What scikit-learn computes for the baseline's predictions: see tests/make_golden.py. */
export function golden(): readonly GoldenGroup[] {
  return JSON.parse(gunzipSync(readFileSync(join(data, 'golden.json.gz'))).toString('utf8')).groups;
}

/** The 1,000 images of one class, with the baseline's predictions. */
export function imagesOf(name: 'automobile' | 'horse'): Outcomes {
  const rows = csv(join(data, `${name}.csv`));
  return {
    features: floats(gunzipSync(readFileSync(join(data, `${name}.f32.gz`)))),
    labels: rows.map(([label]) => label),
    predictions: rows.map(([, prediction]) => prediction),
  };
}

/** All 10,000 images, with the predictions of a file of the shared data. */
export function allImages(predictionsFile: string): Outcomes {
  const predictionOf = new Map(
    csv(join(cifar10, 'predictions', predictionsFile)).map(([image, prediction]) => [image, prediction]),
  );
  const rows = csv(join(cifar10, 'eval.csv'));
  return {
    features: floats(readFileSync(sharedFeatures).subarray(-rows.length * dimensions * 4)),
    labels: rows.map(([, label]) => label),
    predictions: rows.map(([image]) => predictionOf.get(image) ?? ''),
  };
}

function csv(file: string): string[][] {
  const lines = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  return lines.slice(1).map((line) => line.split(','));
}

function floats(bytes: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
