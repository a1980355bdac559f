import { describe, expect, it } from 'vitest';
import { doubtfulLabels } from '../../src/gate/doubtfulLabels.ts';
import { type Evidence, eventActions } from '../../src/gate/eventActions.ts';
import { addFeatures, nearestOf, noDistances } from '../../src/gate/nearest.ts';
import type { PoolEvidence } from '../../src/records/pool.ts';
import { actionWords } from '../../src/report/actions.ts';
import { stream } from '../../src/statistics/random.ts';
import { sampleCheck, sampleEvent } from '../report/sampleResult.ts';

const bare = { trainingSet: null, pool: null, counterfactual: null } as const;
const missing = { trainingSet: sampleEvent().trainingSet } as const;
const samplePool = (change: Partial<PoolEvidence> = {}): PoolEvidence => ({
  ...{ images: 5_000, inside: 150, listed: 150, typical: ['a.png'], sheet: null },
  ...{ looksLike: [{ className: 'automobile', images: 120 }], table: 'pool-0123456789abcdef.csv' },
  ...change,
});
const nothing: Evidence = { labels: null, heat: null, hasTrainingSet: true, checks: [sampleCheck()] };
const kinds = (...given: Parameters<typeof eventActions>) => eventActions(...given).map(({ kind }) => kind);
const told = (event: Parameters<typeof actionWords>[1], evidence: Evidence, canFind = true) =>
  eventActions(event, evidence).map((each) => actionWords(each, event, { names: new Map(), canFind }));

describe('what to do about an event', () => {
  it('is left out where there is no evidence for it', () => {
    expect(kinds(sampleEvent(bare), nothing)).toEqual(['accept']);
  });

  it.each([
    ['missing', ['collect', 'accept']],
    ['fewer', ['collect', 'accept']],
    ['unclear', ['accept']],
    ['present', ['accept']],
  ] as const)('a training set found %s: %j', (finding, expected) => {
    const { trainingSet } = sampleEvent();
    const classes = (trainingSet?.classes ?? []).map((each) => ({ ...each, finding }));
    expect(kinds(sampleEvent({ ...bare, trainingSet: { classes, untested: null } }), nothing)).toEqual(expected);
  });

  it.each([
    [null, null, ['accept']],
    [null, [], ['accept']],
    [null, ['truck'], ['accept']],
    [null, ['truck', 'automobile'], ['label-pool', 'accept']],
    ['missing', ['automobile'], ['collect', 'accept']],
    ['unclear', ['automobile'], ['label-pool', 'accept']],
    ['present', ['automobile'], ['accept']],
  ] as const)('a training set found %s, a pool with images that look like %j: %j', (finding, looks, expected) => {
    const [own] = sampleEvent().trainingSet?.classes ?? [];
    const trainingSet = finding === null ? null : { classes: [{ ...own, finding }], untested: null };
    const pool = looks && samplePool({ looksLike: looks.map((className) => ({ className, images: 3 })) });
    expect(kinds(sampleEvent({ ...bare, trainingSet, pool }), nothing)).toEqual(expected);
  });

  it('counts the images of a pool that look like the class, and says where they are listed', () => {
    const said = (pool: PoolEvidence) => told(sampleEvent({ ...bare, ...missing, pool }), nothing)[0];
    expect(said(samplePool())).toEqual({
      text: 'Collect more like these: the training set lacks such images of automobile (1 %, where the eval set has 3.7 %). Your pool: 120 of its 5,000 images lie where these do and look like automobile, the most typical first in pool-0123456789abcdef.csv beside the report.',
      command: null,
    });
    const more = samplePool({ inside: 1_500, listed: 1_000 });
    expect(said(more).text).toContain('Your pool: at least 120 of its 5,000 images lie');
    // None there: another folder may have some.
    const none = said(samplePool({ looksLike: [{ className: 'truck', images: 9 }] }));
    expect(none.text).toContain('Your pool: none of its 5,000 images lies where these do and looks like automobile.');
    expect(none.command).toBe("barlow find 'label:automobile#89abcdef' --in FOLDER --out found.csv");
    const [label] = told(sampleEvent({ ...bare, pool: samplePool() }), nothing);
    expect(label).toEqual({
      text: 'Label images of your pool, and train on them: 120 of its 5,000 images lie where these do and look like automobile, the most typical first in pool-0123456789abcdef.csv beside the report.',
      command: null,
    });
  });

  it('where no training set is named, one is asked for', () => {
    expect(kinds(sampleEvent(bare), { ...nothing, hasTrainingSet: false })).toEqual(['name-training-set', 'accept']);
  });

  it.each([
    [{ turned: 31, turnedAtRandom: 7, pValue: 1e-6 }, ['mask', 'accept']],
    [{ turned: 31, turnedAtRandom: 29, pValue: 0.5 }, ['accept']],
    [{ turned: 7, turnedAtRandom: 31, pValue: 1e-6 }, ['accept']],
  ] as const)('images that mend %j: %j', (moved, expected) => {
    const mend = { images: 36, crossed: 36, distance: 3, ...moved };
    const counterfactual = { cluster: 'c', features: [33], mend, breaks: null, untested: null };
    expect(kinds(sampleEvent({ ...bare, counterfactual }), nothing)).toEqual(expected);
  });

  it.each([
    [{ images: 40, outside: 28, pValue: 0.0017 }, ['background', 'accept']],
    [{ images: 40, outside: 27, pValue: 0.0017 }, ['accept']],
    // 3 of 4 may be chance.
    [{ images: 4, outside: 3, pValue: 0.625 }, ['accept']],
    [{ images: 0, outside: 0, pValue: 1 }, ['accept']],
  ] as const)('heat outside the middle %j: %j', (heat, expected) => {
    const evidence = { ...nothing, heat: { features: [5], ...heat } };
    expect(kinds(sampleEvent(bare), evidence)).toEqual(expected);
  });

  it('an event that fails no check is no more accepted, and watched where it is not', () => {
    const checks = [sampleCheck({ passed: true })];
    expect(kinds(sampleEvent(bare), { ...nothing, checks })).toEqual(['watch']);
    expect(kinds(sampleEvent({ ...bare, known: 'red-cars' }), { ...nothing, checks })).toEqual([]);
    expect(kinds(sampleEvent(bare), { ...nothing, checks: [sampleCheck({ subject: 'other' })] })).toEqual(['watch']);
  });

  it('is said with its evidence, and the command that does it', () => {
    const images = [1, 2].map((at) => ({
      ...{ name: `${at}.png`, label: 'automobile', prediction: 'truck', agreeing: 6 + at, neighbours: 10 },
    }));
    const heat = { features: [5, 7], images: 40, outside: 30, pValue: 0.002 };
    const evidence = { ...nothing, labels: { images, of: 9 }, heat, hasTrainingSet: false };
    expect(told(sampleEvent(), evidence)).toEqual([
      {
        text: 'Collect more like these: the training set lacks such images of automobile (1 %, where the eval set has 3.7 %); the command below looks for them among images without labels.',
        command: "barlow find 'label:automobile#89abcdef' --in FOLDER --out found.csv",
      },
      {
        text: 'Check the labels of 2 of the 9, which may be wrong: the candidate and at least 7 of the 10 most alike images outside the event say truck.',
        command: null,
      },
      {
        text: 'Vary the backgrounds of training images: feature 5 and feature 7 may be one, as it lies outside the middle of the picture in 30 of 40.',
        command: null,
      },
      {
        text: 'Train on images that vary or mask feature 33: changed in these images, 31 of 36 mend; at random, 7.',
        command: null,
      },
      { text: expect.stringContaining('name it under trainingSet'), command: null },
      { text: expect.stringContaining('gate.accepted'), command: null },
    ]);
    // Features from a file: there is no network that could look.
    const [collect] = told(sampleEvent(), nothing, false);
    expect(collect.command).toBeNull();
    expect(collect.text).not.toContain('command');
  });

  it('puts no id into a command that a shell would read otherwise', () => {
    const command = (id: string) => {
      const checks = [sampleCheck({ subject: 'other' })];
      return told(sampleEvent({ ...bare, id }), { ...nothing, checks })[0].command;
    };
    expect(command("label:it's; rm -rf $HOME#1")).toBe(`barlow slice add 'label:it'\\''s; rm -rf $HOME#1'`);
    expect(command('label:a')).toBe('barlow slice add label:a');
    expect(command('-x')).toBeNull();
    expect(command('label:a\nb')).toBeNull();
    expect(command('label:\u202egnp')).toBeNull();
    expect(command('x'.repeat(301))).toBeNull();
  });
});

describe('the nearest images', () => {
  it('are those of all distances in standardised features, whatever the blocks that they are read in', () => {
    const { normal } = (({ uint32 }) => ({ normal: () => (uint32() / 2 ** 32 + uint32() / 2 ** 32) * 3 }))(
      stream('near'),
    );
    const [others, features] = [60, 7];
    const rows = Array.from({ length: others }, () =>
      Array.from({ length: features }, (_, at) => (at === 3 ? 0.5 : normal() * 10 ** at)),
    );
    const column = (feature: number) => rows.map((row) => row[feature]);
    const deviation = (values: readonly number[]) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      return Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length);
    };
    const deviations = Array.from({ length: features }, (_, at) => deviation(column(at)));
    const far = (a: number, b: number) =>
      rows[a].reduce((sum, value, at) => sum + (at === 3 ? 0 : ((value - rows[b][at]) / deviations[at]) ** 2), 0);
    const positions = [4, 0, 59];
    for (const blocks of [[7], [1, 2, 4], [3, 3, 1]]) {
      const distances = noDistances(positions.length, others);
      let from = 0;
      for (const width of blocks) {
        const values = Float32Array.from(Array.from({ length: width }, (_, at) => column(from + at)).flat());
        addFeatures(distances, { rows: others, from, to: from + width, values }, positions);
        from += width;
      }
      for (const [image, position] of positions.entries()) {
        const sorted = [...Array(others).keys()]
          .filter((other) => other !== position && other !== 7)
          .toSorted((a, b) => far(position, a) - far(position, b));
        expect(nearestOf(distances, image, new Set([position, 7]), 10)).toEqual(sorted.slice(0, 10));
      }
    }
  });

  it('of equally near ones the first, and no more than there are', () => {
    const distances = noDistances(1, 5);
    expect(nearestOf(distances, 0, new Set([2]), 3)).toEqual([0, 1, 3]);
    expect(nearestOf(distances, 0, new Set([2]), 10)).toEqual([0, 1, 3, 4]);
  });
});

describe('labels that may be wrong', () => {
  const image = (name: string, trucks: number, after: string | null = 'truck', asked = 10) => ({
    ...{ name, label: 'automobile', after },
    neighbours: Array.from({ length: asked }, (_, at) => (at < trucks ? 'truck' : 'automobile')),
  });
  const names = (...images: Parameters<typeof doubtfulLabels>[0]) => doubtfulLabels(images).map(({ name }) => name);

  it('are those where seven of ten neighbours say what the candidate says', () => {
    expect(names(image('a', 7), image('b', 6), image('c', 10), image('d', 0))).toEqual(['a', 'c']);
    expect(doubtfulLabels([image('a', 7)])).toEqual([
      { name: 'a', label: 'automobile', prediction: 'truck', agreeing: 7, neighbours: 10 },
    ]);
  });

  it('need a candidate that says another class, and ten neighbours', () => {
    expect(
      names(image('a', 10, null), image('b', 0, 'automobile'), image('c', 10, 'ship'), image('d', 9, 'truck', 9)),
    ).toEqual([]);
  });

  it('are not told where they are less than a fifth, as of hard images with right labels', () => {
    const rest = (count: number) => Array.from({ length: count }, (_, at) => image(`r${at}`, 2));
    expect(names(image('a', 9), image('b', 9), ...rest(8))).toEqual(['a', 'b']);
    expect(names(image('a', 9), image('b', 9), ...rest(9))).toEqual([]);
  });
});
