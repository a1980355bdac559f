/**
 * How fast the analysis is beside scikit-learn, what a second worker brings, whether its p-values are right on pure
 * noise, and what memory 100,000 x 2,048 features take. Exits 1 if any figure is not as it must be.
 * usage: node bench/analysis.ts [SECTION...]   (sections: speed workers calibration tails memory)
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '../src/adapters/threadPool.ts';
import { analyseGroups } from '../src/analysis/analyseGroups.ts';
import { evaluate } from '../src/analysis/evaluate.ts';
import { groupWorker } from '../src/analysis/groupTask.ts';
import { quantise } from '../src/analysis/quantised.ts';
import { regionStatistics, shuffled, significance } from '../src/analysis/significance.ts';
import { formatNpyHeader } from '../src/features/npy.ts';
import { defaultAnalysisOptions } from '../src/pipeline/defaults.ts';
import type { AnalysisOptions, Group, GroupAnalysis } from '../src/records/analysis.ts';
import type { Columns } from '../src/records/features.ts';
import { monteCarlo } from '../src/statistics/monteCarlo.ts';
import { legacyNormals, stream } from '../src/statistics/random.ts';
import { total } from '../src/statistics/sums.ts';
import { must } from './must.ts';

const sections = { speed, workers, calibration, tails, memory };
const asked = process.argv.slice(2);
for (const [name, section] of Object.entries(sections)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const started = performance.now();
  console.log(`\n${name}`);
  await section();
  console.log(`  (${((performance.now() - started) / 1000).toFixed(1)} s)`);
}

/** Features as after a ReLU, in shared memory, of which every 64th is higher where an image fails; 15 % fail. */
function reluGroup(rows: number, dimensions: number, seed: number): { columns: Columns; failed: Uint8Array } {
  const { uint32 } = stream(`relu ${seed}`);
  const failed = Uint8Array.from({ length: rows }, () => Number(uint32() / 2 ** 32 < 0.15));
  const normals = legacyNormals(seed, rows * dimensions);
  const values = new Float32Array(new SharedArrayBuffer(4 * rows * dimensions));
  for (let at = 0; at < values.length; at++) {
    const lift = Math.floor(at / rows) % 64 === 0 ? 0.5 * failed[at % rows] : 0;
    values[at] = Math.max(0, normals[at] + lift + 0.5);
  }
  return { columns: { rows, from: 0, to: dimensions, values }, failed };
}

/** One group of 1,300 x 2,048, one thread each, in seconds of its CPU: others on the machine change the clock's, not the ratio. */
function speed(): void {
  const { columns, failed } = reluGroup(1300, 2048, 1);
  const group = { id: 'bench', grouping: 'all' as const, value: 'bench', failed };
  const options = { ...defaultAnalysisOptions, shuffles: 0 };
  const run = () => {
    const before = process.threadCpuUsage();
    const outcome = groupWorker.run({ group, options, columns, large: null });
    const { user, system } = process.threadCpuUsage(before);
    return { outcome, seconds: (user + system) / 1e6 };
  };
  const first = run();
  const seconds = Array.from({ length: 7 }, () => run().seconds).sort((a, b) => a - b)[3];
  const { outcome } = first;
  if (outcome instanceof Promise || !('analysis' in outcome)) throw new Error('no analysis');
  const reference = sklearn(columns, failed);
  const ours = outcome.analysis;
  const selected = ours.selectedFeatures.map(({ feature }) => feature);
  const differences = ours.selectedFeatures.map((one) =>
    Math.abs(one.mutualInformation - reference.information[one.feature]),
  );
  must(selected.join() === reference.selected.join(), 'the same 50 features in the same order as scikit-learn');
  must(
    Math.max(...differences) < 1e-9,
    `mutual information within ${Math.max(...differences).toExponential(0)} (1e-9)`,
  );
  console.log(`        ALER ${ours.aler?.toFixed(6)}, scikit-learn's ${reference.aler.toFixed(6)}`);
  const ratio = reference.seconds / seconds;
  console.log(
    `        scikit-learn ${reference.seconds.toFixed(2)} s; here ${first.seconds.toFixed(2)} s at first, then ${seconds.toFixed(3)} s (median of 7)`,
  );
  must(
    ratio >= 40,
    `${ratio.toFixed(0)} times as fast (40), ${(reference.seconds / first.seconds).toFixed(0)} times at first`,
  );
}

interface Reference {
  readonly seconds: number;
  readonly information: readonly number[];
  readonly selected: readonly number[];
  readonly aler: number;
}

function sklearn({ rows, to, values }: Columns, failed: Uint8Array): Reference {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
  try {
    const rowMajor = Float32Array.from(values, (_, at) => values[(at % to) * rows + Math.floor(at / to)]);
    const write = (name: string, columns: number, matrix: Float32Array) =>
      writeFileSync(join(folder, name), Buffer.concat([formatNpyHeader(rows, columns), new Uint8Array(matrix.buffer)]));
    write('features.npy', to, rowMajor);
    write('failed.npy', 1, Float32Array.from(failed));
    const script = join(import.meta.dirname, 'sklearn_reference.py');
    const files = ['features.npy', 'failed.npy'].map((name) => join(folder, name));
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    return JSON.parse(
      execFileSync('/usr/bin/python3', [script, ...files], { env, encoding: 'utf8', maxBuffer: 2 ** 26 }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Groups of 1,300 x 2,048 with one worker and with two, each after a first round. */
async function workers(): Promise<void> {
  const parts = [1, 2].map((seed) => reluGroup(1300, 2048, seed));
  const groups = Array.from({ length: 24 }, (_, i) => groupOf(`g${i}`, i, 1300, parts[i % 2].failed));
  const options = { ...defaultAnalysisOptions, shuffles: 0 };
  const seconds: number[] = [];
  const outcomes: string[] = [];
  for (const threads of [1, 2]) {
    const pool = openPool(threads);
    const readColumns = async (rows: Uint32Array) => parts[rows[0] % 2].columns;
    const setting = { readColumns, dimensions: 2048, run: pool.run, options, concurrency: threads + 1 };
    await analyseGroups(groups.slice(0, 6), setting);
    const started = performance.now();
    outcomes.push(JSON.stringify(await analyseGroups(groups, setting)));
    seconds.push((performance.now() - started) / 1000);
    await pool.close();
  }
  must(outcomes[0] === outcomes[1], 'the same outcome, byte for byte');
  const [one, two] = seconds;
  must(
    one / two >= 1.7,
    `24 groups: ${one.toFixed(2)} s with one worker, ${two.toFixed(2)} s with two: ${(one / two).toFixed(2)} times (1.7)`,
  );
}

/** `rows[0]` tells the reader which matrix is meant. */
function groupOf(id: string, first: number, size: number, failed: Uint8Array): Group {
  const rows = Uint32Array.from({ length: size }, (_, i) => first + i);
  return { id, grouping: 'label', value: id, rows, failed };
}

/** Failures that have nothing to do with the features. */
async function calibration(): Promise<void> {
  const pool = openPool(2);
  const all: GroupAnalysis[] = [];
  console.log('         n    d  groups   p <= 0.01    p <= 0.05   best leaf a failure mode at depth 1, 3');
  for (const [rows, dimensions, count] of [
    [50, 50, 300],
    [50, 128, 200],
    [150, 128, 200],
    [400, 64, 200],
    [1300, 16, 150],
    [1300, 128, 100],
  ]) {
    const options: AnalysisOptions = { ...defaultAnalysisOptions, shuffles: 199 };
    const readColumns = async ([first]: Uint32Array) => noise(`features ${first}`, rows, dimensions);
    const groups = Array.from({ length: count }, (_, i) =>
      groupOf(`noise ${rows} ${dimensions} ${i}`, i, rows, noiseOutcome(`outcome ${rows} ${dimensions} ${i}`, rows)),
    );
    const setting = { readColumns, dimensions, run: pool.run, options, concurrency: 3 };
    const analyses = (await analyseGroups(groups, setting)).filter(({ tree }) => tree !== null);
    const shares = evaluate(analyses, [1, 3], options.failureMode).map(({ failureModeShare }) => failureModeShare ?? 0);
    const below = [0.01, 0.05].map((limit) => `${percent(shareBelow(analyses, limit))}`.padStart(10));
    console.log(
      `      ${String(rows).padStart(4)} ${String(dimensions).padStart(4)}  ${String(analyses.length).padStart(6)}  ${below.join('   ')}   ${shares.map(percent).join(', ')}`,
    );
    all.push(...analyses);
  }
  await pool.close();
  for (const limit of [0.01, 0.05]) {
    const bound = limit + 2.33 * Math.sqrt((limit * (1 - limit)) / all.length);
    const share = shareBelow(all, limit);
    must(
      share <= bound,
      `p <= ${limit} in ${percent(share)} of ${all.length} groups (at most ${percent(bound)}, 99 % binomial)`,
    );
  }
}

/** Clusters of a feature of middling strength: the p-value that is stopped early, beside that of 9,999 shuffles. */
function tails(): void {
  const ratios: number[] = [];
  for (const [rows, dimensions] of [
    [50, 256],
    [150, 128],
    [400, 64],
  ]) {
    for (let i = 0; i < 80; i++) {
      const columns = noise(`tail ${rows} ${i}`, rows, dimensions);
      const chance = noise(`tail failures ${rows} ${i}`, rows, 1).values;
      const rate = 0.3 + 0.0075 * i;
      const failed = Uint8Array.from(chance, (value, row) =>
        Number(value < (columns.values[row] > 0.88 ? rate : 0.12)),
      );
      const failures = total(failed);
      const data = quantise(columns);
      const statistics = regionStatistics(data, failures);
      const draw = (index: number) => statistics([shuffled(rows, failures, `full ${rows} ${i}:${index}`)])[0];
      const full = monteCarlo(statistics([failed])[0], draw, { draws: 9999, stopAfter: 100 }).pValue;
      if (full < 1e-6 || full > 5e-3) continue;
      ratios.push(significance(data, failed, 999, `early ${rows} ${i}`) / full);
    }
  }
  ratios.sort((a, b) => a - b);
  const at = (share: number) => ratios[Math.floor(share * (ratios.length - 1))];
  must(ratios.length >= 20, `${ratios.length} groups with a p-value between 10^-6 and 0.005 by 9,999 shuffles (20)`);
  const spread = [0.1, 0.5, 0.9].map((share) => at(share).toFixed(1)).join(', ');
  must(
    at(0.5) >= 0.7,
    `the early p-value is ${spread} times that (a tenth, half, nine tenths of groups; median at least 0.7)`,
  );
  must(at(0.1) >= 0.3 && at(0.9) <= 20, 'cautious: in eight of ten groups between 0.3 and 20 times');
}

function shareBelow(analyses: readonly GroupAnalysis[], limit: number): number {
  return analyses.filter(({ pValue }) => pValue !== null && pValue <= limit).length / analyses.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function noise(seed: string, rows: number, dimensions: number): Columns {
  const { uint32 } = stream(seed);
  const values = new Float32Array(new SharedArrayBuffer(4 * rows * dimensions));
  for (let at = 0; at < values.length; at++) values[at] = uint32() / 2 ** 32;
  return { rows, from: 0, to: dimensions, values };
}

function noiseOutcome(seed: string, rows: number): Uint8Array {
  const { uint32 } = stream(seed);
  return Uint8Array.from({ length: rows }, () => Number(uint32() / 2 ** 32 < 0.2));
}

/** A file of 100,000 x 2,048 float32, analysed by label and as a whole in a process of its own. */
function memory(): void {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-bench-'));
  try {
    const file = join(folder, 'features.npy');
    writeLargeFile(file, 100_000, 2048);
    for (const group of ['label', 'all']) {
      const script = join(import.meta.dirname, 'analysisMemory.ts');
      const output = execFileSync(process.execPath, [script, file, group], { encoding: 'utf8' });
      const { peak, seconds, groups } = JSON.parse(output);
      must(
        peak < 700,
        `${group}: peak resident memory ${peak.toFixed(0)} MB (700), ${groups} groups, ${seconds.toFixed(0)} s, two workers`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Half zeros, half exponential, as after a ReLU; blocks of rows repeat a pool of values shifted from row to row. */
function writeLargeFile(path: string, rows: number, dimensions: number): void {
  const { below, uint32 } = stream('large file');
  const pool = Float32Array.from({ length: 2 ** 20 }, () => Math.max(0, -Math.log((uint32() + 1) / 2 ** 31)));
  const handle = openSync(path, 'w');
  writeSync(handle, formatNpyHeader(rows, dimensions));
  const block = new Float32Array(500 * dimensions);
  for (let row = 0; row < rows; row += 500) {
    for (let i = 0; i < 500; i++) {
      const from = below(pool.length - dimensions);
      block.set(pool.subarray(from, from + dimensions), i * dimensions);
    }
    writeSync(handle, new Uint8Array(block.buffer));
  }
  closeSync(handle);
}
