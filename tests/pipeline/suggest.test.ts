import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import type { EventAction } from '../../src/records/actions.ts';
import type { Result } from '../../src/records/result.ts';
import { stream } from '../../src/statistics/random.ts';
import { runHere } from '../inProcess.ts';
import { ModelUnderTest } from '../models/onnxModel.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow suggest '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const barlow = (where: string, ...args: readonly string[]) => runHere(where, args);

interface Row {
  readonly name: string;
  readonly label: string;
  /** The accepted checkpoint has all right; the candidate takes these for the other class. */
  readonly breaks: boolean;
}

const other = { cat: 'dog', dog: 'cat' } as const;

/** Accepts a checkpoint that is right, and judges one that breaks some rows. */
async function judged(where: string, config: string, rows: readonly Row[]) {
  const csv = (name: string, head: string, of: (row: Row) => string) =>
    writeFileSync(join(where, name), `image,${head}\n${rows.map((row) => `${row.name},${of(row)}`).join('\n')}\n`);
  const taken = (label: string) => (label === 'cat' ? other.cat : other.dog);
  csv('eval.csv', 'label', ({ label }) => label);
  csv('good.csv', 'prediction', ({ label }) => label);
  csv('bad.csv', 'prediction', ({ label, breaks }) => (breaks ? taken(label) : label));
  writeFileSync(join(where, 'barlow.yml'), config);
  const recorded = await barlow(where, 'baseline', 'record', '--commit', 'one', '--checkpoint', 'good=good.csv');
  expect(recorded.status, recorded.text).toBe(0);
  const run = async () => {
    const { status, text } = await barlow(where, 'run', '--commit', 'two', '--checkpoint', 'bad=bad.csv');
    expect(status, text).toBe(1);
    return text;
  };
  const read = (name: string) => readFileSync(join(where, 'barlow-report', name), 'utf8');
  const actions = (): readonly EventAction[] => {
    const result: Result = JSON.parse(read('result.json'));
    expect(result.checkpoints[0].events).toHaveLength(1);
    return result.checkpoints[0].events[0].actions;
  };
  return { run, read, actions };
}

describe('labels, by features that are given', () => {
  const { uint32 } = stream('mislabelled');
  const uniform = () => uint32() / 2 ** 32;
  const EACH = 400;
  const BROKEN = 30;
  /** Cats lie about 0 and dogs about 1 in six features; feature 6 is high in some of either. */
  const animal = (of: 'cat' | 'dog', marked: boolean) => [
    ...Array.from({ length: 6 }, () => (of === 'dog' ? 1 : 0) + uniform() - 0.5),
    marked ? 2 + uniform() : uniform(),
  ];
  const config =
    'version: 1\nevalSet: {manifest: eval.csv}\nfeatures: features.npy\ngroups: [label]\nanalysis: {shuffles: 0}\nbaseline: {store: folder, path: baselines}\n';

  /** Of cats the marked break: what they are in truth says `truth`. */
  const setUp = (name: string, truth: 'cat' | 'dog') => {
    const where = join(folder, name);
    mkdirSync(where);
    const animals = [
      ...Array.from({ length: EACH }, (_, at) => ({
        label: 'cat',
        truth: at < BROKEN ? truth : 'cat',
        breaks: at < BROKEN,
      })),
      ...Array.from({ length: EACH }, () => ({ label: 'dog', truth: 'dog', breaks: false })),
    ].map((each, at) => ({
      ...each,
      name: `${at}.png`,
      values: animal(each.truth === 'dog' ? 'dog' : 'cat', each.breaks),
    }));
    const values = Float32Array.from(animals.flatMap((each) => each.values));
    writeFileSync(
      join(where, 'features.npy'),
      Buffer.concat([formatNpyHeader(animals.length, 7), new Uint8Array(values.buffer)]),
    );
    return judged(where, config, animals);
  };

  it('of dogs that are labelled as cats are named in every report', async () => {
    const { run, read, actions } = await setUp('wrong', 'dog');
    const text = await run();
    const found = actions().find(({ kind }) => kind === 'check-labels');
    if (found?.kind !== 'check-labels') throw new Error('labels are not doubted');
    expect(found.of).toBe(BROKEN);
    expect(found.images.map(({ name }) => Number.parseInt(name, 10)).toSorted((a, b) => a - b)).toEqual([
      ...Array(BROKEN).keys(),
    ]);
    for (const { label, prediction, agreeing, neighbours } of found.images) {
      expect([label, prediction, neighbours]).toEqual(['cat', 'dog', 10]);
      expect(agreeing).toBeGreaterThanOrEqual(7);
    }
    const said = 'Check the labels of 30 of the 30, which may be wrong';
    expect(text).toContain(`Next: ${said}`);
    for (const page of ['report.md', 'report.html']) {
      expect(read(page)).toContain(said);
      expect(read(page)).toContain(found.images[0].name);
    }
    // The trail of the event over the one accepted checkpoint.
    const trail = parseHTML(read('report.html')).document.querySelector('.trail ol');
    expect([...(trail?.children ?? [])].map(({ textContent }) => textContent?.replace(/\s+/g, ' '))).toEqual([
      '0 of 30 0 % one',
      '30 of 30 100 % now',
    ]);
    // Its failure mode names its images.
    const { document } = parseHTML(read('report.html'));
    const browsed = [...document.querySelectorAll('.mini .browser')].map((browser) => [
      browser.querySelector('summary')?.textContent,
      [...browser.querySelectorAll('li')].map(({ textContent }) => textContent),
    ]);
    const broken = Array.from({ length: BROKEN }, (_, at) => `${at}.png: cat, now dog`);
    expect(browsed).toContainEqual(['All 30 images that fail, by name', broken]);
    const first = read('result.json');
    await run();
    expect(read('result.json').replace(/"createdAt": "[^"]+"/, '')).toBe(first.replace(/"createdAt": "[^"]+"/, ''));
  }, 120_000);

  it('of cats that are cats are not doubted', async () => {
    const { run, read, actions } = await setUp('right', 'cat');
    await run();
    expect(actions().map(({ kind }) => kind)).toEqual(['name-training-set', 'accept']);
    for (const page of ['report.md', 'report.html']) expect(read(page)).not.toContain('Check the labels');
  }, 120_000);
});

describe('backgrounds, by a network that looks at one place of the picture', () => {
  const SIDE = 32;
  const CELL = 8;
  /** A network whose one feature is how red a cell of a grid of 4 x 4 is, its map the grid. */
  const looksAt = (cell: number): Uint8Array => {
    const model = new ModelUnderTest();
    const grid = model.add('AveragePool', ['image'], { kernel_shape: [CELL, CELL], strides: [CELL, CELL] });
    const red = model.add('Conv', [grid, model.floats([2, 3, 1, 1], [1, -1, 0, 0, 0, 1])]);
    const mask = Array.from({ length: 32 }, (_, at) => (at < 16 ? Number(at === cell) : 1));
    const seen = model.add('Relu', [model.add('Mul', [red, model.floats([1, 2, 4, 4], mask)])]);
    const features = model.add('Flatten', [model.add('GlobalAveragePool', [seen])]);
    return model.bytes([features, seen], ['N', 3, SIDE, SIDE], 17);
  };
  /** A grey picture with a red cell, and noise that tells all apart. */
  const ppm = (cell: number, noise: () => number) => {
    const rgb = new Uint8Array(SIDE * SIDE * 3);
    for (let at = 0; at < SIDE * SIDE; at++) {
      const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
      const isRed = Math.floor(y / CELL) * 4 + Math.floor(x / CELL) === cell;
      const grey = 120 + Math.floor(noise() * 20);
      rgb.set(isRed ? [220, 40, 40] : [grey, grey, grey], at * 3);
    }
    return Buffer.concat([Buffer.from(`P6\n${SIDE} ${SIDE}\n255\n`), rgb]);
  };
  /** Cats break that are red at `cell`; as many cats are red at another place, so that nothing but the place tells. */
  const setUp = (name: string, cell: number, elsewhere: number) => {
    const where = join(folder, name);
    mkdirSync(join(where, 'images'), { recursive: true });
    const { uint32 } = stream('grey');
    const rows = Array.from({ length: 240 }, (_, at) => ({
      ...{ name: `${at}.ppm`, label: at < 160 ? 'cat' : 'dog', breaks: at < 40 },
    }));
    for (const [at, row] of rows.entries())
      writeFileSync(
        join(where, 'images', row.name),
        ppm(at < 40 ? cell : elsewhere, () => uint32() / 2 ** 32),
      );
    writeFileSync(join(where, 'model.onnx'), looksAt(cell));
    const config = `version: 1
evalSet: {images: images, manifest: eval.csv}
featureModel: {path: model.onnx, layer: {features: Flatten_5_0, featureMap: Relu_3_0}}
groups: [label]
analysis: {shuffles: 0}
baseline: {store: folder, path: baselines}
report: {images: 2, attack: {steps: 0}}
`;
    return judged(where, config, rows);
  };

  it('that the rule names are told, and measured once', async () => {
    const { run, read, actions } = await setUp('corner', 0, 15);
    await run();
    const heat = { kind: 'background', features: [0], images: 40, outside: 40 };
    expect(actions()).toEqual(expect.arrayContaining([expect.objectContaining(heat)]));
    for (const page of ['report.md', 'report.html'])
      expect(read(page)).toContain('outside the middle of the picture in 40 of 40');
    const first = read('result.json');
    await run();
    expect(read('result.json').replace(/"createdAt": "[^"]+"/, '')).toBe(first.replace(/"createdAt": "[^"]+"/, ''));
  }, 120_000);

  it('are not blamed where heat lies in the middle', async () => {
    const { run, actions } = await setUp('centre', 5, 10);
    await run();
    expect(actions().map(({ kind }) => kind)).toEqual(['name-training-set', 'accept']);
  }, 120_000);
});
