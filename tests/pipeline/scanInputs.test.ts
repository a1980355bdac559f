import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import type { Result } from '../../src/records/result.ts';
import { stream } from '../../src/statistics/random.ts';
import { runHere } from '../inProcess.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow scan inputs '));
const [IMAGES, DIMENSIONS] = [400, 5];
const { uint32 } = stream('scan inputs');
/** Feature 3 is constant, feature 4 is 0 or 1. */
const features = Float32Array.from({ length: IMAGES * DIMENSIONS }, (_, at) => {
  const feature = at % DIMENSIONS;
  return feature === 3 ? 0.5 : feature === 4 ? uint32() & 1 : uint32() / 2 ** 32;
});
const few = (row: number) => row % 29 === 0;
const broken = (row: number) => few(row) || (features[row * DIMENSIONS + 2] > 0.88 && row % 5 > 0);

function write(name: string, wrong: (row: number) => boolean, as: 'prediction' | 'failed', images = IMAGES): void {
  const said = (row: number) => (as === 'failed' ? Number(wrong(row)) : wrong(row) ? 'dog' : 'cat');
  const lines = Array.from({ length: images }, (_, row) => `${row}.png,${said(row)}`);
  writeFileSync(join(folder, `${name}.csv`), `image,${as}\n${lines.join('\n')}\n`);
}

/** A suite of the first images, and the others' labels if asked for. */
function suite(name: string, images: number, store: string, dogs = 0): void {
  const rows = Array.from({ length: images }, (_, row) => `${row}.png,${row < dogs ? 'dog' : 'cat'}`);
  writeFileSync(join(folder, `${name}.eval.csv`), `image,label\n${rows.join('\n')}\n`);
  const values = features.subarray(0, images * DIMENSIONS);
  writeFileSync(
    join(folder, `${name}.npy`),
    Buffer.concat([formatNpyHeader(images, DIMENSIONS), new Uint8Array(values.slice().buffer)]),
  );
  writeFileSync(
    join(folder, `${name}.yml`),
    `version: 1
name: inputs
evalSet: {manifest: ${name}.eval.csv, classes: [cat, dog]}
features: ${name}.npy
groups: [label, all]
analysis: {shuffles: 0}
baseline: {store: folder, path: ${store}}
`,
  );
}

function barlow(suiteName: string, command: readonly string[], name: string, commit: string) {
  const args = [...command, '--config', `${suiteName}.yml`, '--commit', commit, '--checkpoint', `${name}=${name}.csv`];
  return runHere(folder, args);
}
const record = async (suiteName: string, name: string, commit: string) => {
  const { status, text } = await barlow(suiteName, ['baseline', 'record'], name, commit);
  expect(status, text).toBe(0);
};
const judged = (): Result['checkpoints'][number] =>
  JSON.parse(readFileSync(join(folder, 'barlow-report', 'result.json'), 'utf8')).checkpoints[0];

beforeAll(() => {
  for (const as of ['prediction', 'failed'] as const) {
    write(`good-${as}`, few, as);
    write(`bad-${as}`, broken, as);
  }
  write('part', (row) => row % 31 === 0, 'prediction', 360);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a comparison', () => {
  it.each([
    ['failed', 'prediction'],
    ['prediction', 'failed'],
  ] as const)(
    'of one accepted checkpoint known by its %s column with one by its %s column',
    async (accepted, candidate) => {
      suite(`by-${accepted}`, IMAGES, `store-${accepted}`);
      await record(`by-${accepted}`, `good-${accepted}`, 'one');
      const { status, text } = await barlow(`by-${accepted}`, ['run'], `bad-${candidate}`, 'two');
      expect(status, text).toBe(1);
      // One label: nothing tells hard images from easy ones, and that is said.
      expect(text).toContain('All images have one label');
      const { events } = judged();
      expect(events).toHaveLength(1);
      expect(events[0].images[0]).toMatchObject({
        before: accepted === 'failed' ? null : 'cat',
        after: candidate === 'failed' ? null : 'dog',
      });
      expect(events[0].title).toMatch(candidate === 'failed' ? /newly fail$/ : /^Cats taken for dogs: \d+ of \d+$/);
    },
    120_000,
  );

  it('without an open image passes, and tells that it compared', async () => {
    suite('same', IMAGES, 'store-same');
    await record('same', 'good-prediction', 'one');
    const { status, text } = await barlow('same', ['run'], 'good-prediction', 'two');
    expect(status, text).toBe(0);
    const { verdict, comparison, events } = judged();
    expect([verdict?.outcome, comparison?.images, events.length]).toEqual(['passed', IMAGES, 0]);
  }, 120_000);

  it('with a window takes the images of the nearest, and tells which of before lacks some or labels them otherwise', async () => {
    suite('part', 360, 'store-window');
    suite('whole', IMAGES, 'store-window');
    suite('other-labels', IMAGES, 'store-window', 20);
    await record('part', 'part', 'first');
    await record('other-labels', 'bad-prediction', 'second');
    await record('whole', 'good-prediction', 'third');
    const { status, text } = await barlow('whole', ['run'], 'bad-prediction', 'fourth');
    expect(status, text).toBe(1);
    expect(text).toContain(
      'Not compared with first: it lacks images that a later baseline has, or labels them otherwise.',
    );
    expect(text).toContain('Not compared with second');
    expect(judged().comparison?.baselines).toMatchObject([{ commit: 'third' }]);
  }, 120_000);
});
