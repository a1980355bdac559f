import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { copyRows, dropSuperseded, mergeStores, readSegments } from '../../src/features/featureStore.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { readRows, SegmentWriter } from '../../src/features/segment.ts';
import { hasPython, python } from '../extras.ts';
import { root } from '../images/fixtures.ts';
import {
  allRows,
  example,
  exampleImages,
  extractCounting,
  robust,
  source,
  storedRows,
  temporaryFolder,
} from './extraction.ts';

const images = exampleImages.slice(0, 1000);
const evalSet = { images, folder: join(example, 'images') };
const child = join(root, 'tests', 'features', 'extractChild.ts');
const childArguments = (store: string) => [child, join(example, 'images'), JSON.stringify(images), robust, store];

function startChild(store: string): ChildProcess {
  return spawn(process.execPath, childArguments(store), { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Calls `on` with each line; resolves with all of them when the process is gone. */
async function linesOf(process: ChildProcess, on: (line: string, count: number) => void = () => {}): Promise<string[]> {
  if (process.stdout === null) throw new Error('no pipe');
  const lines: string[] = [];
  for await (const line of createInterface({ input: process.stdout })) on(line, lines.push(line));
  if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
  return lines;
}

const hash = (n: number) => n.toString(16).padStart(64, '0');
const row = (n: number) => [n, n + 0.5, -n];

/** A sealed or an open segment with rows `from`..`to`, each its own batch. */
function makeSegment(folder: string, from: number, to: number, seal = true): void {
  const writer = new SegmentWriter(folder, 3, 'onnx-cpu');
  for (let n = from; n < to; n++) writer.append([hash(n)], Float32Array.from(row(n)));
  if (seal) writer.seal(null);
  else writer.close();
}

function rowsIn(folder: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const segment of readSegments(folder)) {
    readRows(segment, [...segment.hashes.keys()], (at, values) => {
      if (values !== null) found.set(segment.hashes[at], [...values]);
    });
  }
  return found;
}

describe('a run killed while it extracts', () => {
  it('loses at most a batch, and the next goes on', { timeout: 300_000 }, async () => {
    const store = temporaryFolder();
    let kept = 0;
    for (const after of [1, 2, 1]) {
      const process = startChild(store);
      let reported = kept;
      await linesOf(process, (line) => {
        const [stage, done] = line.split(' ');
        if (stage !== 'extract') return;
        reported = Number(done);
        if (reported >= kept + after * 128) process.kill('SIGKILL');
      });
      expect(process.signalCode).toBe('SIGKILL');
      expect(storedRows(store)).toBeGreaterThanOrEqual(reported);
      expect(storedRows(store)).toBeGreaterThan(kept);
      kept = storedRows(store);
    }
    const { file, batches } = await extractCounting(source(store, { evalSet }));
    expect(batches).toBe(Math.ceil((images.length - kept) / 128));
    const plain = await openFeatures(source(temporaryFolder(), { evalSet }));
    expect(await allRows(file)).toEqual(await allRows(plain));
  });
});

describe('two runs at once', () => {
  it('both finish with the right features, and a third extracts nothing', { timeout: 300_000 }, async () => {
    const store = temporaryFolder();
    const [first, second] = [startChild(store), startChild(store)];
    const lines = (await Promise.all([linesOf(first), linesOf(second)])).flat();
    expect(lines.filter((line) => line.startsWith('error'))).toEqual([]);
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    const { file, batches } = await extractCounting(source(store, { evalSet }));
    expect(batches).toBe(0);
    const plain = await openFeatures(source(temporaryFolder(), { evalSet }));
    expect(await allRows(file)).toEqual(await allRows(plain));
  });
});

describe.skipIf(process.platform === 'win32')('a disk without room', () => {
  it('is said so, and what was extracted is kept', { timeout: 300_000 }, async () => {
    const store = temporaryFolder();
    // The kernel refuses files beyond 300 KiB: 4 batches of 128 x 128 float32 values.
    const command = ['-c', 'ulimit -f 300; exec "$@"', 'bash', process.execPath, ...childArguments(store)];
    const limited = spawn('bash', command, { stdio: ['ignore', 'pipe', 'inherit'] });
    const last = (await linesOf(limited)).at(-1);
    expect(last).toMatch(/^error .*: there is no room left for features. Free some space and run again: what/);
    expect(storedRows(store)).toBe(4 * 128);
    const { file, batches } = await extractCounting(source(store, { evalSet }));
    expect(batches).toBe(Math.ceil((images.length - 4 * 128) / 128));
    expect(file.rowOf.length).toBe(images.length);
  });
});

describe('segments', () => {
  it('give a whole prefix wherever their files were cut', () => {
    fc.assert(
      fc.property(
        fc.nat(12),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (rows, a, b) => {
          const folder = temporaryFolder();
          makeSegment(folder, 0, rows, false);
          for (const name of readdirSync(folder)) {
            const path = join(folder, name);
            truncateSync(path, Math.floor(statSync(path).size * (name.endsWith('.npy') ? a : b)));
          }
          const found = rowsIn(folder);
          expect([...found.keys()]).toEqual(Array.from({ length: found.size }, (_, n) => hash(n)));
          expect([...found.values()]).toEqual(Array.from({ length: found.size }, (_, n) => row(n)));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('close their files once where they cannot be sealed: a number that another file has got is left alone', () => {
    const folder = temporaryFolder();
    const writer = new SegmentWriter(folder, 3, 'onnx-cpu');
    writer.append([hash(0)], Float32Array.from(row(0)));
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.part'))) rmSync(join(folder, name));
    expect(() => writer.seal(null)).toThrow('the feature store cannot be used');
    // The system gives the lowest free numbers: those of the files just closed.
    const others = [1, 2].map(() => openSync(join(import.meta.dirname, 'featureStore.test.ts'), 'r'));
    writer.close();
    for (const other of others) expect(readSync(other, Buffer.alloc(6))).toBe(6);
    for (const other of others) closeSync(other);
  });

  it('do not pass on a row whose bytes changed: it is extracted again', () => {
    const folder = temporaryFolder();
    makeSegment(folder, 0, 5);
    const [segment] = readSegments(folder);
    const bytes = readFileSync(segment.npy);
    bytes[128 + 2 * 12] ^= 1;
    writeFileSync(segment.npy, bytes);
    const writer = new SegmentWriter(temporaryFolder(), 3, 'onnx-cpu');
    const copied = copyRows([segment], new Set([0, 2, 4].map(hash)), writer);
    writer.close();
    expect(copied).toEqual(new Set([hash(0), hash(4)]));
  });

  it.skipIf(!hasPython('numpy'))('are read by NumPy, even while they grow', () => {
    const folder = temporaryFolder();
    makeSegment(folder, 0, 7, false);
    const [npy] = readdirSync(folder).filter((name) => name.endsWith('.npy'));
    const script = 'import sys, numpy as np; print(np.load(sys.argv[1]).tolist())';
    expect(JSON.parse(python(script, join(folder, npy)).toString())).toEqual([0, 1, 2, 3, 4, 5, 6].map(row));
  });

  it('go when a finished one has all they have, but not while a run might be using them', () => {
    const folder = temporaryFolder();
    makeSegment(folder, 0, 5);
    makeSegment(folder, 0, 3, false);
    makeSegment(folder, 4, 9, false);
    const whole = readSegments(folder).find(({ sealed }) => sealed);
    if (whole === undefined) throw new Error('no sealed segment');
    dropSuperseded(readSegments(folder), whole);
    expect(readSegments(folder)).toHaveLength(3);
    const yesterday = Date.now() / 1000 - 24 * 60 * 60;
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), yesterday, yesterday);
    dropSuperseded(readSegments(folder), whole);
    expect(readSegments(folder).map(({ hashes }) => hashes.length)).toEqual([5, 5]);
    expect(readdirSync(folder)).toHaveLength(4);
  });
});

describe('merging stores', () => {
  it('brings the shards of a matrix together: nothing is left to extract', async () => {
    const stores = [1, 2, 3].map(() => temporaryFolder());
    for (const [i, store] of stores.entries()) {
      await openFeatures(source(store, { shard: { index: i + 1, count: 3 } }));
    }
    const into = temporaryFolder();
    expect(mergeStores(stores, into)).toBe(300);
    expect(mergeStores(stores, into)).toBe(0);
    const { file, batches } = await extractCounting(source(into));
    expect(batches).toBe(0);
    expect(await allRows(file)).toEqual(await allRows(await openFeatures(source(temporaryFolder()))));
  });

  it('refuses what is no store', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    copyFileSync(robust, join(folder, 'sub', 'robust.onnx'));
    expect(() => mergeStores([folder], temporaryFolder())).toThrow(UserError);
    expect(() => mergeStores([join(folder, 'missing')], temporaryFolder())).toThrow('it is not a feature store');
  });
});
