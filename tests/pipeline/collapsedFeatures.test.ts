import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { recordBaseline } from '../../src/pipeline/baseline.ts';
import { completeRequest } from '../../src/pipeline/library.ts';
import { runGate } from '../../src/pipeline/run.ts';
import { stream } from '../../src/statistics/random.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow collapsed '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [IMAGES, DIMENSIONS] = [400, 24];

it('images of a class that lie far from all others, as a well-trained network has them, are no copies of each other', async () => {
  const { uint32 } = stream('collapsed');
  // Classes lie 2 apart in each feature, images of one within 0.05.
  const features = Float32Array.from(
    { length: IMAGES * DIMENSIONS },
    (_, at) => (Math.floor(at / DIMENSIONS) % 2) * 2 + 0.05 * (uint32() / 2 ** 32),
  );
  const labelOf = (row: number) => (row % 2 === 0 ? 'cat' : 'dog');
  const breaks = (row: number) => row % 2 === 0 && (features[row * DIMENSIONS + 3] ?? 0) > 0.044;
  const table = (head: string, said: (row: number) => string) =>
    [`image,${head}`, ...Array.from({ length: IMAGES }, (_, row) => `${row}.png,${said(row)}`)].join('\n');
  const file = (name: string, text: string) => writeFileSync(join(folder, name), text);
  file('eval.csv', table('label', labelOf));
  file(
    'old.csv',
    table('prediction', (row) => (row % 40 === 0 ? 'dog' : labelOf(row))),
  );
  file(
    'new.csv',
    table('prediction', (row) => (row % 40 === 0 || breaks(row) ? 'dog' : labelOf(row))),
  );
  writeFileSync(
    join(folder, 'features.npy'),
    Buffer.concat([formatNpyHeader(IMAGES, DIMENSIONS), new Uint8Array(features.buffer)]),
  );
  file(
    'barlow.yml',
    'version: 1\nname: collapsed\nevalSet: {manifest: eval.csv}\nfeatures: features.npy\ngroups: [label]\nanalysis: {shuffles: 0}\nreport: {clusters: 1, images: 0}\nbaseline: {store: folder, path: baselines}\n',
  );
  const request = (name: string, commit: string) =>
    completeRequest({
      ...{ config: join(folder, 'barlow.yml'), out: join(folder, 'report'), commit, workers: 0 },
      ...{ checkpoints: [{ name, path: join(folder, `${name}.csv`) }], now: new Date(0) },
    });
  await recordBaseline(request('old', 'one'));
  const { outcome } = await runGate(request('new', 'two'));
  const [{ comparison }] = JSON.parse(readFileSync(join(folder, 'report', 'result.json'), 'utf8')).checkpoints;
  expect({ outcome, notes: comparison.notes }).toEqual({ outcome: 'failed', notes: [] });
}, 60_000);
