import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JudgeInput, judge } from '../../src/gate/checks.ts';
import { measures } from '../../src/gate/measures.ts';
import { compareShare } from '../../src/gate/share.ts';
import type { GroupAnalysis, Leaf } from '../../src/records/analysis.ts';
import type { Cluster, Comparison, FailureEvent, GroupComparison } from '../../src/records/comparison.ts';
import type { SliceResult } from '../../src/records/slices.ts';
import type { CheckRule } from '../../src/records/verdict.ts';
import { checkView } from '../../src/report/checkView.ts';

const leaf = (importanceValue: number): Leaf => ({
  ...{ id: 'x', node: 1, rule: [], size: 1, failures: 1, errorRate: 1, errorCoverage: 1, importanceValue },
  failureMode: false,
});

function analysed(id: string, change: Partial<GroupAnalysis> = {}): GroupAnalysis {
  return {
    ...{ id, grouping: 'label', value: id, size: 100, failures: 20, baseErrorRate: 0.2, skipped: null, aler: 0.35 },
    ...{ precision: null, recall: null, pValue: null, adjustedPValue: null, tree: null, selectedFeatures: [] },
    ...{ leaves: [leaf(0.1), leaf(0.25)] },
    ...change,
  };
}

function compared(id: string, change: Partial<GroupComparison> = {}): GroupComparison {
  return {
    ...{ id, size: 100, baselineErrorRate: 0.15, errorRate: 0.2, baselineAler: 0.3, aler: 0.35 },
    ...{ newlyFailed: 8, newlyFixed: 3, pValue: 0.2, adjustedPValue: 0.4 },
    smallestVisible: null,
    ...change,
  };
}

const automobile: Cluster = {
  id: 'label:automobile#89abcdef',
  group: 'label:automobile',
  status: 'new',
  rule: [{ feature: 33, op: '>', threshold: 0.41234 }],
  ...{ size: 341, newlyFailed: 36, newlyFixed: 0, baselineErrorRate: 0.045, errorRate: 0.2534 },
  ...{ pValue: 0.00001, adjustedPValue: 0.0002, specificPValue: 0.001, scope: 'specific', images: [], match: null },
  ...{ neighbourhood: null, found: null, precision: 0.1, recall: 1 },
};
const truck: Cluster = { ...automobile, id: 'label:truck#01234567', group: 'label:truck', status: 'worsened' };

function comparison(clusters: readonly Cluster[] = []): Comparison {
  const groups = [
    compared('all'),
    compared('label:automobile'),
    compared('label:truck', { errorRate: 0.1, newlyFailed: 3, newlyFixed: 8 }),
  ];
  const baseline = { commit: 'abc', checkpoint: 'accepted', baseErrorRate: 0.15 };
  return {
    baselines: [baseline],
    baseline,
    images: 200,
    evalSet: { images: 200, lost: 0, relabelled: 0, rewritten: 0, added: 0 },
    notes: [],
    clusters,
    improvements: [],
    mended: [],
    newlyFailed: [],
    weakenings: [],
    groups,
  };
}

/** Each new cluster an event of its own. */
function eventsOf(clusters: readonly Cluster[]): FailureEvent[] {
  return clusters
    .filter(({ status }) => status === 'new')
    .map(({ id }) => ({
      id,
      title: 'Automobiles taken for trucks: 36 of 36',
      traits: [],
      clusters: [id],
      images: [],
      ...{ confidence: null, known: null, trainingSet: null, pool: null, counterfactual: null, actions: [] },
      others: { images: [], leftOut: 0 },
    }));
}

const recorded = (id: string) => ({
  ...{ id, size: 100, failures: 15, baseErrorRate: 0.15, aler: 0.3, leaves: [leaf(0.2)] },
});

function sliceResult(change: Partial<SliceResult>): SliceResult {
  return {
    ...{ name: 'night', source: 'config', since: null, size: 40, failures: 2, baselineFailures: 2, newlyFailed: 0 },
    ...{ newlyFixed: 0, pValue: 1, adjustedPValue: 1, status: 'unchanged', maxErrorRate: null, images: [] },
    ...{ uncompared: { images: 0, failures: 0 }, gone: 0, left: 0, members: { images: [], leftOut: 0 } },
    ...change,
  };
}

const newCluster: CheckRule = {
  ...{ id: 'new-cluster', severity: 'error', measure: 'newClusters', groups: [], operator: '<=', value: 0 },
};
const worsened: CheckRule = { ...newCluster, id: 'worsened-cluster', measure: 'worsenedClusters' };

function judged(rules: readonly CheckRule[], change: Partial<JudgeInput> = {}) {
  return judge({
    events: eventsOf(change.comparison?.clusters ?? []),
    slices: [],
    whole: { images: 100, failures: 21 },
    minNewFailures: 5,
    candidate: [analysed('label:automobile'), analysed('label:truck', { aler: null, leaves: [], failures: 5 })],
    comparison: comparison(),
    baseline: [recorded('label:automobile'), recorded('label:truck')],
    rules,
    accepted: [],
    today: '2026-06-15',
    uncompared: { message: 'no baseline yet', severity: 'warning' },
    ...change,
  });
}

describe('cluster checks', () => {
  it('fail for each cluster, in a plain sentence', () => {
    const { passed, checks } = judged([newCluster, worsened], { comparison: comparison([automobile, truck]) });
    expect(passed).toBe(false);
    expect(checks).toEqual([
      {
        ...{ id: 'new-cluster', subject: 'label:automobile#89abcdef', expected: 0, operator: '<=', actual: 1 },
        ...{ passed: false, severity: 'error' },
        message:
          'Automobiles taken for trucks: 36 of 36; images of automobile: 36 images newly fail where feature 33 > 0.412 (error 4.5 % -> 25.3 %, p = 0.0002)',
      },
      {
        ...{ id: 'worsened-cluster', subject: 'label:truck#01234567', expected: 0, operator: '<=', actual: 1 },
        ...{ passed: false, severity: 'error' },
        message:
          'images of truck: the known cluster of 341 images where feature 33 > 0.412 got worse (error 4.5 % -> 25.3 %, p = 0.0002)',
      },
    ]);
  });

  it('set names that read from right to left apart, up to the page', () => {
    const hebrew = { ...truck, id: 'label:אוטו#1', group: 'label:אוטו' };
    const candidate = [analysed(hebrew.group)];
    const [check] = judged([worsened], { candidate, comparison: comparison([hebrew]) }).checks;
    expect(check.message).toContain('images of \u2068אוטו\u2069: the known cluster');
    expect(checkView(check).message).toBe(check.message);
  });

  it('say so where there is none', () => {
    const { passed, checks } = judged([newCluster, { ...worsened, groups: ['label:*'] }]);
    expect(passed).toBe(true);
    expect(checks.map(({ subject, actual, passed: row, message }) => [subject, actual, row, message])).toEqual([
      ['all', 0, true, 'no new cluster of failures'],
      ['all', 0, true, 'no known cluster got worse in label:*'],
    ]);
  });

  it('take the clusters of the groups chosen', () => {
    const clusters = comparison([automobile]);
    const elsewhere = judged([{ ...newCluster, groups: ['label:truck'] }], { comparison: clusters });
    expect(elsewhere.passed).toBe(true);
    const here = judged([{ ...newCluster, groups: ['label:auto*'] }], { comparison: clusters });
    expect(here.passed).toBe(false);
    // Every image is one of all, though the cluster is told in a group of its own.
    for (const rule of [newCluster, worsened]) {
      const whole = { ...rule, groups: ['all'] };
      expect(judged([whole], { comparison: comparison([automobile, truck]) }).passed, rule.id).toBe(false);
    }
  });

  it('fail where a group or pattern finds nothing', () => {
    const { passed, checks } = judged([{ ...newCluster, groups: ['label:lorry', 'time:*', 'label:truck'] }]);
    expect(passed).toBe(false);
    expect(checks.map(({ subject, actual, passed: row }) => [subject, actual, row])).toEqual([
      ['all', 0, true],
      ['label:lorry', null, false],
      ['time:*', null, false],
    ]);
  });

  it('count against the value', () => {
    const two = comparison([automobile, { ...automobile, id: 'label:truck#1', group: 'label:truck' }]);
    expect(judged([{ ...newCluster, value: 2 }], { comparison: two }).passed).toBe(true);
    expect(judged([{ ...newCluster, value: 1 }], { comparison: two }).passed).toBe(false);
  });

  it('warn or are off by their severity', () => {
    const clusters = comparison([automobile]);
    const warning = judged([{ ...newCluster, severity: 'warning' }], { comparison: clusters });
    expect([warning.passed, warning.checks[0].passed]).toEqual([true, false]);
    // Nothing was checked, so nothing has passed.
    expect(judged([{ ...newCluster, severity: 'off' }], { comparison: clusters })).toEqual({
      outcome: 'not compared',
      passed: false,
      checks: [],
    });
  });
});

describe('accepted clusters', () => {
  const image = { label: 'automobile', before: 'automobile', after: 'truck', typical: 0 };
  const accepted = { event: automobile.id, reason: 'red cars come next week', until: '2026-06-15' };
  const clusters = comparison([automobile]);

  it('pass until the last day, and say why', () => {
    const { passed, checks } = judged([newCluster], { comparison: clusters, accepted: [accepted] });
    expect(passed).toBe(true);
    expect(checks[0]).toMatchObject({ passed: true, actual: 0 });
    expect(checks[0].message).toMatch(/p = 0.0002\); accepted until 2026-06-15: red cars come next week$/);
  });

  it('fail again after it, and say so', () => {
    const { passed, checks } = judged([newCluster], {
      comparison: clusters,
      accepted: [accepted],
      today: '2026-06-16',
    });
    expect(passed).toBe(false);
    expect(checks[0].message).toMatch(/; was accepted until 2026-06-15, which has passed: red cars come next week$/);
  });

  it('hold for the same region of the same group only', () => {
    const other = { ...accepted, event: 'label:truck#89abcdef' };
    expect(judged([newCluster], { comparison: clusters, accepted: [other] }).passed).toBe(false);
  });

  it('leave the others counted', () => {
    const second = { ...automobile, id: 'label:automobile#00000000' };
    const { passed, checks } = judged([newCluster], {
      comparison: comparison([automobile, second]),
      accepted: [accepted],
    });
    expect(passed).toBe(false);
    expect(checks.map((check) => [check.passed, check.actual])).toEqual([
      [true, 1],
      [false, 1],
    ]);
  });

  it('hold for no more newly failed images than they say: a rule in a group may come to hold all of it', () => {
    const names = Array.from({ length: 36 }, (_, at) => ({
      ...{ ...image, name: `${at}.png`, confidence: null, confidenceBefore: null },
    }));
    const events = eventsOf([automobile]).map((event) => ({ ...event, images: names }));
    const check = (images: number, more: (typeof accepted)[] = []) =>
      judged([newCluster], { comparison: clusters, events, accepted: [{ ...accepted, images }, ...more] });
    expect(check(36).passed).toBe(true);
    const { passed, checks } = check(35);
    expect(passed).toBe(false);
    expect(checks[0].message).toMatch(
      /; is accepted until 2026-06-15 with 35 newly failed images at most: red cars come next week$/,
    );
    expect(check(35, [{ ...accepted, until: '2026-06-15' }]).passed).toBe(true);
    const known = [{ ...accepted, event: truck.id, images: truck.newlyFailed }];
    expect(judged([worsened], { comparison: comparison([truck]), accepted: known }).passed).toBe(true);
    const fewer = [{ ...accepted, event: truck.id, images: truck.newlyFailed - 1 }];
    expect(judged([worsened], { comparison: comparison([truck]), accepted: fewer }).passed).toBe(false);
  });

  it('go by the longest-lived of several entries, and hold for worsened clusters too', () => {
    const entries = [
      { ...accepted, event: truck.id, until: '2020-01-01' },
      { ...accepted, event: truck.id },
    ];
    expect(judged([worsened], { comparison: comparison([truck]), accepted: entries }).passed).toBe(true);
  });
});

describe('figure checks', () => {
  const rule = (measure: string, groups: string[], operator: CheckRule['operator'], value: number): CheckRule => ({
    ...{ id: 'mine', severity: 'error', measure, groups, operator, value },
  });

  it.each([
    ['errorRate', 'all', 0.21],
    ['errorRate', 'label:automobile', 0.2],
    ['errorRateIncrease', 'all', 0.05],
    ['errorRateIncrease', 'label:truck', -0.05],
    ['aler', 'label:automobile', 0.35],
    ['alerIncrease', 'label:automobile', 0.05],
    ['importanceValue', 'label:automobile', 0.25],
    ['importanceValueIncrease', 'label:automobile', 0.05],
    ['newlyFailed', 'all', 8],
    ['newlyFixed', 'all', 3],
    ['netNewlyFailed', 'all', 5],
  ])('%s of %s', (measure, group, value) => {
    const { checks } = judged([rule(measure, [group], '<', 1000)]);
    expect(checks.filter(({ id }) => id !== 'config')).toHaveLength(1);
    expect(checks[0]).toMatchObject({ subject: group, passed: true });
    expect(checks[0].actual).toBeCloseTo(value, 12);
  });

  it('says what was measured, before and after', () => {
    const [check] = judged([rule('errorRateIncrease', ['all'], '<=', 0.01)]).checks;
    expect(check.message).toBe('all images: rise of the error rate 5 points (15 % -> 20 %), at most 1 point expected');
  });

  it('fails where a group named has no such value', () => {
    const { passed, checks } = judged([rule('aler', ['label:truck'], '<=', 1)]);
    expect(passed).toBe(false);
    expect(checks[0]).toMatchObject({ actual: null, passed: false, message: 'images of truck: no ALER' });
  });

  it('takes the groups that have the value where none or a pattern is named; fails where none has', () => {
    const subjects = (groups: string[]) =>
      judged([rule('aler', groups, '<=', 0.99)]).checks.map(({ subject }) => subject);
    expect(subjects([])).toEqual(['label:automobile']);
    expect(subjects(['label:*'])).toEqual(['label:automobile']);
    const none = judged([rule('aler', ['label:tr*'], '<=', 1)]);
    expect([none.passed, none.checks[0].actual]).toEqual([false, null]);
    expect(judged([rule('aler', [], '<=', 1)], { candidate: [] }).passed).toBe(false);
  });

  it('knows ALER and importance value where all images fail, or none does, though no tree is grown', () => {
    const all = analysed('label:automobile', { size: 30, failures: 30, aler: null, leaves: [] });
    const none = analysed('label:automobile', { size: 30, failures: 0, aler: null, leaves: [] });
    for (const measure of ['aler', 'importanceValue']) {
      const of = (group: GroupAnalysis) =>
        judged([rule(measure, ['label:automobile'], '<=', 0.5)], { candidate: [group] }).checks[0].actual;
      expect([of(all), of(none)]).toEqual([1, 0]);
    }
  });

  it('fails a value that is not a number', () => {
    const { checks } = judged([rule('aler', ['label:automobile'], '<=', 1)], {
      candidate: [analysed('label:automobile', { aler: Number.NaN })],
    });
    expect(checks[0]).toMatchObject({ actual: null, passed: false });
  });

  it('the schema names every measure there is, and says of each what it is', () => {
    const schema = JSON.parse(readFileSync(new URL('../../schemas/config.schema.json', import.meta.url), 'utf8'));
    const { enum: names, description } = schema.definitions.check.properties.measure;
    expect([...names].sort()).toEqual(['newClusters', 'worsenedClusters', 'worsenedSlices', ...measures.keys()].sort());
    for (const name of names) {
      expect(description).toContain(`\`${name}\``);
      const slices = [sliceResult({})];
      expect(judged([rule(name, [], '<=', 100)], { slices }).checks[0].message).not.toContain('there is no measure');
    }
  });

  it('gives watched slices a row each: worse ones and those above their floor fail, in counts', () => {
    const check = (change: Partial<SliceResult>, more: Partial<JudgeInput> = {}) =>
      judged([rule('worsenedSlices', [], '<=', 0)], { slices: [sliceResult(change)], ...more }).checks;
    expect(check({})).toMatchObject([{ subject: 'night', passed: true, actual: 0 }]);
    expect(check({ status: 'worsened', since: 'abc' })).toMatchObject([{ passed: false, actual: 1 }]);
    expect(check({ status: 'worsened', since: 'abc' })[0].message).toContain('broke before, and again');
    // 3 of 60 is 0.05, which 0.05 allows, though 3 / 60 - 0.05 is no zero in floating point everywhere.
    expect(check({ size: 60, failures: 3, maxErrorRate: 0.05 })[0].passed).toBe(true);
    expect(check({ size: 60, failures: 4, maxErrorRate: 0.05 })[0].passed).toBe(false);
    expect(check({ failures: 4, size: 60, maxErrorRate: 0.05 }, { comparison: null })[0].passed).toBe(false);
    const accepted = [{ event: 'night', reason: 'known', until: '2099-01-01' }];
    expect(check({ status: 'worsened' }, { accepted })[0].passed).toBe(true);
    const untested = [sliceResult({ status: 'worsened', adjustedPValue: null })];
    expect(() => judged([rule('worsenedSlices', [], '<=', 0)], { slices: untested })).toThrow('was not compared');
    expect(judged([rule('worsenedSlices', ['nihgt'], '<=', 0)], { slices: [sliceResult({})] }).checks).toMatchObject([
      { subject: 'nihgt', actual: null, passed: false },
    ]);
  });

  it('holds slices to what they were asked about: images that no baseline knows, that are gone, or that left them', () => {
    const check = (change: Partial<SliceResult>) =>
      judged([rule('worsenedSlices', [], '<=', 0)], { slices: [sliceResult(change)] }).checks;
    const none = { size: 0, failures: 0, baselineFailures: 0 };
    const fresh = { images: 30, failures: 20 };
    // A floor holds for all images of the slice.
    expect(check({ ...none, uncompared: fresh, maxErrorRate: 0.1 })).toMatchObject([
      { passed: false, message: 'night: 20 of 30 fail that were not judged before, above its floor of 10 %' },
    ]);
    expect(check({ ...none, uncompared: fresh, maxErrorRate: 0.7 })).toMatchObject([{ passed: true }]);
    expect(check({ uncompared: fresh, maxErrorRate: 0.1 })[0]).toMatchObject({ passed: false });
    expect(check({ uncompared: fresh })[0]).toMatchObject({
      passed: true,
      message: 'night: 2 of 40 images fail, 2 did before; 20 of 30 fail that were not judged before',
    });
    // Without a floor nothing was asked of images that no baseline knows: that is no pass.
    expect(check({ ...none, uncompared: fresh })).toMatchObject([
      { passed: false, message: expect.stringContaining('none of its 30 images was judged with this label before') },
    ]);
    expect(check({ ...none, source: 'event', gone: 12 })).toMatchObject([
      { passed: false, message: expect.stringContaining('none of its 12 images is in the eval set any more') },
    ]);
    expect(check({ source: 'event', gone: 2 })[0]).toMatchObject({
      passed: true,
      message: expect.stringContaining('; 2 of its images are gone from the eval set'),
    });
    expect(check({ left: 5 })).toMatchObject([
      { passed: true },
      {
        passed: false,
        severity: 'warning',
        message: expect.stringMatching(/^night: 5 images that the newest baseline had in it/),
      },
    ]);
  });

  it('fails a measure that does not exist', () => {
    expect(judged([rule('accuracy', [], '>', 0)])).toMatchObject({ passed: false, checks: [{ actual: null }] });
  });

  it('compares by each operator', () => {
    const passes = (operator: CheckRule['operator'], value: number) =>
      judged([rule('newlyFailed', ['all'], operator, value)]).passed;
    expect([passes('<', 9), passes('<', 8), passes('<=', 8), passes('<=', 7)]).toEqual([true, false, true, false]);
    expect([passes('>', 7), passes('>', 8), passes('>=', 8), passes('>=', 9)]).toEqual([true, false, true, false]);
    expect([passes('==', 8), passes('==', 9)]).toEqual([true, false]);
  });

  it('matches patterns as the regular expression with .* for * does', () => {
    const alphabet = fc.constantFrom('a', 'b', ':', '*');
    const id = fc.string({ unit: fc.constantFrom('a', 'b', ':'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.string({ unit: alphabet, minLength: 1, maxLength: 6 }), id, (pattern, group) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(group);
        const { checks } = judged([rule('errorRate', [pattern], '<=', 1)], {
          candidate: [analysed(group)],
          comparison: null,
        });
        expect(checks.some(({ subject, actual }) => subject === group && actual !== null)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a check must not let pass', () => {
  const rule = (change: Partial<CheckRule>): CheckRule => ({
    ...{ id: 'mine', severity: 'error', measure: 'errorRateIncrease', groups: ['all'], operator: '<=', value: 0.01 },
    ...change,
  });
  const rise = (size: number, newlyFailed: number) =>
    comparisonOf([compared('all', { size, newlyFailed, newlyFixed: 0, baselineErrorRate: 0.12, errorRate: 0.13 })]);
  const comparisonOf = (groups: GroupComparison[], change: Partial<Comparison> = {}): Comparison => ({
    ...comparison(),
    groups,
    ...change,
  });

  it('compares shares as counts: 12 % to 13 % is <= 0.01 and not < 0.01', () => {
    expect(0.13 - 0.12 <= 0.01).toBe(false); // what floats make of it
    for (const size of [100, 300, 700, 1100]) {
      const at = { comparison: rise(size, size / 100) };
      expect(judged([rule({})], at).outcome).toBe('passed');
      expect(judged([rule({ operator: '<' })], at).outcome).toBe('failed');
      expect(judged([rule({ operator: '==' })], at).outcome).toBe('passed');
      expect(judged([rule({})], { comparison: rise(size, size / 100 + 1) }).outcome).toBe('failed');
    }
  });

  it('compares any share with any decimal as exact arithmetic does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(1000),
        fc.integer({ min: -1000, max: 1000 }),
        (whole, k, part) => {
          const exact = Math.sign(part * 1000 - k * whole);
          expect(compareShare({ part, whole }, k / 1000)).toBe(exact === 0 ? 0 : exact);
        },
      ),
    );
    expect(compareShare({ part: 1, whole: 10 ** 9 }, 1e-9)).toBe(0);
    expect(compareShare({ part: 1, whole: 1 }, 1e21)).toBe(-1);
  });

  it('fails a check on a group without images, by name or by pattern', () => {
    const empty = { candidate: [analysed('label:ship', { size: 0, failures: 0, aler: null, leaves: [] })] };
    for (const measure of ['errorRate', 'newClusters', 'newlyFailed']) {
      for (const group of ['label:ship', 'label:sh*']) {
        expect(judged([rule({ measure, groups: [group], value: 0.5 })], empty).outcome).toBe('failed');
      }
    }
  });

  it.each<[string, Partial<CheckRule>]>([
    ['newClusters >= 0', { measure: 'newClusters', operator: '>=', value: 0, groups: [] }],
    ['worsenedSlices >= 0', { measure: 'worsenedSlices', operator: '>=', value: 0, groups: [] }],
    ['errorRate <= 1', { measure: 'errorRate', operator: '<=', value: 1 }],
    ['errorRate < 20', { measure: 'errorRate', operator: '<', value: 20 }],
    ['newlyFailed > -1', { measure: 'newlyFailed', operator: '>', value: -1 }],
    ['errorRateIncrease >= -1', { operator: '>=', value: -1 }],
  ])('warns that %s can never fail', (text, change) => {
    const { outcome, checks } = judged([rule(change)], { slices: [sliceResult({})] });
    expect(outcome).toBe('passed');
    expect(checks.at(-1)).toMatchObject({ id: 'config', severity: 'warning', passed: false });
    expect(checks.at(-1)?.message).toContain(`mine: ${text} holds whatever happens`);
  });

  it('warns that more new failures are asked for than there are images', () => {
    expect(judged([newCluster], { minNewFailures: 101 }).checks.at(-1)?.message).toContain(
      'gate.minNewFailures is 101',
    );
    expect(judged([newCluster]).checks).toHaveLength(1);
  });

  it('tells what is accepted in vain', () => {
    const accepted = [
      { event: 'label:gone#1', reason: 'old', until: '2027-01-01' },
      { event: 'label:car#2', reason: 'older', until: '2026-06-14' },
    ];
    expect(judged([newCluster], { accepted }).checks.slice(1)).toMatchObject([
      { id: 'config', subject: 'label:gone#1', severity: 'warning', passed: false },
      {
        id: 'config',
        subject: 'label:car#2',
        message: 'label:car#2: what was accepted until 2026-06-14 is so no longer: older',
      },
    ]);
  });

  it('counts images that are gone, relabelled or rewritten since the baseline', () => {
    const lost = (of: Partial<Comparison['evalSet']>) =>
      comparisonOf([compared('all')], {
        evalSet: { ...{ images: 200, lost: 0, relabelled: 0, rewritten: 0, added: 0 }, ...of },
      });
    const rules = [
      rule({ id: 'lost-images', severity: 'warning', measure: 'lostImages', value: 0 }),
      rule({ id: 'lost-images', measure: 'lostImages', value: 0.01 }),
    ];
    const told = (of: Partial<Comparison['evalSet']>) => judged(rules, { comparison: lost(of) });
    expect(told({}).checks.map(({ passed }) => passed)).toEqual([true, true]);
    expect(told({ added: 50 }).checks.map(({ passed }) => passed)).toEqual([true, true]);
    expect(told({ lost: 1, rewritten: 1 }).checks.map(({ passed }) => passed)).toEqual([false, true]);
    expect(told({ lost: 1, relabelled: 1, rewritten: 1 })).toMatchObject({ outcome: 'failed' });
    expect(told({ relabelled: 19 }).checks[1]?.message).toContain('9.5 % (19 of 200)');
  });
});

describe('without a baseline', () => {
  const rules: CheckRule[] = [
    newCluster,
    { ...newCluster, id: 'rise', measure: 'errorRateIncrease', groups: ['all'] },
    { ...newCluster, id: 'level', measure: 'errorRate', groups: ['all'], value: 0.5 },
  ];
  const alone = { comparison: null, baseline: [] };

  it('says so, and judges what needs none', () => {
    const { outcome, passed, checks } = judged(rules, alone);
    expect([outcome, passed]).toEqual(['not compared', false]);
    expect(checks.map(({ id, passed: row, severity }) => [id, row, severity])).toEqual([
      ['baseline', false, 'warning'],
      ['level', true, 'error'],
    ]);
  });

  it('fails where it must not be missing', () => {
    const { outcome, checks } = judged(rules, { ...alone, uncompared: { message: 'none yet', severity: 'error' } });
    expect(outcome).toBe('failed');
    expect(checks[0]).toMatchObject({ id: 'baseline', severity: 'error', passed: false, message: 'none yet' });
  });

  it('still fails a figure that is too high', () => {
    expect(judged([{ ...rules[2], value: 0.2 }], alone).outcome).toBe('failed');
  });

  it('judges what needs no comparison where none was asked for, and passes nothing where there is nothing to judge', () => {
    const unasked = { ...alone, uncompared: null };
    expect(judged(rules, unasked).outcome).toBe('passed');
    expect(judged([{ ...rules[2], value: 0.2 }], unasked).outcome).toBe('failed');
    expect(judged([newCluster], unasked)).toEqual({ outcome: 'not compared', passed: false, checks: [] });
  });

  it('takes no warning about the config, and no slice that was not compared, for a check that passed', () => {
    const unasked = { ...alone, uncompared: null };
    expect(judged([newCluster], { ...unasked, minNewFailures: 101 })).toMatchObject({
      outcome: 'not compared',
      checks: [{ id: 'config', passed: false }],
    });
    const slices = (change: Partial<SliceResult>) =>
      judged([{ ...newCluster, measure: 'worsenedSlices' }], {
        ...unasked,
        slices: [sliceResult({ status: 'not compared', baselineFailures: null, ...change })],
      });
    expect(slices({})).toEqual({ outcome: 'not compared', passed: false, checks: [] });
    expect(slices({ maxErrorRate: 0.05 }).outcome).toBe('passed');
    expect(slices({ maxErrorRate: 0.04 }).outcome).toBe('failed');
    expect(slices({ source: 'event', size: 0, gone: 3 }).outcome).toBe('failed');
  });
});
