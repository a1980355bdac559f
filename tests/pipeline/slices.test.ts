import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import type { Result } from '../../src/records/result.ts';
import { stream } from '../../src/statistics/random.ts';
import { runHere } from '../inProcess.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow slices '));
const IMAGES = 800;
const DIMENSIONS = 6;
const { uint32 } = stream('watched slices');
const features = Float32Array.from({ length: IMAGES * DIMENSIONS }, () => uint32() / 2 ** 32);
/** Images high in feature 2: a cluster. */
const cluster = [...Array(IMAGES).keys()].filter((row) => features[row * DIMENSIONS + 2] > 0.93).slice(0, 44);
/** What every checkpoint gets wrong, another few each time. */
const noise = (seed: number) =>
  [...Array(IMAGES).keys()].filter((row) => (row * 7 + seed * 3) % 11 === 0 && !cluster.includes(row));

function predictions(name: string, wrong: readonly number[]): void {
  const bad = new Set(wrong);
  const lines = Array.from({ length: IMAGES }, (_, row) => `${row}.png,${bad.has(row) ? 'dog' : 'cat'}`);
  writeFileSync(join(folder, `${name}.csv`), `image,prediction\n${lines.join('\n')}\n`);
}

const barlow = (...args: readonly string[]) => runHere(folder, args);
const run = (name: string, commit: string, ...more: readonly string[]) =>
  runHere(folder, ['run', '--commit', commit, '--checkpoint', `${name}=${name}.csv`, '--record', ...more]);
const result = (): Result => JSON.parse(readFileSync(join(folder, 'barlow-report', 'result.json'), 'utf8'));

beforeAll(() => {
  writeFileSync(
    join(folder, 'features.npy'),
    Buffer.concat([formatNpyHeader(IMAGES, DIMENSIONS), new Uint8Array(features.buffer)]),
  );
  const rows = Array.from({ length: IMAGES }, (_, row) => `${row}.png,cat,${row % 3 === 0 ? 'night' : 'day'}`);
  writeFileSync(join(folder, 'eval.csv'), `image,label,time\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'barlow.yml'), config);
  predictions('good', noise(1));
  predictions('bad', [...noise(1), ...cluster]);
  predictions('mended', noise(1));
  predictions('back', [...noise(2), ...cluster.filter((_, i) => i % 4 === 0)]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = `version: 1
name: watched
evalSet: {manifest: eval.csv, classes: [dog]}
features: features.npy
groups: [label]
analysis: {shuffles: 0}
slices:
  night: time = night
  high: {where: feature 2 > 0.9, maxErrorRate: 0.4}
baseline: {store: folder, path: baselines}
`;

describe('watched slices, from end to end', () => {
  it('keep an event that once failed a run, and fail where a part of it comes back that a search does not see', async () => {
    expect((await barlow('baseline', 'record', '--commit', 'one', '--checkpoint', 'good=good.csv')).status).toBe(0);
    const broken = await run('bad', 'two');
    expect(broken.status, broken.text).toBe(1);
    const [event] = result().checkpoints[0].events;
    expect(broken.text).toContain(`Watched from now on, until dropped: ${event.id}`);
    expect(result().checkpoints[0].slices.map(({ name }) => name)).toEqual(['night', 'high']);

    expect((await run('mended', 'three')).status).toBe(0);
    const back = await run('back', 'four');
    expect(back.status, back.text).toBe(1);
    const found = result().checkpoints[0];
    expect(
      found.events.map(({ title }) => title),
      back.text,
    ).toEqual([]);
    expect(found.slices.at(-1)).toMatchObject({ name: event.id, source: 'event', since: 'two', status: 'worsened' });
    expect(found.verdict?.checks.filter(({ passed, severity }) => !passed && severity === 'error')).toMatchObject([
      { id: 'watched-slice', subject: event.id, severity: 'error' },
    ]);
    expect(back.text).toContain('broke before, and again');

    const listed = await barlow('slice', 'list');
    expect(listed.text).toContain(event.id);
    expect(listed.text).toContain('broke at two');
    expect(listed.text).toMatch(/three +\d+ of \d+ fail/);
    expect(await barlow('slice', 'drop', `${event.id}x`)).toMatchObject({ status: 2 });
    expect((await barlow('slice', 'drop', event.id)).status).toBe(0);
    expect((await run('back', 'four')).status).toBe(0);
  });

  it('can be added by hand, and are held to their floor', async () => {
    expect((await run('bad', 'five')).status).toBe(1);
    const [event] = result().checkpoints[0].events;
    expect(result().checkpoints[0].verdict?.checks.find(({ subject }) => subject === 'high')).toMatchObject({
      passed: false,
      message: expect.stringContaining('above its floor of 40 %'),
    });
    expect((await barlow('slice', 'drop', event.id)).status).toBe(0);
    expect((await barlow('slice', 'add', event.id)).status).toBe(0);
    expect((await barlow('slice', 'list')).text).toContain(event.id);
    expect(await barlow('slice', 'add', 'nothing')).toMatchObject({ status: 2 });
  });

  it.each([
    ['nobody: time = noon', 'no image is in the slice "nobody"'],
    ['nobody: tmie = night', 'Did you mean "time"?'],
    ['nobody: {images: list.txt}', 'list.txt:2'],
    ['nobody: {images: none.txt}', 'the list of images cannot be read'],
    ['nobody: {images: list.txt, where: time = night}', 'named in two ways'],
    ['night: time = day', 'barlow'],
  ])('refuse %s', async (line, why) => {
    writeFileSync(join(folder, 'list.txt'), '3.png\nghost.png\n');
    writeFileSync(join(folder, 'wrong.yml'), config.replace('slices:\n', `slices:\n  ${line}\n`));
    const refused = await barlow('run', '--config', 'wrong.yml', '--commit', 'six', '--checkpoint', 'good=good.csv');
    expect(refused.status, refused.text).toBe(2);
    expect(refused.text).toContain(why);
  });
});
