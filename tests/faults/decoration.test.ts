import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { judgeHere } from './judgeHere.ts';
import { makeWorld, type World } from './world.ts';

let world: World = makeWorld();
afterEach(() => {
  world.remove();
  world = makeWorld();
});

const outcome = () =>
  JSON.parse(readFileSync(world.path('barlow-report', 'result.json'), 'utf8')).checkpoints[0].verdict.outcome;

describe('what decorates takes nothing along', () => {
  it('a folder of pictures that cannot be written', async () => {
    writeFileSync(world.path('.barlow'), 'a file where a folder is wanted');
    expect((await judgeHere(world, 'bad')).status).toBe(1);
    expect(outcome()).toBe('failed');
    expect((await judgeHere(world, 'good')).status).toBe(0);
  }, 300_000);

  it('a broken features.yml is told with the inputs, before anything is computed', async () => {
    world.write('features.yml', 'features: [broken');
    const { status, stderr } = await judgeHere(world, 'bad');
    expect(status).toBe(2);
    expect(stderr).toContain('features.yml');
    expect(stderr).not.toContain('analyse');
    expect(existsSync(world.path('barlow-report', 'result.json'))).toBe(false);
  }, 300_000);

  it('a row of the history that cannot be read', async () => {
    mkdirSync(world.path('baselines', 'small', 'history'), { recursive: true });
    world.write('baselines/small/history/gone.json', '{"commit": "gone", broken');
    expect((await judgeHere(world, 'bad')).status).toBe(1);
    expect(outcome()).toBe('failed');
  }, 300_000);

  it('a page that cannot be written takes no verdict along: a failed gate is 1, a pass without its report 2', async () => {
    mkdirSync(world.path('barlow-report', 'report.html'), { recursive: true });
    const bad = await judgeHere(world, 'bad');
    expect(bad.stderr).toContain('report.html');
    expect(bad.stdout).toContain('FAILED');
    expect(bad.status).toBe(1);
    expect(outcome()).toBe('failed');
    const good = await judgeHere(world, 'good');
    expect(good.stderr).toContain('report.html');
    expect(good.status).toBe(2);
  }, 300_000);

  it('nor does a folder of reports that is none', async () => {
    world.write('barlow-report', 'a file where a folder is wanted');
    expect((await judgeHere(world, 'bad')).status).toBe(1);
    expect((await judgeHere(world, 'good')).status).toBe(2);
  }, 300_000);
});
