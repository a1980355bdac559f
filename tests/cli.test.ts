import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readSchema } from '../src/adapters/jsonSchema.ts';
import { openFeatures } from '../src/features/openFeatures.ts';
import type { Result } from '../src/records/result.ts';
import { allRows, source } from './features/extraction.ts';
import { runHere } from './inProcess.ts';
import * as linked from './linked.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples', 'cifar10');

/** A folder of one's own with the example's automobiles and trucks, so that a run takes seconds. */
const folder = mkdtempSync(join(tmpdir(), 'barlow cli '));
const kept = new Set(['automobile', 'truck']);

beforeAll(async () => {
  const [head, ...rows] = readFileSync(join(example, 'eval.csv'), 'utf8').trimEnd().split('\n');
  const shown = rows.filter((row) => kept.has(row.split(',')[1] ?? '')).slice(0, 500);
  writeFileSync(join(folder, 'eval.csv'), `${[head, ...shown].join('\n')}\n`);
  const images = new Set(shown.map((row) => row.split(',')[0]));
  for (const name of ['baseline', 'candidate']) {
    const [first, ...lines] = readFileSync(join(example, 'predictions', `${name}.csv`), 'utf8')
      .trimEnd()
      .split('\n');
    const own = lines.filter((line) => images.has(line.split(',')[0]));
    writeFileSync(join(folder, `${name}.csv`), `${[first, ...own].join('\n')}\n`);
  }
  cpSync(join(example, 'images'), join(folder, 'images'), {
    recursive: true,
    filter: (path) => !path.endsWith('.png') || images.has(basename(path)),
  });
  cpSync(join(root, 'models', 'robust-32.onnx'), join(folder, 'robust.onnx'));
  writeFileSync(join(folder, 'barlow.yml'), config);
  await barlow('baseline', 'record', '--checkpoint', 'baseline=baseline.csv', '--commit', 'accepted', '--quiet');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = `version: 1
name: two-classes
evalSet:
  images: images
  manifest: eval.csv
  classes: [airplane, bird, cat, deer, dog, frog, horse, ship]
checkpoints:
  candidate: candidate.csv
featureModel:
  path: robust.onnx
groups: [label]
analysis:
  shuffles: 99
baseline:
  store: folder
  path: baselines
`;

const epoch = { SOURCE_DATE_EPOCH: '1790000000' };
const barlow = (...args: readonly string[]) => runHere(folder, args, epoch);

/** The same in a process of its own. */
function started(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [linked.command, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...epoch, ...env },
  });
}

/** A config beside the real one, with some text put in place of another. */
function variant(from: string, to: string): string {
  expect(config).toContain(from);
  writeFileSync(join(folder, 'variant.yml'), config.replace(from, to));
  return 'variant.yml';
}

const bytesOf = (out: string) =>
  Object.fromEntries(
    readdirSync(join(folder, out)).map((name) => [name, readFileSync(join(folder, out, name), 'utf8')]),
  );

describe('barlow run', () => {
  it('passes with a notice where there is no baseline, and says so in every report', () => {
    const file = variant('  path: baselines', '  path: none-yet');
    const { status, stdout, stderr } = started(['run', '--config', file, '--out', 'first', '--commit', 'a']);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toContain('No baseline of suite "two-classes" has been recorded yet.');
    expect(stdout).toMatch(
      /^NOT COMPARED: candidate: compared with no baseline\nWarning baseline: no baseline of this suite/,
    );
    const result: unknown = JSON.parse(readFileSync(join(folder, 'first', 'result.json'), 'utf8'));
    const schema = readSchema<Result>('result');
    expect(schema.problems(result)).toEqual([]);
    if (!schema.accepts(result)) throw new Error('unreachable');
    expect(result.checkpoints[0].comparison).toBeNull();
    expect(result.checkpoints[0].verdict).toMatchObject({ outcome: 'not compared', passed: false });
    expect(JSON.stringify(result.checkpoints[0].verdict)).toContain('baseline');
  });

  it('fails where a missing baseline must fail', () => {
    const file = variant('  path: baselines', '  path: nowhere\n  onMissing: fail');
    expect(started(['run', '--config', file, '--out', 'missing', '--commit', 'a']).status).toBe(1);
    expect(existsSync(join(folder, 'missing', 'report.md'))).toBe(true);
  });

  it('writes the same bytes whatever the number of workers', async () => {
    const outs = [];
    for (const workers of ['0', '1', '3']) {
      const out = `w${workers}`;
      const ended = await barlow('run', '--workers', workers, '--out', out, '--commit', 'b', '--quiet');
      expect(ended).toMatchObject({ status: 1, stderr: '' });
      outs.push(bytesOf(out));
    }
    expect(Object.keys(outs[0]).toSorted()).toEqual([
      'junit.xml',
      'metrics.json',
      'newly-failed.csv',
      'report.html',
      'report.md',
      'result.json',
      'summary.json',
    ]);
    expect(outs[1]).toEqual(outs[0]);
    expect(outs[2]).toEqual(outs[0]);
  });

  it('compares a checkpoint with itself and finds nothing', async () => {
    const own = await barlow(
      'run',
      '--checkpoint',
      'same=baseline.csv',
      '--out',
      'same',
      '--commit',
      'b',
      '--json',
      '--quiet',
    );
    expect(own.status).toBe(0);
    const { comparison } = JSON.parse(own.stdout).checkpoints[0];
    expect(comparison.clusters.filter((cluster: { status: string }) => cluster.status === 'new')).toEqual([]);
    expect(comparison.groups.map((group: { pValue: number }) => group.pValue)).toEqual(comparison.groups.map(() => 1));
  });

  it('shows of a cluster images that newly fail in its region, beside right ones of its group outside', async () => {
    // As many as there are: a wrong one must not hide among those not shown.
    const file = variant('  shuffles: 99', '  shuffles: 99\nreport: {images: 100, attack: {steps: 0}}');
    const { stdout } = await barlow(
      ...['run', '--config', file, '--out', 'pictured', '--commit', 'b', '--json', '--quiet'],
    );
    const result: Result = JSON.parse(stdout);
    const clusters = result.checkpoints[0].comparison?.clusters ?? [];
    const place = clusters.findIndex(({ status, group }) => status === 'new' && group === 'label:automobile');
    const cluster = clusters[place];
    expect(cluster).toMatchObject({ status: 'new', group: 'label:automobile' });
    const page = parseHTML(readFileSync(join(folder, 'pictured', 'report.html'), 'utf8')).document;
    const shown = (kind: string) =>
      [...(page.querySelectorAll('.card')[place]?.querySelectorAll(`.strip.${kind} img`) ?? [])].map(
        (image) => image.getAttribute('alt')?.split(':')[0] ?? '',
      );

    const rowsOf = (name: string) =>
      new Map(
        readFileSync(join(folder, name), 'utf8')
          .trimEnd()
          .split('\n')
          .slice(1)
          .map((line) => line.split(',').slice(0, 2))
          .map(([image = '', value = '']) => [image, value]),
      );
    const [labels, predictions] = [rowsOf('eval.csv'), rowsOf('candidate.csv')];
    const images = [...labels.keys()];
    const evalSet = { images, folder: join(folder, 'images') };
    const vectors = await openFeatures(source(join(folder, '.barlow', 'features'), { evalSet }));
    const features = await allRows(vectors);
    const valueAt = (row: number, feature: number) =>
      feature < vectors.dimensions
        ? features[row][feature]
        : (vectors.properties?.[row * result.properties.length + feature - vectors.dimensions] ?? Number.NaN);
    const inside = (image: string) =>
      cluster.rule.every(({ feature, op, threshold }) => {
        const value = valueAt(images.indexOf(image), feature);
        return op === '<=' ? value <= threshold : value > threshold;
      });
    expect(shown('failing').toSorted()).toEqual(cluster.images);
    expect(cluster.images.every(inside)).toBe(true);
    expect(shown('right')).toHaveLength(6);
    for (const image of shown('right')) {
      expect([labels.get(image), predictions.get(image), inside(image)]).toEqual(['automobile', 'automobile', false]);
    }
  });

  it('takes the worst of several checkpoints as its exit code', async () => {
    const two = ['--checkpoint', 'same=baseline.csv', '--checkpoint', 'worse=candidate.csv'];
    const { status, stdout } = await barlow('run', ...two, '--out', 'two', '--commit', 'b', '--json', '--quiet');
    expect(status).toBe(1);
    expect(JSON.parse(stdout).checkpoints.map((each: { verdict: { passed: boolean } }) => each.verdict.passed)).toEqual(
      [true, false],
    );
  });

  it('records itself only when it passes', async () => {
    const file = variant('  path: baselines', '  path: recorded');
    cpSync(join(folder, 'baselines'), join(folder, 'recorded'), { recursive: true });
    const mine = ['--config', file, '--quiet'];
    const failed = await barlow('run', '--config', file, '--record', '--out', 'recording', '--commit', 'c');
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain('Not recorded');
    const list = async () => (await barlow('baseline', 'list', '--json', ...mine)).stdout;
    expect(JSON.parse(await list()).map((row: { commit: string }) => row.commit)).toEqual(['accepted']);
    const passed = await barlow(
      ...['run', '--record', '--checkpoint', 'same=baseline.csv', '--out', 'recording', '--commit', 'd', ...mine],
    );
    expect(passed.status).toBe(0);
    expect(JSON.parse(await list())).toHaveLength(2);
    expect(JSON.parse((await barlow('baseline', 'show', 'accepted', '--json', ...mine)).stdout)).toMatchObject({
      suite: 'two-classes',
      checkpoint: 'baseline',
    });
  });
});

describe('a verdict that cannot be recorded', () => {
  it('is written and told all the same', async () => {
    const ended = await barlow('run', '--record', '--baseline', 'none', '--commit', 'b', '--out', 'unrecorded');
    expect(ended.status).toBe(2);
    expect(ended.stdout).toContain('Report: unrecorded');
    expect(ended.stderr).toMatch(/error: no baselines are kept/);
    expect(readdirSync(join(folder, 'unrecorded'))).toContain('result.json');
  });
});

describe('bad input', () => {
  it.each([
    ['an unknown flag', ['run', '--chekpoint', 'a=b'], /--chekpoint/],
    ['an unknown command', ['rn'], /rn/],
    ['no command', [], /^Usage: barlow \[options\] \[command\](?!.*outputHelp)/s],
    ['a checkpoint without a name', ['run', '--checkpoint', 'x.csv'], /NAME=FILE/],
    ['a missing config', ['run', '--config', 'none.yml'], /none\.yml/],
    ['a missing predictions file', ['run', '--checkpoint', 'a=none.csv', '--commit', 'b'], /none\.csv/],
    [
      'two checkpoints of one name',
      ['run', '--checkpoint', 'a=baseline.csv', '--checkpoint', 'a=candidate.csv'],
      /"a"/,
    ],
    ['a shard beyond its count', ['extract', '--shard', '3/2'], /i\/n/],
    ['a commit without a baseline', ['baseline', 'show', 'zzzz'], /zzzz/],
    // As `--baseline "$FOLDER"` where the variable is not set: the current folder holds no baseline, and all would pass.
    ['a folder of baselines that is empty text', ['run', '--baseline', '', '--commit', 'b'], /in: --baseline/],
    ['a commit that is empty text', ['baseline', 'record', '--commit', ''], /is empty.*in: --commit/s],
    ['a base of white space', ['run', '--base', ' '], /in: --base/],
    ['an event that is empty text', ['slice', 'add', ''], /in: event/],
    [
      'the folder of one suite for that of all',
      ['run', '--baseline', 'baselines/two-classes'],
      /fix: Name the folder above/,
    ],
    [
      'the same to record in',
      ['baseline', 'record', '--baseline', 'baselines/two-classes'],
      /fix: Name the folder above/,
    ],
  ])('%s: exit 2 and one message', async (_, args, message) => {
    const { status, stdout, stderr } = await barlow(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('leaves no report of an earlier run: report.md says that nothing is known', async () => {
    await barlow('run', '--out', 'kept', '--commit', 'b', '--quiet');
    expect(readdirSync(join(folder, 'kept'))).toContain('result.json');
    const image = readdirSync(join(folder, 'images'))[0];
    const path = join(folder, 'images', image);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 400));
    const { status, stderr } = await barlow('run', '--out', 'kept', '--commit', 'b', '--quiet').finally(() =>
      writeFileSync(path, whole),
    );
    expect(status).toBe(2);
    expect(stderr).toContain(image);
    expect(readdirSync(join(folder, 'kept')).sort()).toEqual(['junit.xml', 'report.md', 'summary.json']);
    expect(readFileSync(join(folder, 'kept', 'report.md'), 'utf8')).toContain('not judged');
  });
});

describe('a checkpoint that is a model file', () => {
  it('is run over the eval set and judged', async () => {
    const run = () =>
      barlow('run', '--checkpoint', 'robust=robust.onnx', '--baseline', 'none', '--out', 'model', '--json');
    const { status, stdout, stderr } = await run();
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('predict ') });
    expect(stderr.match(/^Engine: /gm)).toHaveLength(1); // said once, though two models were opened
    const [{ name, images, baseErrorRate }] = JSON.parse(stdout).checkpoints;
    expect({ name, images }).toEqual({ name: 'robust', images: 500 });
    expect(baseErrorRate).toBeGreaterThan(0.05);
    expect(baseErrorRate).toBeLessThan(0.35); // 0.21 on all ten classes
    const again = await run();
    expect(again.stderr).not.toContain('predict ');
    expect(again.stderr.match(/^hash /gm)).toHaveLength(1);
    expect(again.stdout).toBe(stdout);
  });
});

describe('an image that cannot be used', () => {
  it('is left out where the config says so, and every report says which', async () => {
    const [image] = readdirSync(join(folder, 'images'));
    const path = join(folder, 'images', image);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 400));
    const file = variant('  manifest: eval.csv', '  manifest: eval.csv\n  onBadImage: skip');
    const { status, stdout, stderr } = await barlow(
      ...['run', '--config', file, '--baseline', 'none', '--out', 'skipped', '--json'],
    ).finally(() => writeFileSync(path, whole));
    expect(status).toBe(0);
    expect(stderr).toContain(`Skipped "${image}": it is truncated.`);
    const result: Result = JSON.parse(stdout);
    expect(result.evalSet).toMatchObject({ images: 499, skipped: [image] });
    expect(result.checkpoints[0].images).toBe(499);
    for (const name of ['report.md', 'report.html']) {
      const text = readFileSync(join(folder, 'skipped', name), 'utf8').replaceAll('\\', '');
      expect(text).toContain(`1 image skipped, as it cannot be read: ${image}`);
    }
  });
});

describe('barlow feature', () => {
  afterEach(() => rmSync(join(folder, 'features.yml'), { force: true }));

  it('shows the images in which a feature is strongest, and names it for every report', async () => {
    const run = async () => (await barlow('run', '--baseline', 'none', '--out', 'named', '--json', '--quiet')).stdout;
    const result: Result = JSON.parse(await run());
    const [mode] = result.checkpoints[0].groups
      .flatMap(({ leaves }) => leaves.filter((leaf) => leaf.failureMode))
      .toSorted((one, other) => other.importanceValue - one.importanceValue);
    const { feature } = mode.rule[0];

    const named = ['--name', 'red paint', '--kind', 'spurious', '--note', 'cars only'];
    const shown = await barlow(
      ...['feature', String(feature), '--group', 'label:automobile', ...named, '--out', 'named', '--json'],
    );
    expect(shown.status).toBe(0);
    const { strongest, images } = JSON.parse(shown.stdout);
    const automobiles = readFileSync(join(folder, 'eval.csv'), 'utf8').match(/,automobile$/gm) ?? [];
    expect(images).toBe(automobiles.length);
    const values = strongest.map(({ value }: { value: number }) => value);
    expect(values).toHaveLength(6);
    expect(values).toEqual(values.toSorted((a: number, b: number) => b - a));
    const page = readFileSync(join(folder, 'named', `feature-${feature}.html`), 'utf8');
    expect(page).toContain(`Red paint (feature ${feature})`);
    expect(page).toContain('Clusters and failure modes that it helps to tell');
    expect(page.match(/<img /g)).toHaveLength(18);

    await run();
    const report = readFileSync(join(folder, 'named', 'report.html'), 'utf8');
    const names = readFileSync(join(folder, 'features.yml'), 'utf8');
    writeFileSync(join(folder, 'features.yml'), names.replace(/^featureModel: \S+/, `featureModel: ${'f'.repeat(64)}`));
    const foreign = await barlow('run', '--baseline', 'none', '--out', 'foreign');
    expect(foreign.stderr).toContain('are left out: they are of another feature model');
    expect(readFileSync(join(folder, 'foreign', 'report.html'), 'utf8')).not.toContain('red paint');
    expect(report).toContain(`red paint (feature ${feature})`);
    expect(report).not.toMatch(new RegExp(`[^(]feature ${feature} (&gt;|&lt;)`));
  });

  it.each([
    ['a feature that is not there', ['feature', '128'], /there is no feature 128/],
    ['a group that is not there', ['feature', '1', '--group', 'label:automobil'], /automobil/],
    ['a column that is not there', ['feature', '1', '--group', 'time:night'], /time/],
    ['a kind without a name', ['feature', '1', '--kind', 'spurious'], /--name/],
    ['a kind that is none', ['feature', '1', '--name', 'x', '--kind', 'bad'], /spurious/],
    ['no number', ['feature', 'x'], /whole number/],
  ])('%s: exit 2 and one message', async (_, args, message) => {
    const { status, stdout, stderr } = await barlow(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(existsSync(join(folder, 'features.yml'))).toBe(false);
  });
});

describe('help', () => {
  it('has examples and exit codes for every command, each example a command that there is', async () => {
    const helpOf = async (...args: readonly string[]) => (await barlow(...args, '--help')).stdout;
    const listed = (text: string) =>
      [...(/Commands:\n([\s\S]*?)\n\n/.exec(text)?.[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
    const top = listed(await helpOf()).filter((name) => name !== 'help');
    expect(top.length).toBeGreaterThan(8);
    for (const name of top) {
      const text = await helpOf(name);
      const below = listed(text).filter((each) => each !== 'help');
      for (const path of [[name], ...below.map((each) => [name, each])]) {
        const help = await helpOf(...path);
        expect(help.match(/\nExit codes: 0 passed or not compared, 1 the gate failed, 2 /g)).toHaveLength(1);
        const [, shown = ''] = /\nExamples:\n((?: {2}barlow .*\n)+)/.exec(help) ?? [];
        for (const line of shown.trimEnd().split('\n'))
          expect(line.trim()).toMatch(new RegExp(`^barlow ${path.join(' ')}\\b`));
        for (const [, flag = ''] of shown.matchAll(/ (--[a-z-]+)/g)) {
          if (below.length === 0) expect(help).toContain(`  ${flag}`);
        }
      }
    }
  }, 600_000);

  it('is coloured where that is asked for, and not otherwise', () => {
    const told = (env: NodeJS.ProcessEnv) => {
      const ended = started(['run', '--config', 'none.yml'], { FORCE_COLOR: undefined, NO_COLOR: undefined, ...env });
      expect(ended.status).toBe(2);
      return ended.stderr;
    };
    expect(told({})).toMatch(/^error: the file cannot be opened/);
    expect(told({ FORCE_COLOR: '1' }).startsWith('\u001b[31merror:\u001b[39m the file cannot be opened')).toBe(true);
    expect(told({ NO_COLOR: '1' })).toMatch(/^error: /);
  }, 60_000);
});

describe('barlow doctor', () => {
  it('says what runs, what the model holds, and whether baselines can be read', async () => {
    const { status, stdout } = await barlow('doctor', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      featureModel: { features: 'features', engine: 'onnx-cpu' },
      baselines: `1 of suite two-classes in ${join(folder, 'baselines')}`,
    });
    const file = variant('store: folder\n  path: baselines', 'store: folder\n  path: eval.csv');
    const unreadable = await barlow('doctor', '--config', file);
    expect(unreadable.stdout).toMatch(/^! baselines +cannot be read$/m);
    expect(unreadable.stdout).toMatch(/^1\. .*eval\.csv.*: cannot read the baselines/m);
    expect(unreadable.status).toBe(2);
  });
});

describe('barlow init', () => {
  it('writes a config that runs where the files are called so', async () => {
    const fresh = join(folder, 'fresh');
    mkdirSync(fresh);
    const files = ['--images', '../images', '--manifest', '../eval.csv', '--feature-model', '../robust.onnx'];
    const more = ['--checkpoint', '../candidate.csv', '--workflow', 'none', '--no-run', '--json'];
    const { status, stdout } = await runHere(fresh, ['init', ...files, ...more]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ written: ['barlow.yml'], missing: [] });
    expect((await barlow('extract', '--config', 'fresh/barlow.yml', '--quiet')).status).toBe(0);
  });
});

describe('barlow evaluate', () => {
  it('says how well trees of each depth explain the failures', async () => {
    const { status, stdout } = await barlow('evaluate', '--depths', '1,2', '--json', '--quiet', '--out', 'evaluated');
    expect(status).toBe(0);
    const [{ checkpoint, evaluations }] = JSON.parse(stdout);
    expect(checkpoint).toBe('candidate');
    expect(evaluations.map((each: { depth: number }) => each.depth)).toEqual([1, 2]);
    for (const each of evaluations) expect(each.alerIncrease.min).toBeGreaterThanOrEqual(0);
  });
});

describe('barlow extract', () => {
  it('extracts shards that merge into a whole store', async () => {
    const shards: string[] = [];
    for (const [index, shard] of ['1/2', '2/2'].entries()) {
      const file = `shard${index}/barlow.yml`;
      for (const name of ['images', 'robust.onnx', 'eval.csv', 'candidate.csv']) {
        cpSync(join(folder, name), join(folder, `shard${index}`, name), { recursive: true });
      }
      writeFileSync(join(folder, file), config);
      const { status, stdout } = await barlow('extract', '--config', file, '--shard', shard, '--json', '--quiet');
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ images: 250, dimensions: 128 });
      shards.push(join(`shard${index}`, '.barlow', 'features'));
    }
    cpSync(join(folder, 'shard0'), join(folder, 'whole'), {
      recursive: true,
      filter: (path) => !path.includes('.barlow'),
    });
    const merged = await barlow('merge', ...shards, '--config', 'whole/barlow.yml', '--json', '--quiet');
    expect(merged.status).toBe(0);
    const { stderr } = await barlow('extract', '--config', 'whole/barlow.yml');
    expect(stderr).not.toContain('extract ');
    expect(JSON.parse(merged.stdout)).toMatchObject({ rows: 500 });
  });
});
