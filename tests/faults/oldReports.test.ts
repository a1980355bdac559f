import { existsSync, readFileSync, rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { overOldReports } from '../../src/pipeline/oldReports.ts';
import { barlowHere, judgeHere } from './judgeHere.ts';
import { makeWorld, type World } from './world.ts';

let world: World = makeWorld();
afterEach(() => {
  world.remove();
  world = makeWorld();
});

const report = (name: string) => world.path('barlow-report', name);
const names = ['result.json', 'metrics.json', 'report.html', 'newly-failed.csv'];
/** What the run that errs writes itself. */
const said = ['report.md', 'junit.xml', 'summary.json'];

/** A run that passed, and left its reports. */
async function green(): Promise<void> {
  expect((await judgeHere(world, 'good')).status).toBe(0);
  for (const name of [...names, ...said]) expect(existsSync(report(name)), name).toBe(true);
}

describe('a run that errs leaves no report of the run before it', () => {
  it.each<[string, () => unknown]>([
    ['predictions that are gone', () => rmSync(world.path('bad.csv'))],
    ['a baseline that is damaged', () => world.write('baselines/small/first.baseline', 'broken')],
    ['features that are cut off', () => world.write('features.npy', 'cut')],
  ])(
    '%s: report.md says that nothing is known',
    async (_, spoil) => {
      await green();
      spoil();
      expect((await judgeHere(world, 'bad')).status).toBe(2);
      for (const name of names) expect(existsSync(report(name)), name).toBe(false);
      const page = readFileSync(report('report.md'), 'utf8');
      expect(page).toContain('not judged');
      expect(page).toContain('it has **not** passed');
      expect(page).toContain('suite small');
      expect(page).not.toContain('Passed');
      expect(readFileSync(report('junit.xml'), 'utf8')).toContain('tests="1" failures="0" errors="1"');
      const summary = JSON.parse(readFileSync(report('summary.json'), 'utf8'));
      expect(summary).toMatchObject({ suite: 'small', outcome: 'not judged', checkpoints: [] });
    },
    300_000,
  );

  it('a config that cannot be read', async () => {
    await green();
    world.write('barlow.yml', 'version: 1\nnmae: small\n');
    expect((await judgeHere(world, 'bad')).status).toBe(2);
    for (const name of names) expect(existsSync(report(name)), name).toBe(false);
    expect(readFileSync(report('report.md'), 'utf8')).toContain('barlow.yml');
  }, 300_000);

  it('records of which none can be used are told as in the action', async () => {
    // The history row stands, its record is gone.
    rmSync(world.path('baselines', 'small', 'first.baseline'));
    expect((await judgeHere(world, 'good')).status).toBe(2);
    expect(readFileSync(report('report.md'), 'utf8')).toContain('is lost');
  }, 300_000);

  it('they are gone while it runs, so that a kill leaves none either', async () => {
    await green();
    const request = { config: world.path('barlow.yml'), out: world.path('barlow-report'), now: new Date(0) };
    const left = await overOldReports(request, async () =>
      [...names, ...said].filter((name) => existsSync(report(name))),
    );
    expect(left).toEqual([]);
  }, 300_000);

  it('but what evaluates trees is no run: a verdict and what was evaluated stand beside one another', async () => {
    await green();
    const evaluate = ['evaluate', '--checkpoint', 'candidate=bad.csv', '--depths', '1'];
    expect((await barlowHere(world, evaluate)).status).toBe(0);
    for (const name of [...names, ...said, 'evaluation.json']) expect(existsSync(report(name)), name).toBe(true);
    rmSync(world.path('bad.csv'));
    expect((await barlowHere(world, evaluate)).status).toBe(2);
    for (const name of [...names, ...said]) expect(existsSync(report(name)), name).toBe(true);
    expect(existsSync(report('evaluation.json'))).toBe(false);
  }, 300_000);

  it('a mistyped config makes no folder', async () => {
    const { status } = await barlowHere(world, ['run', '--config', 'barlow.yaml', '--out', 'elsewhere']);
    expect(status).toBe(2);
    expect(existsSync(world.path('elsewhere'))).toBe(false);
  }, 300_000);
});
