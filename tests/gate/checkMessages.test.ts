import { describe, expect, it } from 'vitest';
import { type JudgeInput, judge } from '../../src/gate/checks.ts';
import { measures } from '../../src/gate/measures.ts';
import type { Cluster, Comparison, FailureEvent, GroupComparison } from '../../src/records/comparison.ts';
import type { SliceResult } from '../../src/records/slices.ts';
import type { CheckRule } from '../../src/records/verdict.ts';
import { sampleCluster, sampleEvent, sampleGroup, sampleResult } from '../report/sampleResult.ts';

const [leaf] = sampleGroup().leaves;
const trees = { aler: 0.35, leaves: [{ ...leaf, importanceValue: 0.25 }] };
const before = { aler: 0.3, leaves: [{ ...leaf, importanceValue: 0.2 }] };
const car = sampleGroup({ id: 'label:car', value: 'car', size: 40, failures: 10, ...trees });

function compared(change: Partial<Comparison> = {}): Comparison {
  const sample = sampleResult().checkpoints[0].comparison;
  if (sample === null) throw new Error('the sample is compared');
  const row = (id: string, size: number): GroupComparison => ({
    ...{ id, size, baselineErrorRate: 0.125, errorRate: 0.25, baselineAler: 0.3, aler: 0.35, newlyFailed: 6 },
    ...{ newlyFixed: 1, pValue: 0.1, adjustedPValue: 0.2, smallestVisible: null },
  });
  return { ...sample, clusters: [], groups: [row('all', 200), row('label:car', 40)], ...change };
}

const rule = (change: Partial<CheckRule>): CheckRule => ({
  ...{ id: 'mine', severity: 'error', measure: 'errorRate', groups: ['label:car'], operator: '<=', value: 0.5 },
  ...change,
});

function judged(rules: readonly CheckRule[], change: Partial<JudgeInput> = {}) {
  return judge({
    ...{ events: [], slices: [], whole: { images: 200, failures: 30 }, minNewFailures: 5, accepted: [] },
    ...{ candidate: [car], comparison: compared(), baseline: [{ ...car, ...before }], rules, today: '2026-06-15' },
    uncompared: null,
    ...change,
  });
}

describe('what a check says of a measure', () => {
  it.each<[string, number, string, number]>([
    ['errorRate', 0.5, 'images of car: error rate 25 %, at most 50 % as expected', 0.25],
    ['errorRate', 0.1, 'images of car: error rate 25 %, at most 10 % expected', 0.25],
    ['aler', 0.4, 'images of car: ALER 0.35, at most 0.4 as expected', 0.35],
    ['importanceValue', 0.2, 'images of car: importance value of the worst leaf 0.25, at most 0.2 expected', 0.25],
    [
      'errorRateIncrease',
      0.2,
      'images of car: rise of the error rate 12.5 points (12.5 % -> 25 %), at most 20 points as expected',
      0.125,
    ],
    ['alerIncrease', 0.01, 'images of car: rise of ALER 0.05 (0.3 -> 0.35), at most 0.01 expected', 0.05],
    [
      'importanceValueIncrease',
      0.01,
      "images of car: rise of the worst leaf's importance value 0.05 (0.2 -> 0.25), at most 0.01 expected",
      0.05,
    ],
    ['newlyFailed', 6, 'images of car: newly failed images 6, at most 6 as expected', 6],
    ['newlyFixed', 0, 'images of car: newly fixed images 1, at most 0 expected', 1],
    ['netNewlyFailed', 5, 'images of car: newly failed less newly fixed images 5, at most 5 as expected', 5],
  ])('%s <= %d', (measure, value, message, actual) => {
    const [check, ...more] = judged([rule({ measure, value })]).checks;
    expect(more).toEqual([]);
    expect(check.message).toBe(message);
    expect(check.actual).toBeCloseTo(actual, 12);
    expect(check).toMatchObject({
      id: 'mine',
      subject: 'label:car',
      expected: value,
      operator: '<=',
      severity: 'error',
    });
    expect(check.passed).toBe(actual <= value);
  });

  it('that is lost images, of the whole set only', () => {
    const evalSet = { images: 200, lost: 1, relabelled: 2, rewritten: 3, added: 9 };
    const lost = (groups: string[], change: Partial<JudgeInput> = {}) =>
      judged([rule({ measure: 'lostImages', groups, value: 0.01 })], { comparison: compared({ evalSet }), ...change });
    const words = "the newest baseline's images that are gone, relabelled or rewritten";
    expect(lost(['all']).checks[0]).toMatchObject({
      passed: false,
      actual: 0.03,
      message: `all images: ${words} 3 % (6 of 200), at most 1 % expected`,
    });
    expect(lost(['label:car']).checks[0].message).toBe(`images of car: no ${words}`);
    expect(lost([]).checks).toHaveLength(1);
    expect(lost(['all'], { comparison: null }).checks).toEqual([]);
  });

  it.each([
    ['aler', { aler: null, leaves: [] }, {}],
    ['alerIncrease', { aler: null, leaves: [] }, {}],
    ['alerIncrease', {}, { aler: null, leaves: [] }],
    ['importanceValueIncrease', { aler: null, leaves: [] }, {}],
    ['importanceValueIncrease', {}, { aler: null, leaves: [] }],
  ])('%s fails where a side of it is missing', (measure, now, then) => {
    const change = { candidate: [{ ...car, ...now }], baseline: [{ ...car, ...before, ...then }] };
    const { outcome, checks } = judged([rule({ measure, value: 1 })], change);
    expect(outcome).toBe('failed');
    expect(checks[0]).toMatchObject({
      ...{
        actual: null,
        passed: false,
        expected: 1,
        operator: '<=',
        severity: 'error',
        id: 'mine',
        subject: 'label:car',
      },
      message: `images of car: no ${measures.get(measure)?.words}`,
    });
    expect(judged([rule({ measure, value: 1 })], { baseline: [] }).outcome).toBe(
      measure === 'aler' ? 'passed' : 'failed',
    );
  });

  it('measures that compare say nothing where nothing is compared, the others do', () => {
    const names = [...measures].filter(([, { compares }]) => compares).map(([name]) => name);
    expect(names).toEqual([
      ...['errorRateIncrease', 'alerIncrease', 'importanceValueIncrease', 'lostImages', 'newlyFailed', 'newlyFixed'],
      'netNewlyFailed',
    ]);
    for (const measure of measures.keys()) {
      const { checks } = judged([rule({ measure, value: 0.9 })], { comparison: null, baseline: [] });
      expect(checks).toHaveLength(names.includes(measure) ? 0 : 1);
    }
  });

  it('what does not exist', () => {
    const message = (change: Partial<CheckRule>, input: Partial<JudgeInput> = {}) =>
      judged([rule(change)], input).checks.map((each) => [each.subject, each.message, each.passed, each.actual]);
    expect(message({ measure: 'accuracy' })).toEqual([['all', 'there is no measure "accuracy"', false, null]]);
    expect(message({ groups: ['label:cra', 'time:*'] })).toEqual([
      ['label:cra', 'label:cra: there is no such group with images', false, null],
      ['time:*', 'time:*: there is no such group with images', false, null],
    ]);
    expect(message({ measure: 'newClusters', value: 0, groups: ['label:cra'] })).toEqual([
      ['label:cra', 'label:cra: there is no such group with images', false, null],
    ]);
    const none = [{ ...car, aler: null, leaves: [] }];
    expect(message({ measure: 'aler', groups: [] }, { candidate: none })).toEqual([
      ['all', 'no group has ALER', false, null],
    ]);
    // A group named beside one that is not there: neither hides the other.
    expect(message({ measure: 'aler', groups: ['label:*', 'label:cra'] }, { candidate: none })).toEqual([
      ['label:cra', 'label:cra: there is no such group with images', false, null],
    ]);
    expect(message({ measure: 'worsenedSlices', groups: ['nihgt'], value: 0 })).toEqual([
      ['nihgt', 'nihgt: there is no such slice', false, null],
    ]);
  });

  it('of no images at all is not taken for a pass', () => {
    const empty = { whole: { images: 0, failures: 0 }, candidate: [], comparison: compared({ groups: [] }) };
    for (const measure of ['newClusters', 'errorRate']) {
      const { outcome, checks } = judged([rule({ measure, groups: [], value: 0 })], empty);
      expect(outcome).toBe('failed');
      expect(checks[0]).toMatchObject({ subject: 'all', message: 'all: there is no such group with images' });
    }
  });
});

describe('what a check says of events and clusters', () => {
  const cluster = (change: Partial<Cluster> = {}) =>
    sampleCluster({ id: 'label:car#1', group: 'label:car', baselineErrorRate: 0.05, errorRate: 0.25, ...change });
  const event = (change: Partial<FailureEvent> = {}) =>
    sampleEvent({ id: 'label:car#1', title: 'Cars taken for trucks', clusters: ['label:car#1'], ...change });
  const newClusters = rule({ id: 'new-cluster', measure: 'newClusters', groups: [], value: 0 });
  const worsened = rule({ id: 'worsened', measure: 'worsenedClusters', groups: [], value: 0 });

  it('a row each, by the first of its clusters, with the names that features have', () => {
    const clusters = [
      cluster({ adjustedPValue: 0.002 }),
      cluster({ id: 'all#2', group: 'all', rule: [], newlyFailed: 1 }),
    ];
    const change = { comparison: compared({ clusters }), events: [event({ clusters: ['label:car#1', 'all#2'] })] };
    const row = (more: Partial<JudgeInput> = {}) => judged([newClusters], { ...change, ...more }).checks[0];
    expect(row().message).toBe(
      'Cars taken for trucks; images of car: 36 images newly fail where feature 33 > 0.412 (error 5 % -> 25 %, p = 0.002)',
    );
    expect(row({ nameOf: (feature) => `snow ${feature}` }).message).toContain('where snow 33 > 0.412');
    const other = { ...change, events: [event({ clusters: ['all#2', 'label:car#1'] })] };
    expect(judged([newClusters], other).checks[0].message).toContain(
      'all images: 1 image newly fails in the whole group (',
    );
    // An event shows in every group of its clusters.
    expect(judged([{ ...newClusters, groups: ['label:car'] }], other).checks[0]).toMatchObject({
      passed: false,
      actual: 1,
    });
    // Without a cluster it has its title alone.
    const bare = { ...change, events: [event({ clusters: [] })] };
    expect(judged([newClusters], bare).checks[0]).toMatchObject({
      passed: true,
      message: 'no new cluster of failures',
    });
  });

  it('none: in which groups', () => {
    const message = (groups: string[]) => judged([{ ...newClusters, groups }]).checks.map((each) => each.message);
    expect(message([])).toEqual(['no new cluster of failures']);
    expect(message(['all', 'label:*'])).toEqual(['no new cluster of failures in all, label:*']);
  });

  it('known clusters that got worse, and no others', () => {
    const clusters = (['worsened', 'persisting', 'improved', 'resolved', 'new'] as const).map((status) =>
      cluster({ id: `label:car#${status}`, status, size: 1341 }),
    );
    const { checks } = judged([worsened], { comparison: compared({ clusters }) });
    expect(checks.map(({ subject, message, actual }) => [subject, message, actual])).toEqual([
      [
        'label:car#worsened',
        'images of car: the known cluster of 1,341 images where feature 33 > 0.412 got worse (error 5 % -> 25 %, p < 0.000001)',
        1,
      ],
    ]);
    const accepted = [{ event: 'label:car#worsened', reason: 'so', until: '2026-07-01' }];
    expect(judged([worsened], { comparison: compared({ clusters }), accepted }).checks).toMatchObject([
      { passed: true, actual: 0 },
    ]);
    expect(judged([worsened], { comparison: compared({ clusters: [] }) }).checks[0].message).toBe(
      'no known cluster got worse',
    );
  });

  it('accepted ones by the id of the event or of any of its clusters, by the entry that lives longest', () => {
    const clusters = [cluster(), cluster({ id: 'all#2', group: 'all' })];
    const events = [event({ id: 'older#9', clusters: ['label:car#1', 'all#2'] })];
    const row = (...accepted: JudgeInput['accepted']) =>
      judged([newClusters], { comparison: compared({ clusters }), events, accepted }).checks[0];
    const entry = (name: string, until: string) => ({ event: name, reason: `for ${until}`, until });
    for (const name of ['older#9', 'label:car#1', 'all#2']) expect(row(entry(name, '2026-06-15')).passed).toBe(true);
    expect(row(entry('label:car', '2026-06-15')).passed).toBe(false);
    const several = [entry('all#2', '2026-06-20'), entry('older#9', '2026-08-01'), entry('all#2', '2026-06-01')];
    expect(row(...several).message).toMatch(/; accepted until 2026-08-01: for 2026-08-01$/);
    expect(row(...several.toReversed()).message).toMatch(/; accepted until 2026-08-01: for 2026-08-01$/);
    expect(row(entry('all#2', '2026-06-14')).message).toMatch(
      /; was accepted until 2026-06-14, which has passed: for 2026-06-14$/,
    );
  });

  it('what is accepted in vain, and by what is not', () => {
    const clusters = [cluster(), cluster({ id: 'label:car#7', status: 'persisting' })];
    const change = { comparison: compared({ clusters }), events: [event({ id: 'older#9' })] };
    const said = (name: string, until: string, more: Partial<JudgeInput> = {}) =>
      judged([newClusters], { ...change, accepted: [{ event: name, reason: 'r', until }], ...more })
        .checks.filter(({ id }) => id === 'config')
        .map(({ subject, message, passed, severity, actual, expected, operator }) => [
          ...[subject, message, passed, severity, actual, expected, operator],
        ]);
    const config = [false, 'warning', null, null, '=='];
    expect(said('gone#1', '2026-06-15')).toEqual([
      ['gone#1', 'gone#1: is accepted until 2026-06-15, and this run found nothing of that name', ...config],
    ]);
    expect(said('older#9', '2026-06-14')).toEqual([
      ['older#9', 'older#9: what was accepted until 2026-06-14 is so no longer: r', ...config],
    ]);
    for (const name of ['older#9', 'label:car#1', 'label:car#7']) expect(said(name, '2026-06-15')).toEqual([]);
    // Where nothing was compared nothing could be found.
    expect(said('gone#1', '2026-06-15', { comparison: null })).toEqual([]);
  });
});

describe('what a check says of slices', () => {
  const slice = (change: Partial<SliceResult>): SliceResult => ({
    ...{
      name: 'night',
      source: 'config',
      since: null,
      size: 1040,
      failures: 52,
      baselineFailures: 20,
      newlyFailed: 35,
    },
    ...{ newlyFixed: 3, pValue: 0.001, adjustedPValue: 0.002, status: 'unchanged', maxErrorRate: null, images: [] },
    ...{ uncompared: { images: 0, failures: 0 }, gone: 0, left: 0, members: { images: [], leftOut: 0 } },
    ...change,
  });
  const slices = rule({ id: 'slices', measure: 'worsenedSlices', groups: [], value: 0 });
  const said = (change: Partial<SliceResult>, more: Partial<JudgeInput> = {}) =>
    judged([slices], { slices: [slice(change)], ...more }).checks[0];

  it.each<[string, Partial<SliceResult>, boolean, string]>([
    ['as before', {}, true, 'night: 52 of 1,040 images fail, 20 did before'],
    ['improved', { status: 'improved' }, true, 'night: 52 of 1,040 images fail, 20 did before'],
    ['alone', { baselineFailures: null, status: 'not compared' }, true, 'night: 52 of 1,040 images fail'],
    ['worse', { status: 'worsened' }, false, 'night: got worse: 52 of 1,040 images fail, 20 did before (p = 0.002)'],
    [
      'worse again',
      { status: 'worsened', since: 'abc' },
      false,
      'night: broke before, and again: 52 of 1,040 images fail, 20 did before (p = 0.002)',
    ],
    [
      'above its floor',
      { maxErrorRate: 0.04 },
      false,
      'night: 52 of 1,040 images fail, 20 did before, above its floor of 4 %',
    ],
    [
      'worse and above its floor',
      { status: 'worsened', maxErrorRate: 0.04 },
      false,
      'night: got worse: 52 of 1,040 images fail, 20 did before (p = 0.002), above its floor of 4 %',
    ],
    [
      'worse and at its floor',
      { status: 'worsened', maxErrorRate: 0.05 },
      false,
      'night: got worse: 52 of 1,040 images fail, 20 did before (p = 0.002)',
    ],
    ['at its floor', { maxErrorRate: 0.05 }, true, 'night: 52 of 1,040 images fail, 20 did before'],
  ])('%s', (_, change, passed, message) => {
    expect(said(change)).toMatchObject({ id: 'slices', subject: 'night', passed, message, actual: Number(!passed) });
  });

  it('accepted, until when and why; one that is well takes no entry', () => {
    const accepted = [{ event: 'night', reason: 'known', until: '2026-06-15' }];
    expect(said({ status: 'worsened' }, { accepted })).toMatchObject({ passed: true, actual: 0 });
    expect(said({ status: 'worsened' }, { accepted }).message).toMatch(
      /\(p = 0.002\); accepted until 2026-06-15: known$/,
    );
    expect(said({}, { accepted }).message).toBe('night: 52 of 1,040 images fail, 20 did before');
    const late = { accepted, today: '2026-06-16' };
    expect(said({ status: 'worsened' }, late)).toMatchObject({ passed: false, actual: 1 });
  });

  it('by name or pattern; the broken ones count together, and a rule may allow for some', () => {
    const all = ['night', 'rain', 'fog'].map((name) =>
      slice({ name, status: name === 'fog' ? 'unchanged' : 'worsened' }),
    );
    const rows = (change: Partial<CheckRule>) =>
      judged([{ ...slices, ...change }], { slices: all }).checks.map((each) => [
        each.subject,
        each.passed,
        each.actual,
      ]);
    expect(rows({})).toEqual([
      ['night', false, 2],
      ['rain', false, 2],
      ['fog', true, 2],
    ]);
    expect(rows({ groups: ['*n*'], value: 2 })).toEqual([
      ['night', true, 2],
      ['rain', true, 2],
    ]);
    expect(rows({ groups: ['fog'] })).toEqual([['fog', true, 0]]);
    expect(judged([slices], { slices: [] })).toMatchObject({ outcome: 'not compared', checks: [] });
  });
});

describe('rules that guard nothing', () => {
  const never = (change: Partial<CheckRule>, more: Partial<JudgeInput> = {}) =>
    judged([rule(change)], more)
      .checks.filter(({ id }) => id === 'config')
      .map(({ message }) => message);
  const says = (text: string) => [`mine: ${text} holds whatever happens: this check can never fail`];

  it.each<[string, Partial<CheckRule>]>([
    ['errorRate >= 0', { operator: '>=', value: 0 }],
    ['errorRate <= 1', { operator: '<=', value: 1 }],
    ['errorRate > -0.1', { operator: '>', value: -0.1 }],
    ['errorRate < 1.1', { operator: '<', value: 1.1 }],
    ['aler <= 1', { measure: 'aler', operator: '<=', value: 1 }],
    ['lostImages <= 1', { measure: 'lostImages', groups: ['all'], operator: '<=', value: 1 }],
    ['alerIncrease <= 1', { measure: 'alerIncrease', operator: '<=', value: 1 }],
    ['importanceValueIncrease >= -1', { measure: 'importanceValueIncrease', operator: '>=', value: -1 }],
    ['worsenedClusters >= 0', { measure: 'worsenedClusters', groups: [], operator: '>=', value: 0 }],
    ['newlyFixed >= 0', { measure: 'newlyFixed', operator: '>=', value: 0 }],
  ])('%s', (text, change) => {
    expect(never(change)).toEqual(says(text));
  });

  it.each<Partial<CheckRule>>([
    { operator: '>=', value: 0.01 },
    { operator: '<=', value: 0.99 },
    { operator: '>', value: 0 },
    { operator: '<', value: 1 },
    { operator: '==', value: 0 },
    { measure: 'alerIncrease', operator: '<=', value: 0.99 },
    { measure: 'alerIncrease', operator: '>=', value: -0.5 },
    { measure: 'netNewlyFailed', operator: '>=', value: -100 },
    { measure: 'newlyFailed', operator: '<=', value: 1e9 },
    { measure: 'newClusters', operator: '<=', value: 1e9 },
    { measure: 'accuracy', operator: '<=', value: 1e9 },
  ])('none: %o', (change) => {
    expect(never(change)).toEqual([]);
  });

  it('new clusters of more failures than there are images', () => {
    const newClusters = { measure: 'newClusters', groups: [], value: 0 };
    expect(never(newClusters, { minNewFailures: 200 })).toEqual([]);
    expect(never(newClusters, { minNewFailures: 201 })).toEqual([
      'mine: gate.minNewFailures is 201 and there are 200 images: this check can never fail',
    ]);
    expect(never({ ...newClusters, measure: 'worsenedClusters' }, { minNewFailures: 201 })).toEqual([]);
    expect(never({ ...newClusters, severity: 'off' }, { minNewFailures: 201 })).toEqual([]);
  });
});

describe('without a comparison', () => {
  it('a row says why, before all others', () => {
    const uncompared = { message: 'none yet', severity: 'warning' } as const;
    const { checks, outcome } = judged([rule({})], { comparison: null, baseline: [], uncompared });
    expect(outcome).toBe('not compared');
    expect(checks.map(({ id }) => id)).toEqual(['baseline', 'mine']);
    expect(checks[0]).toEqual({
      ...{ id: 'baseline', subject: 'all', expected: 1, operator: '>=', actual: 0, passed: false, severity: 'warning' },
      message: 'none yet',
    });
    // With one, why there was none is nobody's business.
    expect(judged([rule({})], { uncompared }).checks.map(({ id }) => id)).toEqual(['mine']);
    expect(judged([rule({})], { uncompared }).outcome).toBe('passed');
  });
});
