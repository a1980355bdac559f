/**
 * What a value (a feature of an image in a group) takes, in nanoseconds: reading it from a file, mutual information with the quantiles of p-values,
 * and the half-spaces of the scan. For a group of 1,300 images of 2,048 features as `bench/imagenetTrain.ts` makes them, where all features and all jitter
 * must come from memory, and of 64 features, which a processor's cache holds: what the one takes more than the other is memory traffic. The
 * least of several rounds, so that a machine which does other work gives nearly the same. usage: node bench/values.ts [ROUNDS]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutualInformation } from '../src/analysis/mutualInformation.ts';
import { cutting, quantise } from '../src/analysis/quantised.ts';
import { formatNpyHeader, NPY_HEADER_BYTES } from '../src/features/npy.ts';
import { readColumns } from '../src/features/readColumns.ts';
import { halfSpaces } from '../src/gate/halfSpaces.ts';
import type { FeatureFile } from '../src/records/features.ts';
import { stream } from '../src/statistics/random.ts';

const ROWS = 1300;
/** Features that are timed together. */
const PART = 16;
const rounds = Number(process.argv[2] ?? 15);
const folder = mkdtempSync(join(tmpdir(), 'barlow-values-'));
try {
  for (const dimensions of [64, 2048]) await measure(dimensions);
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(dimensions: number): Promise<void> {
  const { uint32, below } = stream('values');
  const uniform = () => uint32() / 2 ** 32;
  const table = Float32Array.from({ length: 2 ** 18 }, () => uniform() + uniform() + uniform() - 1.5);
  // Every fourth row of the file is the group's.
  const matrix = new Float32Array(4 * ROWS * dimensions);
  for (let row = 0; row < 4 * ROWS; row++) {
    const [one, two, noise] = [below(64) * 2048, below(64) * 2048, below(table.length - dimensions)];
    const strength = uniform();
    for (let j = 0; j < dimensions; j++) {
      const value = table[j] + strength * table[one + j] + table[two + j] + 0.3 * table[noise + j] - 0.3;
      matrix[row * dimensions + j] = Math.max(value, 0);
    }
  }
  const path = join(folder, 'features.npy');
  writeFileSync(path, formatNpyHeader(4 * ROWS, dimensions));
  writeFileSync(path, new Uint8Array(matrix.buffer), { flag: 'a' });
  const file: FeatureFile = {
    ...{ path, offset: NPY_HEADER_BYTES, dimensions, rowOf: Uint32Array.from({ length: 4 * ROWS }, (_, row) => row) },
    ...{ model: { fingerprint: '', dimensions, engine: 'file' }, contents: '' },
  };
  const read = readColumns(file);
  const rows = Uint32Array.from({ length: ROWS }, (_, row) => 4 * row);
  const buffer = new SharedArrayBuffer(4 * ROWS * dimensions);
  const columns = await read(rows, 0, dimensions, buffer);
  const failed = Uint8Array.from(rows, () => Number(uniform() < 0.15));
  const density = {
    open: Uint8Array.from(rows, () => Number(uniform() < 0.04)),
    expected: Float64Array.from(rows, uniform),
  };
  /** Least time of each part over the rounds, added up: a part is too short to be interrupted every time. */
  const time = async (what: string, parts: readonly (() => unknown)[]) => {
    const least = parts.map(() => Number.POSITIVE_INFINITY);
    for (let round = 0; round < rounds; round++) {
      for (const [at, work] of parts.entries()) {
        const started = performance.now();
        await work();
        least[at] = Math.min(least[at], performance.now() - started);
      }
    }
    const total = least.reduce((sum, each) => sum + each, 0);
    console.log(`        ${what.padEnd(42)} ${((total * 1e6) / ROWS / dimensions).toFixed(1)}`);
  };
  const starts = Array.from({ length: dimensions / PART }, (_, at) => at * PART);
  const parts = starts.map((from) => ({
    ...{ rows: ROWS, from, to: from + PART },
    values: columns.values.subarray(from * ROWS, (from + PART) * ROWS),
  }));
  const someRows = Array.from({ length: ROWS / 50 }, (_, at) => rows.subarray(at * 50, (at + 1) * 50));
  console.log(`${ROWS} images x ${dimensions} features, ns a value`);
  await time(
    'reading scattered rows into columns',
    someRows.map((some) => () => read(some, 0, dimensions, buffer)),
  );
  await time(
    'mutual information',
    parts.map((part) => () => mutualInformation(part, dimensions, failed, 3)),
  );
  await time(
    'mutual information and quantiles',
    parts.map((part) => () => mutualInformation(part, dimensions, failed, 3, undefined, cutting(part).cut)),
  );
  await time(
    'quantiles alone, with a sort of their own',
    parts.map((part) => () => quantise(part)),
  );
  await time(
    'half-spaces of the scan',
    parts.map((part) => () => halfSpaces(part, density)),
  );
}
