import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { groupsOf } from '../../src/analysis/groups.ts';
import { UserError } from '../../src/errors.ts';
import { readTable } from '../../src/evalset/readTable.ts';
import { parseNpyHeader } from '../../src/features/npy.ts';
import { BadImage } from '../../src/images/imageHeader.ts';
import { asSeen, usual } from '../../src/images/preprocess.ts';
import { barlowHere, judgeHere } from './judgeHere.ts';
import { features, judge, makeWorld, predictions, type World } from './world.ts';

let world: World = makeWorld();
afterEach(() => {
  world.remove();
  world = makeWorld();
});

describe('paths that are no files', () => {
  it.each(['good.csv', 'eval.csv', 'features.npy', 'barlow.yml'])(
    'a pipe in place of %s is refused at once',
    (name) => {
      rmSync(world.path(name));
      execFileSync('mkfifo', [world.path(name)]);
      const { status, stderr } = judge(world, 'good', [], { seconds: 200 });
      expect(stderr).toMatch(/a pipe or a device/);
      expect(status).toBe(2);
    },
    300_000,
  );

  it('a file of /proc that never ends is refused at once', () => {
    rmSync(world.path('features.npy'));
    symlinkSync('/proc/kmsg', world.path('features.npy'));
    const { status, stderr } = judge(world, 'good', [], { seconds: 200 });
    expect({ status, stderr }).toMatchObject({ status: 2 });
  }, 300_000);
});

describe('tables that would take all memory or all day', () => {
  it('80,000 columns of CSV are read in a blink', async () => {
    const names = Array.from({ length: 80_000 }, (_, i) => `c${i}`);
    world.write('wide.csv', `${names.join(',')}\n${names.map(() => '1').join(',')}\n`);
    // By the processor's clock: a busy machine makes it no longer.
    const before = process.cpuUsage();
    expect((await readTable(world.path('wide.csv'))).columns.size).toBe(80_000);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5_000);
  }, 60_000);

  it('JSON Lines with a key of its own a line are refused', async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => JSON.stringify({ image: `${i}.png`, [`k${i}`]: 1 }));
    world.write('keys.jsonl', lines.join('\n'));
    await expect(readTable(world.path('keys.jsonl'))).rejects.toThrow(
      /different keys so far, and hardly any in common/,
    );
  }, 60_000);
});

describe('.npy headers', () => {
  const withHeader = (change: (text: string) => string, version = 1) => {
    const bytes = Buffer.from(features());
    const text = change(bytes.toString('latin1', 10, 128))
      .slice(0, 118)
      .padEnd(118);
    bytes.write(text, 10, 'latin1');
    bytes[6] = version;
    return bytes;
  };

  it('of a negative length or an unknown version are refused', () => {
    expect(() => parseNpyHeader(withHeader((text) => text))).not.toThrow();
    expect(() => parseNpyHeader(withHeader((text) => text.replace('(240, 8)', '(240, -1)')))).toThrow(
      'has the shape (240, -1)',
    );
    expect(() => parseNpyHeader(withHeader((text) => text, 9))).toThrow('is of .npy format 9');
  });
});

describe('groups whose names would collide', () => {
  const evalSet = (classes: readonly string[], columns: ReadonlyMap<string, readonly string[]> = new Map()) => ({
    ...{
      images: ['1', '2', '3', '4'],
      folder: null,
      classes,
      labels: Int32Array.of(0, 1, 2, 3),
      columns,
      fingerprint: '',
    },
  });
  const checkpoint = {
    name: 'c',
    predictions: Int32Array.of(2, 3, 0, 1),
    failed: Uint8Array.of(1, 1, 1, 1),
    confidence: null,
  };

  it('are refused: confusions of names with ~, columns with :', () => {
    expect(() => groupsOf(['confusion'], evalSet(['a', 'a~b', 'b~c', 'c']), checkpoint)).toThrow(UserError);
    expect(groupsOf(['confusion'], evalSet(['a', 'b', 'c', 'd']), checkpoint)).toHaveLength(2);
    const columns = new Map([
      ['x', ['y:z', 'q', 'q', 'q']],
      ['x:y', ['z', 'q', 'q', 'q']],
    ]);
    expect(() => groupsOf(['column:x', 'column:x:y'], evalSet(['a', 'b', 'c', 'd'], columns), checkpoint)).toThrow(
      UserError,
    );
    expect(
      groupsOf(['column:x', 'column:x', 'label', 'label:a'], evalSet(['a', 'b', 'c', 'd'], columns), checkpoint),
    ).toHaveLength(6);
  });
});

describe('images too long and thin', () => {
  it.each([40_000_000, 89_000_000])('1 x %i pixels are a bad image, not a bug', (height) => {
    const picture = { width: 1, height, rgb: new Uint8Array(0) };
    const pipeline = {
      ...usual,
      resize: 32,
      crop: 32,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      height: 32,
      width: 32,
      layout: 'NCHW',
    } as const;
    expect(() => asSeen(picture, pipeline)).toThrow(BadImage);
  });
});

describe('texts that would steer a terminal', () => {
  const steering = /\p{Cc}(?<!\n)|\u202e/u;
  it('are written out, in errors and in what is said', async () => {
    const evil = '\u001b[31m\u009b2J\u202egood';
    world.write('good.csv', predictions('good').replace('car-000.png', `car-${evil}.png`));
    const { status, stderr } = await judgeHere(world, 'good');
    expect(status).toBe(2);
    expect(stderr).not.toMatch(steering);
    const named = await barlowHere(world, ['feature', '0', '--name', evil]);
    expect(`${named.stdout}${named.stderr}`).not.toMatch(steering);
  }, 60_000);
});
