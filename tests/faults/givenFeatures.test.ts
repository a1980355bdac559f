import { renameSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { judgeHere } from './judgeHere.ts';
import { features, makeWorld, type World } from './world.ts';

let world: World = makeWorld();
afterEach(() => {
  world.remove();
  world = makeWorld();
});

const grown = /features are not those of/;

describe('features that are given', () => {
  it('are the same under another name', async () => {
    renameSync(world.path('features.npy'), world.path('renamed.npy'));
    world.write('barlow.yml', world.text('barlow.yml').replace('features.npy', 'renamed.npy'));
    const { status, stderr } = await judgeHere(world, 'good');
    expect({ status, grown: grown.test(stderr) }).toEqual({ status: 0, grown: false });
    expect((await judgeHere(world, 'bad')).status).toBe(1);
  }, 60_000);

  it('of another network are told from those of the baseline though name and shape are the same', async () => {
    world.write('features.npy', features(7));
    const { status, stderr } = await judgeHere(world, 'bad');
    expect({ status, grown: grown.test(stderr) }).toEqual({ status: 1, grown: true });
    expect((await judgeHere(world, 'good')).status).toBe(0);
  }, 60_000);

  it('are known again by their values where the eval set has fewer images in another order', async () => {
    const rows = Array.from({ length: 240 }, (_, row) => row)
      .filter((row) => row !== 10)
      .toReversed();
    const bytes = Buffer.from(features());
    const header = Buffer.from(bytes.subarray(0, 128));
    header.write(header.toString('latin1', 10, 127).replace('(240, 8)', '(239, 8)'), 10, 'latin1');
    world.write(
      'features.npy',
      Buffer.concat([header, ...rows.map((row) => bytes.subarray(128 + row * 32, 160 + row * 32))]),
    );
    for (const name of ['eval.csv', 'good.csv', 'bad.csv']) {
      const [head, ...lines] = world.text(name).trimEnd().split('\n');
      world.write(name, `${[head, ...rows.map((row) => lines[row])].join('\n')}\n`);
    }
    const { status, stderr, stdout } = await judgeHere(world, 'good');
    expect({ status, grown: grown.test(stderr) }).toEqual({ status: 0, grown: false });
    expect(stdout).toMatch(/Warning lost-images: .*\(1 of 240\)/);
    expect((await judgeHere(world, 'bad')).status).toBe(1);
  }, 60_000);
});
