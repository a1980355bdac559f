import type { GroupAnalysis, Leaf } from '../../src/records/analysis.ts';
import type { Cluster, Comparison, FailureEvent } from '../../src/records/comparison.ts';
import type { CheckpointResult, Result } from '../../src/records/result.ts';
import type { Check } from '../../src/records/verdict.ts';
import type { ReportInput } from '../../src/report/view.ts';

/**
 * A small run told by hand. The group is `label:automobile` of CIFAR-10's test images under tests' baseline network, its leaves
 * as scikit-learn 1.2.1 grows them (depth 3); the comparison is invented.
 */
export function sampleResult(change: Partial<Result> = {}): Result {
  return {
    schemaVersion: 2,
    suite: 'cifar10',
    commit: '0123456789abcdef0123456789abcdef01234567',
    createdAt: '2026-05-04T03:02:01.000Z',
    tool: { name: 'barlow-gate', version: '0.1.0' },
    evalSet: { images: 10_000, classes: ['automobile', 'truck'], fingerprint: 'e'.repeat(64), skipped: [] },
    featureModel: { fingerprint: 'f'.repeat(64), dimensions: 128, engine: 'onnx-cpu' },
    properties: [],
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
        regions: ['boxes'],
        checks: [],
        accepted: [],
      },
    },
    checkpoints: [sampleCheckpoint()],
    trainingSet: { images: 50_000, read: 4_008, skipped: [], shared: [] },
    ...change,
  };
}

export function sampleCheckpoint(change: Partial<CheckpointResult> = {}): CheckpointResult {
  return {
    name: 'candidate',
    images: 10_000,
    failures: 1_680,
    baseErrorRate: 0.168,
    groups: [
      sampleGroup(),
      sampleGroup({ id: 'label:truck', value: 'truck', skipped: 'no failures', leaves: [], tree: null, aler: null }),
    ],
    comparison: sampleComparison(),
    events: [sampleEvent()],
    slices: [],
    verdict: {
      outcome: 'failed',
      passed: false,
      checks: [sampleCheck(), sampleCheck({ id: 'error-rate', subject: 'all', severity: 'warning' })],
    },
    ...change,
  };
}

export function sampleGroup(change: Partial<GroupAnalysis> = {}): GroupAnalysis {
  const id = change.id ?? 'label:automobile';
  return {
    id,
    grouping: 'label',
    value: 'automobile',
    size: 1_000,
    failures: 62,
    baseErrorRate: 0.062,
    skipped: null,
    aler: 0.43174834809880935,
    precision: 0.4732142857142857,
    recall: 0.8548387096774194,
    pValue: 0.001,
    adjustedPValue: 0.02,
    tree: SAMPLE_TREE,
    selectedFeatures: [{ feature: 102, mutualInformation: 0.07 }],
    leaves: LEAVES.map((leaf, index) => ({ ...leaf, id: `${id}#0000000${index}` })),
    ...change,
  };
}

const leaf = (node: number, size: number, failures: number, rule: Leaf['rule']): Omit<Leaf, 'id'> => ({
  node,
  size,
  failures,
  rule,
  errorRate: failures / size,
  errorCoverage: failures / 62,
  importanceValue: (failures / 62) * (failures / size),
  failureMode: failures / 62 >= 0.2 && failures / size >= 0.162,
});

const FAR = { feature: 102, op: '>', threshold: 0.013990402221679688 } as const;
const NEAR = { feature: 102, op: '<=', threshold: 0.11160384118556976 } as const;

const LEAVES = [
  leaf(12, 76, 41, [FAR, { ...NEAR, op: '>' }, { feature: 48, op: '>', threshold: 0.011467284988611937 }]),
  leaf(8, 22, 9, [FAR, NEAR, { feature: 60, op: '<=', threshold: 0.008895451202988625 }]),
  leaf(4, 14, 3, [
    { ...FAR, op: '<=' },
    { feature: 37, op: '<=', threshold: 0.1834028959274292 },
  ]),
  leaf(9, 249, 9, [FAR, NEAR, { feature: 60, op: '>', threshold: 0.008895451202988625 }]),
  leaf(3, 37, 0, []),
  leaf(5, 591, 0, []),
  leaf(11, 11, 0, []),
];

/** Node by node: feature, threshold, left, right, size, failures. */
const NODES = [
  [102, 0.013990402221679688, 1, 6, 1000, 62],
  [37, 0.1834028959274292, 2, 5, 642, 3],
  [51, 0.03082849457859993, 3, 4, 51, 3],
  [null, null, null, null, 37, 0],
  [null, null, null, null, 14, 3],
  [null, null, null, null, 591, 0],
  [102, 0.11160384118556976, 7, 10, 358, 59],
  [60, 0.008895451202988625, 8, 9, 271, 18],
  [null, null, null, null, 22, 9],
  [null, null, null, null, 249, 9],
  [48, 0.011467284988611937, 11, 12, 87, 41],
  [null, null, null, null, 11, 0],
  [null, null, null, null, 76, 41],
] as const;

const SAMPLE_TREE = {
  nodes: NODES.map(([feature, threshold, left, right, size, failures], id) => ({
    ...{ id, feature, threshold, left, right, size, failures },
    errorRate: failures / size,
    errorCoverage: failures / 62,
    subtreeAler: 0.4,
  })),
};

export function sampleCluster(change: Partial<Cluster> = {}): Cluster {
  return {
    id: 'label:automobile#89abcdef',
    group: 'label:automobile',
    status: 'new',
    neighbourhood: null,
    rule: [{ feature: 33, op: '>', threshold: 0.4123456789 }],
    size: 341,
    newlyFailed: 36,
    newlyFixed: 0,
    baselineErrorRate: 0.0469208211143695,
    errorRate: 0.15249266862170088,
    pValue: 0.00000002,
    adjustedPValue: 0.0000004,
    specificPValue: 0.0003,
    scope: 'specific',
    images: ['images/00006.png', 'images/00009.png'],
    found: {
      rule: [{ feature: 33, op: '>', threshold: 0.4 }],
      neighbourhood: null,
      size: 350,
      newlyFailed: 36,
      newlyFixed: 0,
      score: 31.5,
    },
    precision: 36 / 341,
    recall: 1,
    match: null,
    ...change,
  };
}

export function sampleEvent(change: Partial<FailureEvent> = {}): FailureEvent {
  return {
    id: 'label:automobile#89abcdef',
    title: 'Automobiles taken for trucks: 30 of 36; redder in the centre than 9 in 10 other automobiles',
    traits: [
      {
        ...{ kind: 'confusion', text: 'Automobiles taken for trucks: 30 of 36' },
        ...{ label: 'automobile', prediction: 'truck', images: 30, of: 36 },
      },
      {
        ...{ kind: 'property', text: 'redder in the centre than 9 in 10 other automobiles' },
        ...{ group: 'label:automobile', name: 'centre redness (a*)', feature: 135, greater: true, share: 0.93 },
        pValue: 0.00002,
      },
    ],
    clusters: ['label:automobile#89abcdef'],
    images: [
      {
        name: 'images/00006.png',
        label: 'automobile',
        before: 'automobile',
        after: 'truck',
        confidence: 0.9,
        confidenceBefore: 0.99,
        typical: 0.8,
      },
      {
        name: 'images/00009.png',
        label: 'automobile',
        before: 'automobile',
        after: 'truck',
        confidence: null,
        confidenceBefore: null,
        typical: 1.2,
      },
    ],
    confidence: { after: 0.9, before: 0.99 },
    others: {
      images: [
        {
          ...{ name: 'images/00010.png', label: 'automobile', before: 'automobile', after: 'automobile' },
          ...{ confidence: 0.7, confidenceBefore: null, change: 'still right' },
        },
      ],
      leftOut: 0,
    },
    known: null,
    trainingSet: {
      classes: [
        {
          className: 'automobile',
          cluster: 'label:automobile#89abcdef',
          evalSet: { images: 1_000, inside: 37 },
          trainingSet: { images: 4_008, inside: 41 },
          pValue: 1e-8,
          adjustedPValue: 2e-8,
          finding: 'missing',
        },
      ],
      untested: null,
    },
    pool: null,
    counterfactual: {
      cluster: 'label:automobile#89abcdef',
      features: [33],
      mend: { images: 36, crossed: 36, turned: 31, turnedAtRandom: 7, pValue: 1e-6, distance: 3.4 },
      breaks: { images: 36, crossed: 36, turned: 11, turnedAtRandom: 12, pValue: 1, distance: 2.9 },
      untested: null,
    },
    actions: [
      {
        ...{ kind: 'collect', className: 'automobile', text: 'Collect more like these.' },
        command: "barlow find 'label:automobile#89abcdef' --in FOLDER --out found.csv",
      },
      { kind: 'accept', check: 'new-cluster', text: 'Or live with it for now.', command: null },
    ],
    ...change,
  };
}

function sampleComparison(): Comparison {
  const known = sampleCluster({
    id: 'label:automobile#00000000',
    status: 'persisting',
    pValue: 1,
    adjustedPValue: 1,
    scope: null,
    ...{ neighbourhood: null, found: null, precision: null, recall: null },
  });
  const commit = 'fedcba9876543210fedcba9876543210fedcba98';
  return {
    baselines: [{ commit, checkpoint: 'baseline' }],
    baseline: { commit, checkpoint: 'baseline', baseErrorRate: 0.16 },
    improvements: [],
    weakenings: [
      {
        group: 'label:automobile',
        rule: [{ feature: 33, op: '>', threshold: 0.25 }],
        size: 120,
        before: 0.98,
        after: 0.83,
        pValue: 0.001,
      },
    ],
    mended: [],
    newlyFailed: [
      {
        ...{ name: 'images/00006.png', label: 'automobile', before: 'automobile', after: 'truck' },
        ...{ confidence: 0.9, confidenceBefore: 0.8, event: 'label:automobile#89abcdef' },
      },
      {
        name: 'images/00009.png',
        label: 'automobile',
        before: 'automobile',
        after: 'truck',
        confidence: null,
        confidenceBefore: null,
        event: null,
      },
    ],
    evalSet: { images: 10_000, lost: 0, relabelled: 0, rewritten: 0, added: 0 },
    notes: [],
    images: 10_000,
    clusters: [sampleCluster(), known],
    groups: [
      {
        ...{ id: 'all', size: 10_000, baselineErrorRate: 0.16, errorRate: 0.168, baselineAler: null, aler: null },
        ...{ newlyFailed: 610, newlyFixed: 530, pValue: 0.02, adjustedPValue: 0.02, smallestVisible: 40 },
      },
      {
        ...{
          id: 'label:automobile',
          size: 1_000,
          baselineErrorRate: 0.028,
          errorRate: 0.062,
          baselineAler: 0.3,
          aler: 0.43,
        },
        ...{ newlyFailed: 50, newlyFixed: 16, pValue: 0.0001, adjustedPValue: 0.002, smallestVisible: 12 },
      },
    ],
  };
}

export function sampleCheck(change: Partial<Check> = {}): Check {
  return {
    id: 'new-cluster',
    subject: 'label:automobile#89abcdef',
    expected: 0,
    operator: '<=',
    actual: 1,
    passed: false,
    severity: 'error',
    message: 'a new cluster of failures appeared',
    ...change,
  };
}

export function sampleInput(result: Result = sampleResult(), change: Partial<ReportInput> = {}): ReportInput {
  return {
    result,
    featureNames: new Map(),
    pictures: null,
    trials: new Map(),
    sheets: new Map(),
    link: null,
    matrices: new Map(),
    confusions: new Map(),
    history: [],
    past: [],
    modes: new Map(),
    configText: null,
    ...change,
  };
}
