import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { robust32Fingerprint } from '../src/records/features.ts';
import * as linked from './linked.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const example = join(root, 'examples', 'cifar10');
const folder = mkdtempSync(join(tmpdir(), 'barlow-compare-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rowsOf = (file: string) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

/** What a stranger has: 600 images in one folder per class, and two files that their own script wrote. */
beforeAll(() => {
  const labels = new Map<string, string>();
  const taken = new Map<string, number>();
  for (const [image = '', label = ''] of rowsOf(join(example, 'eval.csv'))) {
    const count = (taken.get(label) ?? 0) + 1;
    if (count > (label === 'automobile' ? 420 : 20)) continue;
    taken.set(label, count);
    labels.set(image, label);
    mkdirSync(join(folder, 'val', label), { recursive: true });
    copyFileSync(join(example, 'images', image), join(folder, 'val', label, image));
  }
  expect(labels.size).toBe(600);
  for (const name of ['baseline', 'candidate', 'retrained']) {
    const rows = rowsOf(join(example, 'predictions', `${name}.csv`)).filter(([image = '']) => labels.has(image));
    const lines = rows.map(([image = '', prediction]) => `${labels.get(image)}/${image},${prediction}`);
    writeFileSync(join(folder, `${name}.csv`), `${['image,prediction', ...lines].join('\n')}\n`);
    const failed = rows.map(([image = '', prediction]) => ({
      image: `${labels.get(image)}/${image}`,
      failed: prediction !== labels.get(image),
    }));
    writeFileSync(join(folder, `${name}-failed.json`), JSON.stringify(failed));
  }
});

function barlow(...args: readonly string[]) {
  return barlowIn(folder, ...args);
}

function barlowIn(cwd: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [linked.command, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, SOURCE_DATE_EPOCH: '1790000000' },
  });
  return { status, stdout, stderr };
}

describe('from a folder of images and two prediction files to a verdict', () => {
  it('takes one command, and finds the cars that are newly taken for trucks', () => {
    const { status, stdout, stderr } = barlow('compare', 'baseline.csv', 'candidate.csv', '--images', 'val');
    expect(stderr).toContain('robust-32: it sees colour, rough shape, pose and background');
    expect(stdout).toMatch(/^FAILED: candidate: /);
    expect(status).toBe(1);
    // Nobody waits for pictures to know the verdict.
    expect(stderr).toMatch(/^FAILED: candidate: .*\. Causes and pictures follow\.$[\s\S]*^attack /m);
    const result = JSON.parse(readFileSync(join(folder, 'barlow-report', 'result.json'), 'utf8'));
    expect(result.featureModel.fingerprint).toBe(robust32Fingerprint);
    expect(result.evalSet.images).toBe(600);
    expect(result.checkpoints).toHaveLength(1);
    const [{ comparison, events }] = result.checkpoints;
    expect(comparison.baseline.checkpoint).toBe('baseline');
    expect(events[0].title).toMatch(/^Automobiles taken for trucks/);
    const report = readFileSync(join(folder, 'barlow-report', 'report.md'), 'utf8');
    expect(report).toContain('the built-in network robust-32');
    expect(report).not.toContain('at commit');
    // What is said next needs no config either.
    const others = rowsOf(join(example, 'eval.csv')).filter(
      ([image = '', label]) => label === 'automobile' && !existsSync(join(folder, 'val', label, image)),
    );
    mkdirSync(join(folder, 'pool'));
    for (const [image = ''] of others.slice(0, 60))
      copyFileSync(join(example, 'images', image), join(folder, 'pool', image));
    const asked = ['find', events[0].id, '--in', 'pool', '--out', 'found.csv'];
    const bare = barlow(...asked);
    expect([bare.status, bare.stderr]).toEqual([2, expect.stringContaining('fix: After barlow compare give --images')]);
    const found = barlow(...asked, '--images', 'val');
    expect([found.status, found.stdout]).toEqual([0, expect.stringContaining('found.csv')]);
    expect(rowsOf(join(folder, 'found.csv')).length).toBeGreaterThan(0);
  }, 240_000);

  it('passes a checkpoint of which no cluster newly fails', () => {
    const { status, stdout } = barlow(
      'compare',
      'baseline.csv',
      'retrained.csv',
      '--images',
      'val',
      '--quiet',
      '--json',
    );
    expect(JSON.parse(stdout).checkpoints[0].verdict.outcome).toBe('passed');
    expect(status).toBe(0);
  }, 240_000);

  it('judges files that say but where each checkpoint failed, and says what that leaves out', () => {
    const given = ['baseline-failed.json', 'candidate-failed.json', '--images', 'val', '--out', 'failed'];
    const { status, stdout, stderr } = barlow('compare', ...given);
    expect(stderr).toContain(
      '"baseline-failed" says where it failed and not what it predicts: images are not grouped by prediction.',
    );
    expect(stdout).toMatch(/^FAILED: candidate-failed: /);
    expect(status).toBe(1);
    const [{ groups, events }] = JSON.parse(readFileSync(join(folder, 'failed', 'result.json'), 'utf8')).checkpoints;
    expect(new Set(groups.map(({ id }: { id: string }) => id.replace(/:.*/, '')))).toEqual(new Set(['label', 'all']));
    expect(events.length).toBeGreaterThan(0);
  }, 240_000);

  it('names a file that is no predictions for what it is', () => {
    for (const [file, what] of [
      ['frame.pkl', 'the model is a Python pickle'],
      ['lfs.csv', 'the file is a Git LFS pointer, not the file itself'],
      ['fewer-rows.npy', 'the scores have 11 rows where the eval set has 600 images'],
    ] as const) {
      const foreign = join(root, 'tests', 'data', 'predictions', 'foreign', file);
      const { status, stdout, stderr } = barlow('compare', 'baseline.csv', foreign, '--images', 'val');
      expect(stderr).toContain(`error: ${what}\n   in: ${foreign}\n  fix: `);
      expect([status, stdout]).toEqual([2, '']);
    }
  }, 180_000);

  it('says what is wrong with what it is given', () => {
    expect(barlow('compare', 'baseline.csv', 'candidate.csv').stderr).toContain("required option '--images <folder>'");
    const same = barlow('compare', 'baseline.csv', './baseline.csv', '--images', 'val');
    expect(same).toMatchObject({ status: 2 });
    expect(same.stderr).toContain('both checkpoints are the same file');
    const none = barlow('compare', 'baseline.csv', 'candidate.csv', '--images', 'pictures');
    expect(none).toMatchObject({ status: 2 });
    expect(none.stderr).toContain('the folder of the images cannot be read');
    const flat = barlow('compare', 'baseline.csv', 'candidate.csv', '--images', join('val', 'cat'));
    expect(flat).toMatchObject({ status: 2 });
    expect(flat.stderr).toContain('nothing says the class of images');
  }, 180_000);
});

describe('what compare is told besides', () => {
  const classes = 'truck ship horse frog dog deer cat bird automobile airplane'.split(' ');
  const inputs = ['baseline-indices.csv', 'retrained-indices.csv', '--images', 'val'];

  beforeAll(() => {
    writeFileSync(
      join(folder, 'class_to_idx.json'),
      JSON.stringify(Object.fromEntries(classes.map((name, index) => [name, index]))),
    );
    writeFileSync(join(folder, 'cows.txt'), classes.map((name) => name.replace('deer', 'cow')).join('\n'));
    writeFileSync(join(folder, 'two.txt'), 'truck\ntruck\n');
    for (const name of ['baseline', 'retrained']) {
      const lines = rowsOf(join(folder, `${name}.csv`)).map(
        ([image, prediction = '']) => `${image},${classes.indexOf(prediction)}`,
      );
      writeFileSync(join(folder, `${name}-indices.csv`), ['image,prediction', ...lines, ''].join('\n'));
    }
  });

  it('--classes and --engine: predictions that are indices are those of the names, and the engine runs', () => {
    const given = ['--classes', 'class_to_idx.json', '--engine', 'onnx-cpu', '--out', 'indexed'];
    const { status, stderr } = barlow('compare', ...inputs, ...given);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('guessing')]);
    const { featureModel, checkpoints } = JSON.parse(readFileSync(join(folder, 'indexed', 'result.json'), 'utf8'));
    const [{ failures, comparison }] = checkpoints;
    const wrong = (name: string) =>
      rowsOf(join(folder, `${name}.csv`)).filter(([image = '', prediction]) => image.split('/')[0] !== prediction)
        .length;
    expect(featureModel.engine).toBe('onnx-cpu');
    expect([failures, comparison.baseline.baseErrorRate]).toEqual([wrong('retrained'), wrong('baseline') / 600]);
  }, 240_000);

  it('--classes in a wrong order: both are no better than guessing, which is said first and in the report', () => {
    writeFileSync(join(folder, 'wrong.json'), JSON.stringify(classes.toSorted()));
    const { stdout, stderr } = barlow('compare', ...inputs, '--classes', 'wrong.json', '--out', 'wrong');
    for (const name of ['baseline-indices', 'retrained-indices']) {
      expect(stderr).toMatch(
        new RegExp(
          `${name} is right on \\d+ of 600 images, no more than by guessing among 10 classes: check the order`,
        ),
      );
    }
    expect(stdout).not.toMatch(/^PASSED$/m);
    expect(readFileSync(join(folder, 'wrong', 'report.md'), 'utf8')).toContain(
      'no more than by guessing among 10 classes',
    );
  }, 240_000);

  it.each([
    [
      ['--classes', 'none.json'],
      'the file of class names cannot be read (there is none of that name)',
      'none.json',
      '--classes',
    ],
    [
      ['--classes', 'two.txt'],
      'the file of class names names the class "truck" twice',
      'two.txt',
      'Write one name per line',
    ],
    [['--classes', 'cows.txt'], 'the predictions are numbers from 0 to 10', 'baseline-indices.csv:2', '--classes'],
    [
      [],
      'the predictions are numbers from 0 to 9',
      'baseline-indices.csv:2',
      'barlow compare: one class per line in a file, named by --classes',
    ],
  ] as const)(
    '%j is refused',
    (given, what, where, fix) => {
      const { status, stdout, stderr } = barlow('compare', ...inputs, ...given, '--out', 'refused');
      expect([status, stdout]).toEqual([2, '']);
      const [told = '', place = '', way = ''] = stderr.slice(stderr.indexOf('error:')).split('\n');
      expect(told).toContain(what);
      expect(place).toContain(where);
      expect(way).toContain(fix);
      expect(existsSync(join(folder, 'refused', 'result.json'))).toBe(false);
    },
    240_000,
  );

  it.each([
    ['--engine', 'gpu', 'onnx-cuda, onnx-webgpu, onnx-cpu'],
    ['--preprocess', 'imagenet', 'torchvision, timm, huggingface'],
  ])(
    '%s %s is refused with what there is',
    (flag, value, choices) => {
      const { status, stderr } = barlow('compare', ...inputs, flag, value);
      expect(status).toBe(2);
      expect(stderr).toContain(`option '${flag} <name>' argument '${value}' is invalid`);
      expect(stderr).toContain(choices);
    },
    240_000,
  );
});

describe('from an empty folder with val/ and two files of predictions', () => {
  const fresh = mkdtempSync(join(tmpdir(), 'barlow-fresh-'));
  afterAll(() => rmSync(fresh, { recursive: true, force: true }));

  it('comes to a verdict in two commands at most, with no file written by hand', () => {
    symlinkSync(join(folder, 'val'), join(fresh, 'val'));
    for (const name of ['baseline.csv', 'candidate.csv']) copyFileSync(join(folder, name), join(fresh, name));
    const given = readdirSync(fresh).toSorted();
    const commands: string[][] = [['init']];
    const [{ status, stdout, stderr } = { status: null, stdout: '', stderr: '' }] = commands.map((command) =>
      barlowIn(fresh, ...command),
    );
    expect(commands.length).toBeLessThanOrEqual(2);
    expect(stdout).toMatch(/^FAILED: candidate: /);
    expect(status).toBe(1);
    expect(stderr).toContain('val/ has one folder per class (10).');
    expect(stderr).toContain('baseline.csv is the checkpoint in use, candidate.csv the one to judge (by their names).');
    expect(given).toEqual(['baseline.csv', 'candidate.csv', 'val']);
    const [{ comparison }] = JSON.parse(readFileSync(join(fresh, 'barlow-report', 'result.json'), 'utf8')).checkpoints;
    expect(comparison.baseline.checkpoint).toBe('baseline');
    // What it wrote is a config that the other commands take; nothing of the user's is touched.
    const config = readFileSync(join(fresh, 'barlow.yml'), 'utf8');
    const doctor = barlowIn(fresh, 'doctor', '--json');
    expect(doctor.status).toBe(0);
    expect(JSON.parse(doctor.stdout)).toMatchObject({
      problems: [],
      setup: [
        { of: 'eval set', found: '600 images of 10 classes' },
        { of: 'classes' },
        { of: 'images', found: '24 looked at, all well: 32 x 32' },
        { of: 'checkpoint', found: expect.stringMatching(/^candidate: fails on \d+ of 600 images$/) },
      ],
    });
    const again = barlowIn(fresh, 'init');
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('barlow.yml is there already')]);
    expect(readFileSync(join(fresh, 'barlow.yml'), 'utf8')).toBe(config);
  }, 240_000);

  it('says first what goes wrong first', () => {
    writeFileSync(join(fresh, 'candidate.csv'), 'image,prediction\ncat/none.png,cat\n');
    const { status, stdout, stderr } = barlowIn(fresh, 'doctor');
    expect(status).toBe(2);
    expect(stdout).toContain('! checkpoint');
    expect(stdout).toMatch(
      /What would go wrong, first things first:\n1\. .*candidate\.csv:2: 1 of 1 images are not in the/,
    );
    expect(stderr).toContain('error: 1 of 1 images are not in the eval set');
    rmSync(join(fresh, 'val'));
    const gone = barlowIn(fresh, 'doctor', '--json');
    expect(gone.status).toBe(2);
    expect(JSON.parse(gone.stdout).problems).toEqual([
      expect.objectContaining({ what: expect.stringContaining('the folder of the images cannot be read') }),
    ]);
  }, 240_000);

  it('is told what to do where barlow.yml and barlow.yaml are both there, and takes either', () => {
    copyFileSync(join(fresh, 'barlow.yml'), join(fresh, 'barlow.yaml'));
    const both = barlowIn(fresh, 'run');
    expect([both.status, both.stderr]).toEqual([
      2,
      expect.stringContaining('both barlow.yml and barlow.yaml are there'),
    ]);
    rmSync(join(fresh, 'barlow.yml'));
    const only = barlowIn(fresh, 'run');
    expect([only.status, only.stderr]).toEqual([2, expect.stringContaining('the folder of the images cannot be read')]);
    const init = barlowIn(fresh, 'init');
    expect([init.status, init.stderr]).toEqual([2, expect.stringContaining('barlow.yaml is there already')]);
  }, 240_000);
});
