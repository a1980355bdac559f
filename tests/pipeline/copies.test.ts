import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { recordBaseline } from '../../src/pipeline/baseline.ts';
import { completeRequest } from '../../src/pipeline/library.ts';
import { runGate } from '../../src/pipeline/run.ts';
import { stream } from '../../src/statistics/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow copies '));
const [IMAGES, DIMENSIONS] = [400, 24];
const { uint32 } = stream('copies of a run');

function request(suite: string, name: string, commit: string, said: string[] = []) {
  return completeRequest({
    ...{ config: join(folder, `${suite}.yml`), out: join(folder, 'report'), commit, workers: 0 },
    ...{ checkpoints: [{ name, path: join(folder, `${name}.csv`) }], now: new Date(0) },
    onNotice: (line) => said.push(line),
  });
}

/** Twelve images that the candidate `burst` has wrong. */
const inBurst = (row: number) => row % 35 === 1;

const table = (head: string, said: (row: number) => string) =>
  [`image,${head}`, ...Array.from({ length: IMAGES }, (_, row) => `${row}.png,${said(row)}`)].join('\n');

beforeAll(async () => {
  writeFileSync(
    join(folder, 'eval.csv'),
    table('label', () => 'cat'),
  );
  writeFileSync(
    join(folder, 'accepted.csv'),
    table('prediction', (row) => (row % 7 === 2 ? 'dog' : 'cat')),
  );
  writeFileSync(
    join(folder, 'candidate.csv'),
    table('prediction', (row) => (row % 7 === 5 ? 'dog' : 'cat')),
  );
  writeFileSync(
    join(folder, 'burst.csv'),
    table('prediction', (row) => (row % 7 === 2 || inBurst(row) ? 'dog' : 'cat')),
  );
  for (const [suite, isCopy] of [
    ['copied', (row: number) => row % 70 === 9],
    ['apart', () => false],
  ] as const) {
    const values = Float32Array.from({ length: IMAGES * DIMENSIONS }, () => uint32() / 2 ** 32);
    // Each copy, seven rows on, fails with its original.
    for (let row = 7; row < IMAGES; row++)
      if (isCopy(row)) values.copyWithin(row * DIMENSIONS, (row - 7) * DIMENSIONS, (row - 6) * DIMENSIONS);
    // Twelve images that share one feature, or, in the other suite, nearly all of them.
    for (let row = 36; row < IMAGES; row++) {
      if (!inBurst(row)) continue;
      if (suite === 'copied') values.copyWithin(row * DIMENSIONS, DIMENSIONS, 2 * DIMENSIONS);
      values[row * DIMENSIONS + 5] += 1e-3;
    }
    for (let row = 1; row < IMAGES; row += 35) values[row * DIMENSIONS + 3] = 2 + row / 1e5;
    writeFileSync(
      join(folder, `${suite}.npy`),
      Buffer.concat([formatNpyHeader(IMAGES, DIMENSIONS), new Uint8Array(values.buffer)]),
    );
    writeFileSync(
      join(folder, `${suite}.yml`),
      `version: 1\nname: ${suite}\nevalSet: {manifest: eval.csv, classes: [cat, dog]}\nfeatures: ${suite}.npy\ngroups: [all]\nanalysis: {shuffles: 0}\nreport: {clusters: 1, images: 0}\nbaseline: {store: folder, path: baselines}\n`,
    );
    await recordBaseline(request(suite, 'accepted', 'one'));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Notes of the comparison, as the result holds them, and what was said. */
async function notes(suite: string, name = 'candidate') {
  const said: string[] = [];
  const { outcome } = await runGate(request(suite, name, 'two', said));
  const { checkpoints } = JSON.parse(readFileSync(join(folder, 'report', 'result.json'), 'utf8'));
  return {
    outcome,
    notes: checkpoints[0].comparison.notes,
    said,
    markdown: readFileSync(join(folder, 'report', 'report.md'), 'utf8'),
  };
}

describe('copies among the images on which checkpoints differ', () => {
  it('are told with their number and an example, in the result, the report and the log', async () => {
    const { notes: told, said, markdown } = await notes('copied');
    // Rows 9, 79, ..., 359 and those seven before; 114 rows leave 2 or 5 divided by 7.
    expect(told).toEqual([
      expect.stringMatching(
        /^12 of 114 images on which the checkpoints differ are nearly copies of others among them \("2.png" and "9.png"\)\./,
      ),
    ]);
    expect(said).toContain(told[0]);
    expect(markdown).toContain('nearly copies of others among them');
  }, 60_000);

  it('are no more evidence than one of them: twelve images of one burst fail no run, twelve different ones do', async () => {
    const different = await notes('apart', 'burst');
    expect(different.outcome).toBe('failed');
    expect(different.notes).toEqual([]);
    const burst = await notes('copied', 'burst');
    expect(burst.outcome).toBe('passed');
    expect(burst.notes).toEqual([expect.stringMatching(/^12 of 12 images on which the checkpoints differ /)]);
  }, 60_000);

  it('are not spoken of where there are none', async () => {
    expect((await notes('apart')).notes).toEqual([]);
  }, 60_000);
});
