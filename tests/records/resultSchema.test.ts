import { describe, expect, test } from 'vitest';
import { readSchema } from '../../src/adapters/jsonSchema.ts';
import type { BaselineRecord } from '../../src/records/baseline.ts';
import type { Result } from '../../src/records/result.ts';
import { sampleRecord } from '../baseline/sampleRecord.ts';

const rule = [
  { feature: 33, op: '>', threshold: 0.1 + 0.2 },
  { feature: 7, op: '<=', threshold: 1e-9 },
] as const;

/** Every key of `Result` at least once; what can be null is null in one place and not in another. */
const result: Result = {
  schemaVersion: 2,
  suite: 'cifar10',
  commit: '0123456789abcdef0123456789abcdef01234567',
  createdAt: '2026-01-02T03:04:05.678Z',
  tool: { name: 'barlow-gate', version: '0.1.0' },
  evalSet: { images: 10_000, classes: ['automobile', 'cat'], fingerprint: 'e'.repeat(64), skipped: [] },
  featureModel: { fingerprint: 'f'.repeat(64), dimensions: 128, engine: 'onnx-cpu' },
  properties: ['centre redness (a*)'],
  options: {
    analysis: {
      features: { select: 50, neighbours: 3 },
      tree: { maxDepth: 3 },
      failureMode: { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 },
      minGroupSize: 20,
      shuffles: 999,
    },
    gate: {
      significance: 0.01,
      conditions: 2,
      minErrorRateIncrease: 0.1,
      minNewFailures: 5,
      regions: ['boxes', 'neighbours'],
      checks: [
        { id: 'aler', severity: 'off', measure: 'alerIncrease', groups: ['label:*'], operator: '<=', value: 0.05 },
      ],
      accepted: [{ event: 'label:cat#00c0ffee', reason: 'next delivery', until: '2027-03-01' }],
    },
  },
  checkpoints: [
    {
      name: 'candidate',
      images: 10_000,
      failures: 1_680,
      baseErrorRate: 0.168,
      groups: [
        {
          id: 'label:automobile',
          grouping: 'label',
          value: 'automobile',
          size: 1_000,
          failures: 96,
          baseErrorRate: 0.096,
          skipped: null,
          aler: 0.2,
          precision: 0.3,
          recall: 0.7,
          pValue: 0.001,
          adjustedPValue: 0.02,
          tree: {
            nodes: [
              {
                id: 0,
                feature: 33,
                threshold: 0.25,
                left: 1,
                right: 2,
                size: 1_000,
                failures: 96,
                errorRate: 0.096,
                errorCoverage: 1,
                subtreeAler: 0.2,
              },
              {
                id: 1,
                feature: null,
                threshold: null,
                left: null,
                right: null,
                size: 800,
                failures: 46,
                errorRate: 0.0575,
                errorCoverage: 0.479,
                subtreeAler: 0.0275,
              },
            ],
          },
          selectedFeatures: [{ feature: 33, mutualInformation: 0.05 }],
          leaves: [
            {
              id: 'label:automobile#1a2b3c4d',
              node: 2,
              rule,
              size: 200,
              failures: 50,
              errorRate: 0.25,
              errorCoverage: 0.52,
              importanceValue: 0.13,
              failureMode: true,
            },
          ],
        },
        {
          id: 'all',
          grouping: 'all',
          value: '',
          size: 10,
          failures: 0,
          baseErrorRate: 0,
          skipped: 'no failures',
          aler: null,
          precision: null,
          recall: null,
          pValue: null,
          adjustedPValue: null,
          tree: null,
          selectedFeatures: [],
          leaves: [],
        },
      ],
      slices: [],
      comparison: {
        baselines: [{ commit: 'abc', checkpoint: 'baseline' }],
        improvements: [],
        weakenings: [
          {
            group: 'label:automobile',
            rule: [{ feature: 3, op: '>', threshold: 0.2 }],
            size: 120,
            before: 0.98,
            after: 0.8,
            pValue: 0.001,
          },
        ],
        mended: [],
        newlyFailed: [
          {
            name: 'a.png',
            label: 'cat',
            before: 'cat',
            after: 'dog',
            confidence: 0.9,
            confidenceBefore: null,
            event: null,
          },
        ],
        baseline: { commit: 'abc', checkpoint: 'baseline', baseErrorRate: 0.16 },
        evalSet: { images: 10_000, lost: 0, relabelled: 0, rewritten: 0, added: 0 },
        notes: [],
        images: 10_000,
        clusters: [
          {
            id: 'label:automobile#1a2b3c4d',
            group: 'label:automobile',
            status: 'new',
            rule,
            size: 341,
            newlyFailed: 36,
            newlyFixed: 0,
            baselineErrorRate: 0.05,
            errorRate: 0.15,
            pValue: 0.0001,
            adjustedPValue: 0.002,
            specificPValue: 0.01,
            scope: 'specific',
            images: ['00001.png'],
            neighbourhood: { around: 'a.png', shape: 'ball', images: ['a.png', 'b.png'] },
            found: {
              rule,
              neighbourhood: { around: 'a.png', shape: 'cap' },
              size: 350,
              newlyFailed: 36,
              newlyFixed: 0,
              score: 31.5,
            },
            precision: 0.1,
            recall: 1,
            match: {
              leaf: 'label:automobile#00000000',
              jaccard: 0.5,
              baselineImportanceValue: 0.1,
              importanceValue: 0.2,
            },
          },
          {
            id: 'label:cat#00c0ffee',
            group: 'label:cat',
            status: 'resolved',
            rule: [],
            size: 0,
            newlyFailed: 0,
            newlyFixed: 0,
            baselineErrorRate: 0,
            errorRate: 0,
            pValue: 1,
            adjustedPValue: 1,
            specificPValue: null,
            scope: null,
            images: [],
            ...{ neighbourhood: null, found: null, precision: null, recall: null },
            match: null,
          },
        ],
        groups: [
          {
            id: 'all',
            size: 10_000,
            baselineErrorRate: 0.16,
            errorRate: 0.168,
            baselineAler: 0.2,
            aler: null,
            newlyFailed: 500,
            newlyFixed: 420,
            pValue: 0.01,
            adjustedPValue: 0.1,
            smallestVisible: null,
          },
        ],
      },
      events: [
        {
          id: 'label:automobile#1a2b3c4d',
          title: 'Automobiles taken for trucks: 30 of 36; time = night in 30 of 36 (else in 112 of 964)',
          traits: [
            {
              ...{ kind: 'confusion', text: 'Automobiles taken for trucks: 30 of 36' },
              ...{ label: 'automobile', prediction: 'truck', images: 30, of: 36 },
            },
            {
              ...{ kind: 'metadata', text: 'time = night in 30 of 36 (else in 112 of 964)', group: 'label:automobile' },
              ...{ pValue: 0.001, column: 'time', value: 'night', images: 30, of: 36, others: 112, ofOthers: 964 },
            },
            {
              ...{ kind: 'property', text: 'redder than all other automobiles', group: 'label:automobile' },
              ...{ pValue: 0.001, name: 'redness (a*)', feature: 129, greater: true, share: 1 },
            },
          ],
          clusters: ['label:automobile#1a2b3c4d'],
          images: [
            {
              name: '00001.png',
              label: 'automobile',
              before: 'automobile',
              after: 'truck',
              confidence: 0.9,
              confidenceBefore: 0.99,
              typical: 1,
            },
            {
              ...{ name: '00002.png', label: 'automobile', before: null, after: null },
              ...{ confidence: null, confidenceBefore: null, typical: 1.5 },
            },
          ],
          confidence: { after: 0.9, before: 0.99 },
          others: {
            images: [
              {
                name: '00003.png',
                label: 'automobile',
                before: 'truck',
                after: null,
                confidence: 0.5,
                confidenceBefore: null,
                change: 'failed before',
              },
            ],
            leftOut: 1,
          },
          known: null,
          trainingSet: {
            classes: [
              {
                className: 'automobile',
                cluster: 'label:automobile#1a2b3c4d',
                evalSet: { images: 1_000, inside: 69 },
                trainingSet: { images: 4_008, inside: 41 },
                pValue: 1e-20,
                adjustedPValue: 2e-20,
                finding: 'missing',
              },
            ],
            untested: null,
          },
          pool: {
            ...{ images: 5_000, inside: 1_200, listed: 1_000, looksLike: [{ className: 'automobile', images: 800 }] },
            ...{ typical: ['a.png'], table: 'pool-0123456789abcdef.csv', sheet: 'pool-0123456789abcdef.csv.png' },
          },
          counterfactual: {
            cluster: 'label:automobile#1a2b3c4d',
            features: [33, 7],
            mend: { images: 36, crossed: 36, turned: 19, turnedAtRandom: 2, pValue: 0.0001, distance: 1.2 },
            breaks: { images: 36, crossed: 30, turned: 9, turnedAtRandom: 1, pValue: 0.02, distance: 1.3 },
            untested: null,
          },
          actions: [
            { kind: 'collect', text: 'Collect.', command: 'barlow find x --in FOLDER', className: 'automobile' },
            {
              ...{ kind: 'check-labels', text: 'Check.', command: null, of: 36 },
              images: [{ name: '00001.png', label: 'automobile', prediction: 'truck', agreeing: 8, neighbours: 10 }],
            },
            {
              ...{ kind: 'background', text: 'Vary.', command: null },
              ...{ features: [33], images: 36, outside: 30, pValue: 0.0001 },
            },
            { kind: 'label-pool', text: 'Label.', command: null, className: 'automobile' },
            { kind: 'mask', text: 'Mask.', command: null, features: [33, 7] },
            { kind: 'name-training-set', text: 'Name it.', command: null },
            { kind: 'watch', text: 'Watch.', command: 'barlow slice add x' },
            { kind: 'accept', text: 'Accept.', command: null, check: 'new-cluster' },
          ],
        },
        {
          id: 'label:cat#00c0ffee',
          title: 'Cats: 5 images newly fail',
          ...{ traits: [], confidence: null },
          clusters: ['label:cat#00c0ffee'],
          images: [],
          others: { images: [], leftOut: 0 },
          known: 'cats',
          trainingSet: { classes: [], untested: 'no class is common' },
          pool: { images: 9, inside: 0, listed: 0, looksLike: [], typical: [], table: null, sheet: null },
          counterfactual: {
            cluster: 'label:cat#00c0ffee',
            features: [],
            mend: null,
            breaks: null,
            untested: 'its rule names file sizes',
          },
          actions: [],
        },
        {
          id: 'label:cat#00c0ffe0',
          title: 'Cats: 5 images newly fail',
          ...{ traits: [], confidence: null },
          clusters: ['label:cat#00c0ffe0'],
          images: [],
          others: { images: [], leftOut: 0 },
          known: null,
          trainingSet: null,
          pool: null,
          counterfactual: null,
          actions: [],
        },
      ],
      verdict: {
        outcome: 'failed',
        passed: false,
        checks: [
          {
            id: 'new-cluster',
            subject: 'label:automobile#1a2b3c4d',
            expected: 0,
            operator: '<=',
            actual: null,
            passed: false,
            severity: 'error',
            message: 'A new cluster',
          },
        ],
      },
    },
    {
      name: 'alone',
      images: 1,
      failures: 0,
      baseErrorRate: 0,
      groups: [],
      comparison: null,
      events: [],
      slices: [],
      verdict: null,
    },
  ],
  trainingSet: {
    images: 50_000,
    read: 4_008,
    skipped: ['broken.png'],
    shared: [{ training: 'a.png', evalSet: '00001.png' }],
  },
};

type Change = (container: Record<string, unknown>, key: string) => void;

/** The paths of every key of every object in a value. */
function keyPaths(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = [...path, key];
    return [...(Array.isArray(value) ? [] : [here]), ...keyPaths(inner, here)];
  });
}

/** A copy with one change made at the end of the path. */
function changed(value: unknown, path: readonly string[], change: Change): unknown {
  const copy: unknown = structuredClone(value);
  let container: unknown = copy;
  for (const key of path.slice(0, -1)) container = Object.entries(container ?? {}).find(([name]) => name === key)?.[1];
  if (typeof container !== 'object' || container === null) throw new Error(`nothing at ${path.join('.')}`);
  const record: Record<string, unknown> = Object.assign(Object.create(null), container);
  change(record, path.at(-1) ?? '');
  for (const key of Object.keys(container)) Reflect.deleteProperty(container, key);
  Object.assign(container, record);
  return copy;
}

const changes: readonly (readonly [name: string, change: Change])[] = [
  ['left out', (container, key) => delete container[key]],
  [
    'of a wrong type',
    (container, key) =>
      (container[key] =
        typeof container[key] === 'object' && container[key] !== null && !Array.isArray(container[key]) ? [] : {}),
  ],
  ['beside an unknown key', (container) => (container.unknownKey = 1)],
];

describe.each([
  ['result', readSchema<Result>('result'), result],
  ['baseline', readSchema<BaselineRecord>('baseline'), sampleRecord()],
] as const)('%s.schema.json', (_name, schema, sample) => {
  test('accepts a complete value, through JSON too', () => {
    expect(schema.problems(sample)).toEqual([]);
    expect(schema.problems(JSON.parse(JSON.stringify(sample)))).toEqual([]);
  });

  test.each(changes)('refuses a value with any one key %s', (_change, change) => {
    const paths = keyPaths(sample);
    expect(paths.length).toBeGreaterThan(25);
    const accepted = paths.filter((path) => schema.accepts(changed(sample, path, change)));
    expect(accepted).toEqual([]);
  });

  test('refuses another schema version, and no object at all', () => {
    expect(schema.accepts({ ...sample, schemaVersion: 9 })).toBe(false);
    for (const value of [null, [], 'text', 1, {}]) expect(schema.accepts(value)).toBe(false);
  });
});

test('result.schema.json keeps numbers in their ranges', () => {
  const schema = readSchema<Result>('result');
  const at = (path: string, value: unknown) =>
    schema.accepts(changed(result, path.split('.'), (container, key) => (container[key] = value)));
  expect(at('checkpoints.0.baseErrorRate', 1)).toBe(true);
  expect(at('checkpoints.0.baseErrorRate', 1.01)).toBe(false);
  expect(at('checkpoints.0.failures', 0.5)).toBe(false);
  expect(at('checkpoints.0.groups.0.leaves.0.rule.0.op', '<')).toBe(false);
  expect(at('checkpoints.0.groups.0.pValue', -0.1)).toBe(false);
  expect(at('evalSet.fingerprint', 'abc')).toBe(false);
  expect(at('createdAt', '2026-01-02')).toBe(false);
  // A sum over leaves may exceed 1 by rounding.
  expect(at('checkpoints.0.groups.0.aler', 1 + Number.EPSILON)).toBe(true);
});
