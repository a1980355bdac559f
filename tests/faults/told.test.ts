import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { judgeHere } from './judgeHere.ts';
import { features, makeWorld, type World } from './world.ts';

let world: World = makeWorld();
afterEach(() => {
  world.remove();
  world = makeWorld();
});

const report = (name: string) => readFileSync(world.path('barlow-report', name), 'utf8');

describe('what is not as it was when the baseline was recorded', () => {
  it.each<[string, () => void, string]>([
    [
      'other features: trees that were grown again',
      () => world.write('features.npy', features(2)),
      'The features are not those of baseline first',
    ],
    [
      'other classes',
      () =>
        world.write(
          'barlow.yml',
          world.text('barlow.yml').replace('{manifest: eval.csv}', '{manifest: eval.csv, classes: [bus, car, tram]}'),
        ),
      'The classes are not those of baseline first',
    ],
  ])(
    '%s stand in every report',
    async (_, change, said) => {
      change();
      expect((await judgeHere(world, 'bad')).status).toBe(1);
      expect(JSON.parse(report('result.json')).checkpoints[0].comparison.notes).toEqual([
        expect.stringContaining(said),
      ]);
      for (const name of ['report.md', 'report.html']) {
        expect(report(name)).toContain(said);
        expect(report(name)).toContain('grown again');
      }
    },
    300_000,
  );

  it('nothing is told where all is as it was', async () => {
    expect((await judgeHere(world, 'bad')).status).toBe(1);
    expect(JSON.parse(report('result.json')).checkpoints[0].comparison.notes).toEqual([]);
    expect(report('report.md')).not.toContain('grown again');
  }, 300_000);
});
