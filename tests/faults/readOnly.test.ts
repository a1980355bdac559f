import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { example } from '../features/extraction.ts';
import { barlowHere } from './judgeHere.ts';

/** A suite whose features and checkpoint are those of models, which are run: what they compute is kept in `.barlow`. */
const folder = mkdtempSync(join(tmpdir(), 'barlow-read-only-'));
const kept = join(folder, '.barlow');
const world = { folder };
mkdirSync(kept);

/** Mounts a file system of its own at `.barlow`; false where this user may not. */
function mounted(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', kept], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const may = mounted();
const remount = (how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, kept], { stdio: 'pipe' });
afterAll(() => {
  if (may) execFileSync('umount', ['-l', kept]);
  rmSync(folder, { recursive: true, force: true });
});

function suite(images: number): void {
  const rows = readFileSync(join(example, 'eval.csv'), 'utf8').trimEnd().split('\n');
  const model = join(example, '..', '..', 'models', 'robust-32.onnx');
  writeFileSync(join(folder, 'eval.csv'), rows.slice(0, 1 + images).join('\n'));
  const checkpoint = `checkpoints: {candidate: ${model}}\ncheckpointModel: {classes: [${[...new Set(rows.slice(1).map((row) => row.split(',')[1]))].toSorted().join(', ')}]}\n`;
  writeFileSync(
    join(folder, 'barlow.yml'),
    `version: 1\nname: kept\nevalSet: {images: ${join(example, 'images')}, manifest: eval.csv}\n${checkpoint}featureModel: {path: ${model}}\nengine: onnx-cpu\ngroups: [all]\nanalysis: {shuffles: 0, failureMode: {minErrorCoverage: 0.01, minErrorRateIncrease: 0.01}}\nbaseline: {store: folder, path: baselines}\n`,
  );
}

describe.skipIf(!may)('a .barlow that cannot be written (skipped where nothing may be mounted)', () => {
  const judged = () => barlowHere(world, ['run', '--commit', 'second']);
  beforeAll(async () => {
    suite(60);
    expect(await barlowHere(world, ['baseline', 'record', '--commit', 'first'])).toMatchObject({ status: 0 });
  }, 300_000);
  afterEach(() => remount('rw'));

  it('is no hindrance where it has all that is needed', async () => {
    suite(60);
    rmSync(join(kept, 'pictures'), { recursive: true, force: true });
    remount('ro');
    const ended = await judged();
    expect([ended.status, ended.stderr]).toEqual([0, expect.stringContaining('60/60')]);
    expect(readdirSync(join(folder, 'barlow-report'))).toEqual(expect.arrayContaining(['result.json', 'report.html']));
  }, 300_000);

  it('is an error that names it where more is to be kept in it, no report says otherwise, and writing mends it', async () => {
    suite(90);
    remount('ro');
    const { status, stderr } = await judged();
    expect(stderr).toContain('the feature store cannot be used');
    expect(stderr).toContain('.barlow');
    expect(stderr).toContain('Check that this folder can be written');
    expect(status).toBe(2);
    expect(readFileSync(join(folder, 'barlow-report', 'report.md'), 'utf8')).toContain('not judged');
    remount('rw');
    expect((await judged()).status).not.toBe(2);
  }, 300_000);
});
