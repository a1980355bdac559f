/**
 * Analyses a .npy of 2,048 float32 features an image and prints its own peak resident memory as JSON.
 * usage: node bench/analysisMemory.ts FEATURES.npy label|all
 */
import { statSync } from 'node:fs';
import { openPool } from '../src/adapters/threadPool.ts';
import { analyseGroups } from '../src/analysis/analyseGroups.ts';
import { groupsOf } from '../src/analysis/groups.ts';
import { NPY_HEADER_BYTES } from '../src/features/npy.ts';
import { readColumns } from '../src/features/readColumns.ts';
import { defaultAnalysisOptions } from '../src/pipeline/defaults.ts';
import type { EvalSet } from '../src/records/evalSet.ts';
import { stream } from '../src/statistics/random.ts';

const [path, spec] = process.argv.slice(2);
const dimensions = 2048;
const images = (statSync(path).size - NPY_HEADER_BYTES) / (4 * dimensions);
const classes = 1000;

const { uint32 } = stream('large outcomes');
const failed = Uint8Array.from({ length: images }, () => Number(uint32() / 2 ** 32 < 0.2));
const evalSet: EvalSet = {
  images: Array.from({ length: images }, (_, row) => `${row}.jpg`),
  folder: null,
  classes: Array.from({ length: classes }, (_, index) => String(index).padStart(4, '0')),
  // A class's rows lie far apart in the file.
  labels: Int32Array.from({ length: images }, (_, row) => row % classes),
  columns: new Map(),
  fingerprint: '',
};
const checkpoint = { name: 'bench', predictions: null, failed, confidence: null };
const model = { fingerprint: '', dimensions, engine: 'file' };
const rowOf = Uint32Array.from({ length: images }, (_, row) => row);

let sampled = 0;
const sampler = setInterval(() => {
  sampled = Math.max(sampled, process.memoryUsage.rss());
}, 20);
const pool = openPool(2);
const started = performance.now();
const analyses = await analyseGroups(groupsOf([spec], evalSet, checkpoint), {
  readColumns: readColumns({ path, offset: NPY_HEADER_BYTES, dimensions, rowOf, model, contents: '' }),
  dimensions,
  run: pool.run,
  options: defaultAnalysisOptions,
  concurrency: 3,
});
const seconds = (performance.now() - started) / 1000;
await pool.close();
clearInterval(sampler);
const peak = Math.max(sampled / 2 ** 20, process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ peak, seconds, groups: analyses.filter(({ tree }) => tree !== null).length }));
