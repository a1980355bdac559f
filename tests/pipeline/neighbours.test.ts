import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { recordBaseline } from '../../src/pipeline/baseline.ts';
import { exportImages } from '../../src/pipeline/export.ts';
import { neededResult } from '../../src/pipeline/lastResult.ts';
import { completeRequest } from '../../src/pipeline/library.ts';
import { runGate } from '../../src/pipeline/run.ts';
import { addSlice } from '../../src/pipeline/slice.ts';
import type { Result } from '../../src/records/result.ts';
import { islandSample } from '../gate/island.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow neighbours '));
const { at, images: IMAGES, dimensions: DIMENSIONS, candidate, baseline } = islandSample();
const features = Float32Array.from({ length: IMAGES * DIMENSIONS }, (_, of) =>
  at(Math.floor(of / DIMENSIONS), of % DIMENSIONS),
);
const nameOf = (row: number) => `<q>${row}.png`;
const config = join(folder, 'barlow.yml');
const request = (name: string, commit: string) =>
  completeRequest({
    ...{ config, out: join(folder, 'report'), workers: 0, commit },
    checkpoints: [{ name, path: join(folder, `${name}.csv`) }],
  });
const read = (name: string) => readFileSync(join(folder, 'report', name), 'utf8');
let result: Result;

function write(name: string, failed: Uint8Array): void {
  const rows = Array.from({ length: IMAGES }, (_, row) => `${nameOf(row)},${failed[row] === 1 ? 'dog' : 'cat'}`);
  writeFileSync(join(folder, `${name}.csv`), `image,prediction\n${rows.join('\n')}\n`);
}

beforeAll(async () => {
  const npy = Buffer.concat([formatNpyHeader(IMAGES, DIMENSIONS), new Uint8Array(features.buffer)]);
  writeFileSync(join(folder, 'features.npy'), npy);
  const rows = Array.from({ length: IMAGES }, (_, row) => `${nameOf(row)},cat`);
  writeFileSync(join(folder, 'eval.csv'), `image,label\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'train.csv'), `image,label\n${rows.join('\n')}\n`);
  writeFileSync(
    config,
    `version: 1
name: neighbours
evalSet: {manifest: eval.csv, classes: [dog]}
features: features.npy
trainingSet: {manifest: train.csv, features: features.npy}
groups: [label]
analysis: {shuffles: 0}
baseline: {store: folder, path: baselines}
gate: {regions: [boxes, neighbours]}
`,
  );
  write('good', baseline);
  write('bad', candidate);
  await recordBaseline(request('good', 'one'));
  ({ result } = await runGate(request('bad', 'two')));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a run with neighbours', () => {
  it('fails on an event that has no rule, with a result that fits the schema', () => {
    const [checkpoint] = neededResult(join(folder, 'report'), '--from').checkpoints;
    expect(checkpoint).toEqual(result.checkpoints[0]);
    const { comparison, events, verdict } = checkpoint;
    expect(verdict?.outcome).toBe('failed');
    expect(events.length).toBe(1);
    const [cluster] = comparison?.clusters ?? [];
    expect(cluster).toMatchObject({ rule: [], status: 'new' });
    const { neighbourhood, size } = cluster;
    const near = new Set(neighbourhood?.images);
    expect(near.size).toBe(size);
    const failing = new Set(events[0].images.map(({ name }) => name));
    // The others of the event are the neighbourhood's, in manifest order.
    const others = Array.from({ length: IMAGES }, (_, row) => nameOf(row)).filter(
      (name) => near.has(name) && !failing.has(name),
    );
    expect(others.length).toBeGreaterThan(0);
    expect(events[0].others.images.map(({ name }) => name)).toEqual(others);
  });

  it('says which images they are wherever a rule would stand, names escaped', () => {
    const [{ neighbourhood, size }] = result.checkpoints[0].comparison?.clusters ?? [];
    const around = neighbourhood?.around ?? '';
    const text = neighbourhood?.shape === 'ball' ? 'most like' : 'with most of what';
    const words = `the ${size} images ${text} ${around}`;
    const message = result.checkpoints[0].verdict?.checks.find(({ id }) => id === 'new-cluster')?.message;
    expect(message).toContain(`among the ${size} images ${text}`);
    const html = read('report.html');
    expect(html).toContain(words.replace('<', '&lt;').replace('>', '&gt;'));
    expect(html).toContain('They are told by how alike they are');
    expect(html).not.toContain('<q>');
    expect(read('report.md')).toContain(`the ${size} images ${text}`);
    expect(read('report.html')).toContain('nearest neighbours');
  });

  it('does not count the training set by a rule that is none, and says why', () => {
    const [{ trainingSet }] = result.checkpoints[0].events;
    expect(trainingSet).toEqual({ classes: [], untested: expect.stringContaining('told by how alike they are') });
  });

  it('has events that can be exported and watched as others can', async () => {
    const [event] = result.checkpoints[0].events;
    const to = join(folder, 'images.csv');
    await exportImages(request('bad', 'two'), { of: event.id, format: null, images: null, force: false, to });
    const rows: Record<string, string>[] = parse(readFileSync(to), { columns: true });
    const others = event.others.images.map(({ name }) => name);
    expect(rows.map(({ image }) => image).toSorted()).toEqual(
      [...event.images.map(({ name }) => name), ...others].toSorted(),
    );
    await expect(addSlice(request('bad', 'two'), `${event.id}x`)).rejects.toThrow(`Did you mean "${event.id}"?`);
    const nowhere = { ...request('bad', 'two'), out: join(folder, 'nowhere') };
    await expect(addSlice(nowhere, event.id)).rejects.toThrow(/there is no result of a run\. .* by --out$/);
    await addSlice(request('bad', 'two'), event.id);
    const again = await runGate(request('bad', 'three'));
    const [slice] = again.result.checkpoints[0].slices;
    expect(slice.members.images.map(({ name }) => name).toSorted()).toEqual(
      event.images.map(({ name }) => name).toSorted(),
    );
  }, 60_000);
});
