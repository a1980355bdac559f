/** Size of a baseline of ImageNet val's size, and the time to pack and read it. Exits 1 if it is too large. usage: node bench/baseline.ts */
import { decodeBaseline, encodeBaseline } from '../src/baseline/codec.ts';
import { imagenetSizeRecord } from '../tests/baseline/imagenetSize.ts';

const limit = 3_000_000;
const record = imagenetSizeRecord();
const started = performance.now();
const bytes = encodeBaseline(record);
const packed = performance.now();
decodeBaseline(bytes, 'bench', '');
const read = performance.now();

const json = JSON.stringify(record).length;
const leaves = record.groups.reduce((sum, group) => sum + group.leaves.length, 0);
console.log(
  [
    'A baseline of the size of ImageNet val:',
    `  ${record.failed.length} predictions, ${record.evalSet.classes.length} classes, ${record.groups.length} trees, ${leaves} leaves`,
    `  ${bytes.length < limit ? 'pass' : 'FAIL'}  ${(bytes.length / 1e6).toFixed(2)} MB (${limit / 1e6}) from ${(json / 1e6).toFixed(1)} MB of JSON`,
    `  packed in ${Math.round(packed - started)} ms, read and checked in ${Math.round(read - packed)} ms`,
  ].join('\n'),
);
if (bytes.length >= limit) process.exitCode = 1;
