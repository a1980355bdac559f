import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { recordBaseline } from '../../src/pipeline/baseline.ts';
import { completeRequest } from '../../src/pipeline/library.ts';
import { runGate } from '../../src/pipeline/run.ts';
import { stream } from '../../src/statistics/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow margins '));
/** As many classes as make margins worth keeping. */
const [IMAGES, DIMENSIONS, CLASSES] = [1200, 256, 420];
const kept = join(folder, '.barlow', 'features', 'margins-2');

function request(name: string, commit: string, said: string[] = []) {
  return completeRequest({
    ...{ config: join(folder, 'barlow.yml'), out: join(folder, 'report'), commit, workers: 0 },
    ...{ checkpoints: [{ name, path: join(folder, `${name}.csv`) }], now: new Date(0) },
    onNotice: (line) => said.push(line),
  });
}

/** Judges the candidate. */
async function judged(): Promise<{ readonly result: string; readonly said: string }> {
  const said: string[] = [];
  expect((await runGate(request('candidate', 'two', said))).outcome).toBe('failed');
  return { result: readFileSync(join(folder, 'report', 'result.json'), 'utf8'), said: said.join('\n') };
}

beforeAll(async () => {
  const { uint32 } = stream('margins of a run');
  const values = Float32Array.from({ length: IMAGES * DIMENSIONS }, () => uint32() / 2 ** 32);
  writeFileSync(
    join(folder, 'features.npy'),
    Buffer.concat([formatNpyHeader(IMAGES, DIMENSIONS), new Uint8Array(values.buffer)]),
  );
  const label = (row: number) => `c${row % CLASSES}`;
  const table = (head: string, said: (row: number) => string) =>
    [`image,${head}`, ...Array.from({ length: IMAGES }, (_, row) => `${row}.png,${said(row)}`)].join('\n');
  const usual = (row: number) => label(row % 29 === 0 ? row + 1 : row);
  const broken = (row: number) => values[row * DIMENSIONS + 2] > 0.9 && row % 5 > 0;
  writeFileSync(join(folder, 'eval.csv'), table('label', label));
  writeFileSync(join(folder, 'accepted.csv'), table('prediction', usual));
  const candidate = table('prediction', (row) => (broken(row) ? label(row + 1) : usual(row)));
  writeFileSync(join(folder, 'candidate.csv'), candidate);
  writeFileSync(
    join(folder, 'barlow.yml'),
    'version: 1\nname: margins\nevalSet: {manifest: eval.csv}\nfeatures: features.npy\ngroups: [all]\nanalysis: {shuffles: 0, features: {select: 2}}\nreport: {clusters: 1, images: 0}\nbaseline: {store: folder, path: baselines}\n',
  );
  await recordBaseline(request('accepted', 'one'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('how hard images are', () => {
  it('is kept with the features, and gives the same bytes computed, read, damaged or not kept at all', async () => {
    const { result } = await judged();
    const [file = ''] = readdirSync(kept);
    const path = join(kept, file);
    const [bytes, { mtimeMs }] = [readFileSync(path), statSync(path)];
    const read = await judged();
    expect(read.result).toBe(result);
    expect(read.said).not.toContain('no longer held');
    // What is computed is kept again: it was not.
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    writeFileSync(path, Buffer.from(bytes).fill(0, 9000, 9100));
    const damaged = await judged();
    expect(damaged.result).toBe(result);
    expect(damaged.said).toContain('no longer held what was written there');
    expect(readFileSync(path).equals(bytes)).toBe(true);
    rmSync(join(folder, '.barlow'), { recursive: true });
    writeFileSync(join(folder, '.barlow'), 'a file where a folder is wanted');
    const unkept = await judged();
    expect(unkept.result).toBe(result);
    expect(unkept.said).toContain('could not be kept for the next run');
  }, 300_000);
});
