import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { UserError } from '../../src/errors.ts';

/** What preprocessing does where nothing is said. */
const usual = { resizeSide: 'shorter', interpolation: 'bilinear', antialias: true, channels: 'rgb' };

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'barlow-config-'));
  file = join(folder, 'barlow.yml');
});
afterAll(() => rmSync(folder, { recursive: true }));

const least = 'evalSet: {manifest: eval.csv, images: images}\nfeatures: features.npy\n';

function read(text: string | Uint8Array) {
  writeFileSync(file, text);
  return readConfig(file);
}

/** What a file is refused with; the line is that of `where`. */
async function refusal(text: string | Uint8Array) {
  const error: unknown = await read(text).then(
    (config) => new Error(`accepted: ${JSON.stringify(config)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UserError)) throw error;
  const [, line] = /^.*barlow\.yml(?::(\d+))?$/.exec(error.where) ?? [];
  return { line: line === undefined ? null : Number(line), what: error.what, fix: error.fix };
}

const lost = { id: 'lost-images', measure: 'lostImages', groups: ['all'], operator: '<=' };
const lostImages = [
  { ...lost, severity: 'warning', value: 0 },
  { ...lost, severity: 'error', value: 0.01 },
];

describe('readConfig', () => {
  test('takes shares, a severity or nothing of lost images', async () => {
    const rules = async (check: string) => {
      const { gate } = await read(
        `evalSet: {manifest: eval.csv}\nfeatures: features.npy\ngate: {checks: {lost-images: ${check}}}\n`,
      );
      return gate.checks.filter(({ id }) => id === 'lost-images').map(({ severity, value }) => [severity, value]);
    };
    expect(await rules('{warning: 0.1, error: 0.2}')).toEqual([
      ['warning', 0.1],
      ['error', 0.2],
    ]);
    expect(await rules('{error: 0}')).toEqual([
      ['warning', 0],
      ['error', 0],
    ]);
    expect(await rules('error')).toEqual([
      ['warning', 0],
      ['error', 0.01],
    ]);
    expect(await rules('warning')).toEqual([['warning', 0]]);
    expect(await rules('off')).toEqual([]);
  });

  test('fills in every default', async () => {
    expect(await read('evalSet: {manifest: eval.csv}\nfeatures: features.npy\n')).toEqual({
      file,
      name: 'default',
      evalSet: {
        images: null,
        manifest: join(folder, 'eval.csv'),
        classes: [],
        columns: {
          image: 'image',
          label: 'label',
          prediction: 'prediction',
          failed: 'failed',
          confidence: 'confidence',
        },
        onBadImage: 'fail',
        maxBadImages: 0.01,
      },
      trainingSet: null,
      pool: null,
      counterfactual: true,
      checkpointModel: { classes: null, output: null, preprocess: null },
      checkpoints: [],
      featureModel: null,
      features: join(folder, 'features.npy'),
      engine: 'auto',
      groups: ['label', 'prediction', 'all'],
      analysis: {
        features: { select: 50, neighbours: 3 },
        tree: { maxDepth: 3 },
        failureMode: { minErrorCoverage: 0.2, minErrorRateIncrease: 0.1 },
        properties: false,
        minGroupSize: 20,
        shuffles: 999,
      },
      baseline: {
        store: 'git',
        branch: 'barlow-baselines',
        remote: 'origin',
        keep: 50,
        window: 3,
        onMissing: 'pass',
        checkpoint: null,
      },
      slices: [],
      gate: {
        significance: 0.01,
        conditions: 2,
        minErrorRateIncrease: 0.1,
        minNewFailures: 5,
        regions: ['boxes'],
        checks: [
          { id: 'new-cluster', severity: 'error', measure: 'newClusters', groups: [], operator: '<=', value: 0 },
          {
            id: 'worsened-cluster',
            severity: 'error',
            measure: 'worsenedClusters',
            groups: [],
            operator: '<=',
            value: 0,
          },
          { id: 'watched-slice', severity: 'error', measure: 'worsenedSlices', groups: [], operator: '<=', value: 0 },
          {
            id: 'error-rate',
            severity: 'warning',
            measure: 'errorRateIncrease',
            groups: ['all'],
            operator: '<=',
            value: 0.01,
          },
          ...lostImages,
          { id: 'aler', severity: 'off', measure: 'alerIncrease', groups: [], operator: '<=', value: 0.05 },
        ],
        accepted: [],
      },
      report: { clusters: 20, images: 6, attack: { steps: 40, stepSize: 'auto', budget: 1200 }, featureNames: null },
    });
  });

  test('takes the folder of a pool', async () => {
    const { pool } = await read('evalSet: {images: val}\npool: {images: unlabelled}\n');
    expect(pool).toEqual({ images: join(folder, 'unlabelled') });
  });

  test('takes every key', async () => {
    const config = await read(`version: 1
name: cifar10
evalSet:
  images: images
  manifest: eval.csv
  classes: [other, "7"]
  columns: {image: Filenames, label: Labels, prediction: Predictions}
  onBadImage: skip
trainingSet: {manifest: train.csv, classes: labels.txt, features: train.npy}
counterfactual: false
checkpointModel: {classes: labels.txt, output: probabilities, preprocess: {crop: 32}}
checkpoints:
  candidate: predictions/candidate.csv
  old: /models/old.onnx
featureModel:
  path: models/robust.onnx
  layer: {features: avgpool, featureMap: layer4}
  preprocess: {resize: 256, crop: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}
features: features.npy
engine: onnx-cpu
groups: [all, confusion, 'union:cat', 'column:time of day']
analysis:
  features: {select: 10, neighbours: 5}
  tree: {maxDepth: 1}
  failureMode: {minErrorCoverage: 0.3, minErrorRateIncrease: 0}
  properties: true
  minGroupSize: 30
  shuffles: 0
baseline: {store: folder, path: ../baselines, keep: 3, window: 2, onMissing: fail}
slices:
  night: time = night
  dark: {where: 'feature 3 < 0.1', maxErrorRate: 0.2}
  recalls: {images: slices/recalls.txt}
gate:
  significance: 0.05
  conditions: 1
  minErrorRateIncrease: 0.2
  minNewFailures: 1
  regions: [boxes, neighbours]
  checks:
    aler: {severity: error, value: 0.1}
    new-cluster: warning
    night: {measure: errorRate, groups: ['time of day:night'], operator: '<', value: 0.2}
  accepted: [{event: 'label:cat#00c0ffee', reason: next delivery, until: 2028-02-29}]
report: {clusters: 1, images: 2, attack: {steps: 3, stepSize: 0.5, budget: 60}, featureNames: features.yml}
`);
    expect(config).toEqual({
      file,
      name: 'cifar10',
      evalSet: {
        images: join(folder, 'images'),
        manifest: join(folder, 'eval.csv'),
        classes: ['other', '7'],
        columns: {
          image: 'Filenames',
          label: 'Labels',
          prediction: 'Predictions',
          failed: 'failed',
          confidence: 'confidence',
        },
        onBadImage: 'skip',
        maxBadImages: 0.01,
      },
      trainingSet: {
        images: null,
        manifest: join(folder, 'train.csv'),
        classes: join(folder, 'labels.txt'),
        features: join(folder, 'train.npy'),
      },
      pool: null,
      counterfactual: false,
      checkpointModel: {
        classes: join(folder, 'labels.txt'),
        output: 'probabilities',
        preprocess: { ...usual, resize: null, crop: 32, mean: [0, 0, 0], std: [1, 1, 1] },
      },
      checkpoints: [
        { name: 'candidate', path: join(folder, 'predictions/candidate.csv') },
        { name: 'old', path: '/models/old.onnx' },
      ],
      featureModel: {
        path: join(folder, 'models/robust.onnx'),
        layer: { features: 'avgpool', featureMap: 'layer4' },
        preprocess: { ...usual, resize: 256, crop: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      },
      features: join(folder, 'features.npy'),
      engine: 'onnx-cpu',
      groups: ['all', 'confusion', 'union:cat', 'column:time of day'],
      analysis: {
        features: { select: 10, neighbours: 5 },
        tree: { maxDepth: 1 },
        failureMode: { minErrorCoverage: 0.3, minErrorRateIncrease: 0 },
        properties: true,
        minGroupSize: 30,
        shuffles: 0,
      },
      baseline: {
        store: 'folder',
        path: join(folder, '../baselines'),
        branch: 'barlow-baselines',
        remote: 'origin',
        keep: 3,
        window: 2,
        onMissing: 'fail',
        checkpoint: null,
      },
      slices: [
        { name: 'night', of: { where: 'time = night' }, maxErrorRate: null },
        { name: 'dark', of: { where: 'feature 3 < 0.1' }, maxErrorRate: 0.2 },
        { name: 'recalls', of: { images: join(folder, 'slices/recalls.txt') }, maxErrorRate: null },
      ],
      gate: {
        significance: 0.05,
        conditions: 1,
        minErrorRateIncrease: 0.2,
        minNewFailures: 1,
        regions: ['boxes', 'neighbours'],
        checks: [
          { id: 'new-cluster', severity: 'warning', measure: 'newClusters', groups: [], operator: '<=', value: 0 },
          {
            id: 'worsened-cluster',
            severity: 'error',
            measure: 'worsenedClusters',
            groups: [],
            operator: '<=',
            value: 0,
          },
          { id: 'watched-slice', severity: 'error', measure: 'worsenedSlices', groups: [], operator: '<=', value: 0 },
          {
            id: 'error-rate',
            severity: 'warning',
            measure: 'errorRateIncrease',
            groups: ['all'],
            operator: '<=',
            value: 0.01,
          },
          ...lostImages,
          { id: 'aler', severity: 'error', measure: 'alerIncrease', groups: [], operator: '<=', value: 0.1 },
          {
            id: 'night',
            severity: 'error',
            measure: 'errorRate',
            groups: ['time of day:night'],
            operator: '<',
            value: 0.2,
          },
        ],
        accepted: [{ event: 'label:cat#00c0ffee', reason: 'next delivery', until: '2028-02-29' }],
      },
      report: {
        clusters: 1,
        images: 2,
        attack: { steps: 3, stepSize: 0.5, budget: 60 },
        featureNames: join(folder, 'features.yml'),
      },
    });
  });

  test('a layer by one name, `auto`, and a preprocessing given in part', async () => {
    const model = async (rest: string) =>
      (await read(`evalSet: {manifest: e.csv, images: i}\nfeatureModel: {path: m.onnx, ${rest}}\n`)).featureModel;
    expect((await model('layer: avgpool'))?.layer).toEqual({ features: 'avgpool', featureMap: null });
    expect((await model('layer: auto'))?.layer).toEqual({ features: null, featureMap: null });
    expect((await model('layer: {featureMap: layer4}'))?.layer).toEqual({ features: null, featureMap: 'layer4' });
    expect((await model('preprocess: timm'))?.preprocess).toBe('timm');
    expect((await model('preprocess: {crop: 32}'))?.preprocess).toEqual({
      ...usual,
      resize: null,
      crop: 32,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    });
  });

  test('no store keeps the rest of the options, which the command line may need', async () => {
    expect((await read(`${least}baseline: {store: none, keep: 3}\n`)).baseline).toMatchObject({
      store: 'none',
      keep: 3,
    });
  });

  test('aliases are copies: what is filled into one place does not show in another', async () => {
    const { gate } = await read(
      `${least}gate:\n  checks:\n    one: &rule {measure: aler, operator: '<', value: 1}\n    two: *rule\n`,
    );
    const [one, two] = gate.checks.slice(-2);
    expect({ ...one, id: 'two' }).toEqual(two);
    expect(one?.groups).not.toBe(two?.groups);
  });
});

describe('what is refused, and how', () => {
  test.each<[name: string, text: string, line: number | null, what: string, fix: string]>([
    ['an empty file', '', null, 'the file is empty', 'Name the config with --config, or write one with `barlow init`'],
    ['only comments', '# nothing\n', null, 'the file is empty', 'Name the config with --config'],
    [
      'a training set without features beside an eval set with them',
      'features: f.npy\nevalSet: {manifest: m.csv}\ntrainingSet: {images: t}\n',
      3,
      'the features of the eval set are given, and those of the training set are not',
      'Give `trainingSet.features`',
    ],
    [
      'features of the training set alone',
      'evalSet: {images: i}\ntrainingSet: {manifest: t.csv, features: t.npy}\n',
      2,
      'the features of the training set are given, and those of the eval set are not',
      'Remove `trainingSet.features`',
    ],
    [
      'a training set without images',
      'evalSet: {images: i}\ntrainingSet: {manifest: t.csv}\n',
      2,
      'nothing says where the training images are',
      'Give `trainingSet.images`',
    ],
    [
      'features of a training set whose rows nobody knows',
      'features: f.npy\nevalSet: {manifest: m.csv}\ntrainingSet: {images: t, features: t.npy}\n',
      3,
      'nothing says which row of `trainingSet.features` is whose',
      'Give `trainingSet.manifest`',
    ],
    [
      'a pool that no network can look at',
      'features: f.npy\nevalSet: {manifest: m.csv}\npool: {images: p}\n',
      3,
      'there is no network to look at the pool with',
      'Remove `pool`',
    ],
    ['a list', '- evalSet\n', 1, 'the file is a list', 'Give a mapping of keys to values'],
    ['a text', 'evalSet\n', 1, 'the file is text ("evalSet")', 'Give a mapping of keys to values'],
    ['no eval set', 'features: f.npy\n', 1, '`evalSet` is missing', 'Give `evalSet`'],
    [
      'no manifest',
      'features: f.npy\nevalSet:\n  images: i\n',
      2,
      'nothing says which images there are, and which row of `features` is whose',
      'Give `evalSet.manifest`',
    ],
    [
      'a key twice',
      `${least}engine: auto\nengine: onnx\n`,
      4,
      'a key stands twice in one mapping',
      'Remove one of the two',
    ],
    ['two documents', `${least}---\nname: x\n`, 3, 'the file holds several documents', 'Keep one; remove the `---`'],
    ['broken YAML', `${least}groups: [label\n`, 4, 'the YAML is broken: Flow sequence', 'Mend the line'],
    [
      'a newer version',
      `version: 2\nfuture: true\n`,
      1,
      'the file has version 2, and this barlow-gate reads version 1',
      'Upgrade barlow-gate',
    ],
    ['no known version', `${least}version: 0\n`, 3, '`version` is 0, which is not allowed', 'Give 1'],
    [
      'a slip in a key',
      `${least}gate:\n  conditions: 2\n  chekcs: {}\n`,
      5,
      'unknown key `gate.chekcs`',
      'Did you mean `checks`? Known keys here: `significance`, `conditions`',
    ],
    ['a key in another case', `${least}Engine: auto\n`, 3, 'unknown key `Engine`', 'Did you mean `engine`?'],
    [
      'a key a level too high',
      `${least}analysis:\n  maxDepth: 3\n`,
      4,
      'unknown key `analysis.maxDepth`',
      'It belongs under `analysis.tree`. Known keys here: `features`, `tree`',
    ],
    ['a key near nothing', `${least}zzz: 1\n`, 3, 'unknown key `zzz`', 'Known keys here: `version`, `name`'],
    ['a hostile key', `${least}"a\\e[31m\\n": 1\n`, 3, 'unknown key `"a\\u001b[31m\\n"`', 'Known keys here'],
    [
      'a wrong type',
      `${least}analysis:\n  tree:\n    maxDepth: three\n`,
      5,
      '`analysis.tree.maxDepth` is text ("three")',
      'Give a whole number from 1 to 5',
    ],
    [
      'a fraction of a whole',
      `${least}analysis: {shuffles: 1.5}\n`,
      3,
      '`analysis.shuffles` is a number (1.5)',
      'Give a whole number from 0 to 1000000',
    ],
    [
      'a number out of range',
      `${least}analysis:\n  tree: {maxDepth: 9}\n`,
      4,
      '`analysis.tree.maxDepth` is 9, which is not allowed',
      'Give a whole number from 1 to 5',
    ],
    [
      'no number',
      `${least}gate: {significance: .nan}\n`,
      3,
      '`gate.significance` is a number (NaN)',
      'Give a number above 0, at most 0.5',
    ],
    [
      'no regions',
      `${least}gate: {regions: []}\n`,
      3,
      '`gate.regions` is [], which is not allowed',
      'Give a list that is not empty, such as ["boxes","neighbours"]',
    ],
    [
      'unknown regions',
      `${least}gate:\n  regions: [boxes, balls]\n`,
      4,
      'is "balls", which is not allowed',
      'one of "boxes", "neighbours"',
    ],
    [
      'regions twice',
      `${least}gate: {regions: [boxes, boxes]}\n`,
      3,
      '`gate.regions` names "boxes" twice',
      'Name each once',
    ],
    [
      'an endless number',
      `${least}gate: {minErrorRateIncrease: .inf}\n`,
      3,
      '`gate.minErrorRateIncrease` is a number (Infinity)',
      'Give a number from 0 to 1',
    ],
    [
      'a bound of one side',
      `${least}baseline: {keep: 0}\n`,
      3,
      '`baseline.keep` is 0, which is not allowed',
      'Give a whole number of at least 1',
    ],
    ['an empty value', `${least}name:\n`, 3, '`name` is empty', 'Name of the suite'],
    [
      'an unfit name',
      `${least}name: ../x\n`,
      3,
      '`name` is "../x", which is not allowed',
      'Name of the suite: letters, digits, `.`, `_` and `-`, at most 64, such as "cifar10"',
    ],
    [
      'none of the choices',
      `${least}engine: cuda\n`,
      3,
      '`engine` is "cuda", which is not allowed',
      'Give one of "auto", "onnx", "onnx-cuda"',
    ],
    [
      'an item of a list',
      `${least}groups:\n  - label\n  - labels\n`,
      5,
      '`groups[1]` is "labels", which is not allowed',
      'A grouping: `label`, `prediction`, `all`, `confusion`, `union:CLASS` or `column:NAME`',
    ],
    ['yes and no', `${least}counterfactual: maybe\n`, 3, '`counterfactual` is text ("maybe")', 'Give true or false'],
    ['no groups', `${least}groups: []\n`, 3, '`groups` is [], which is not allowed', 'Give a list that is not empty'],
    ['a group twice', `${least}groups: [all, all]\n`, 3, '`groups` names "all" twice', 'Name each once'],
    [
      'two of three channels',
      `evalSet: {manifest: e, images: i}\nfeatureModel:\n  path: m\n  preprocess:\n    mean: [0, 0]\n`,
      5,
      '`featureModel.preprocess.mean` is [0,0], which is not allowed',
      'Give a list of 3',
    ],
    [
      'a deviation of zero',
      `evalSet: {manifest: e, images: i}\nfeatureModel:\n  path: m\n  preprocess:\n    std: [1, 0, 1]\n`,
      5,
      '`featureModel.preprocess.std[1]` is 0, which is not allowed',
      'Give a number above 0',
    ],
    [
      'a layer of a wrong type',
      `evalSet: {manifest: e, images: i}\nfeatureModel:\n  path: m\n  layer: 7\n`,
      4,
      '`featureModel.layer` is a number (7)',
      'Give text that is not empty or a mapping of keys to values',
    ],
    [
      'a step that is no length',
      `${least}report: {attack: {stepSize: big}}\n`,
      3,
      '`report.attack.stepSize` is "big", which is not allowed',
      'Give one of "auto"',
    ],
    [
      'a folder store without a path',
      `${least}baseline: {store: folder}\n`,
      3,
      '`baseline.path` is missing',
      'Give `baseline.path`',
    ],
    [
      'a git store with a path',
      `${least}baseline:\n  path: dir\n`,
      4,
      '`baseline.path` is text ("dir")',
      'Only `store: folder` has a path',
    ],
    [
      'a branch like an option',
      `${least}baseline: {branch: --force}\n`,
      3,
      '`baseline.branch` is "--force", which is not allowed',
      'Branch of the baselines',
    ],
    [
      'a branch with dots',
      `${least}baseline: {branch: a..b}\n`,
      3,
      '`baseline.branch` is "a..b", which is not allowed',
      'Branch of the baselines',
    ],
    [
      'a remote that runs a command',
      `${least}baseline: {remote: "ext::sh -c id"}\n`,
      3,
      '`baseline.remote` is "ext::sh -c id", which is not allowed',
      'Name of the git remote',
    ],
    [
      'a slip in a built-in check',
      `${least}gate:\n  checks:\n    new-clusters: error\n`,
      5,
      'there is no built-in check `gate.checks.new-clusters`',
      'Did you mean `new-cluster`? Built-in checks: new-cluster, worsened-cluster',
    ],
    [
      'a check of no severity',
      `${least}gate: {checks: {aler: fatal}}\n`,
      3,
      '`gate.checks.aler` is "fatal", which is not allowed',
      'Give one of "error", "warning", "off"',
    ],
    [
      'a check without a measure',
      `${least}gate:\n  checks:\n    mine: {operator: '<', value: 1}\n`,
      5,
      '`gate.checks.mine.measure` is missing',
      'Give `gate.checks.mine.measure`',
    ],
    [
      'a check of nothing known',
      `${least}gate: {checks: {mine: {measure: beauty, operator: '<', value: 1}}}\n`,
      3,
      '`gate.checks.mine.measure` is "beauty", which is not allowed',
      'Give one of "newClusters"',
    ],
    [
      'a slip inside a check',
      `${least}gate: {checks: {aler: {valeu: 1}}}\n`,
      3,
      'unknown key `gate.checks.aler.valeu`',
      'Did you mean `value`?',
    ],
    [
      'an unfit name of a check',
      `${least}gate: {checks: {"a b": {measure: aler, operator: '<', value: 1}}}\n`,
      3,
      '`gate.checks."a b"` is not a fit name',
      'Names hold letters',
    ],
    [
      'a checkpoint without a name',
      `${least}checkpoints: {"": a.csv}\n`,
      3,
      '`checkpoints.""` is not a fit name',
      'A name has 1 to 100 characters',
    ],
    [
      'a checkpoint without a file',
      `${least}checkpoints:\n  a:\n`,
      4,
      '`checkpoints.a` is empty',
      'Give text that is not empty',
    ],
    [
      'an accepted cluster without a reason',
      `${least}gate: {accepted: [{event: a, until: 2027-01-01}]}\n`,
      3,
      '`gate.accepted[0].reason` is missing',
      'Give `gate.accepted[0].reason`',
    ],
    [
      'a date of another kind',
      `${least}gate: {accepted: [{event: a, reason: b, until: 1.3.2027}]}\n`,
      3,
      '`gate.accepted[0].until` is "1.3.2027", which is not allowed',
      'Last day (UTC, YYYY-MM-DD)',
    ],
    [
      'a day that is not',
      `${least}gate:\n  accepted:\n    - {event: a, reason: b, until: 2027-02-29}\n`,
      5,
      'there is no day 2027-02-29',
      'Give a day of the calendar, such as 2027-03-01',
    ],
    [
      'neither manifest nor images',
      'evalSet: {}\n',
      1,
      'nothing says which images there are',
      '`evalSet.images` with one folder per class',
    ],
    [
      'a feature model without images',
      'featureModel: {path: m}\nevalSet: {manifest: e.csv}\n',
      2,
      'the feature model has no images to run on',
      'Give `evalSet.images`',
    ],
    [
      'several problems: the first line, and how many more',
      `bad: 1\n${least}engine: 3\ngroups: 4\n`,
      1,
      'unknown key `bad`',
      '2 more of its lines need mending',
    ],
  ])('%s', async (_name, text, line, what, fix) => {
    const found = await refusal(text);
    expect(found).toEqual({ line, what: expect.stringContaining(what), fix: expect.stringContaining(fix) });
  });

  test('a missing file and a folder', async () => {
    await expect(readConfig(join(folder, 'none.yml'))).rejects.toMatchObject({
      what: expect.stringContaining('the file cannot be opened (there is none of that name'),
      where: join(folder, 'none.yml'),
      fix: 'Name the config with --config, or write one with `barlow init`',
    });
    mkdirSync(join(folder, 'dir'));
    await expect(readConfig(join(folder, 'dir'))).rejects.toMatchObject({
      what: 'this is a folder, not a YAML file',
      where: join(folder, 'dir'),
      fix: 'Name the file in it',
    });
  });

  test('files that are no text, or no config', async () => {
    expect(await refusal(Buffer.from([0x89, 0x50, 0x4e, 0x47]))).toMatchObject({ what: 'the file is not UTF-8 text' });
    expect(await refusal(Buffer.from('a: 1', 'utf16le'))).toMatchObject({ what: 'the file is not UTF-8 text' });
    expect(await refusal(`# ${'x'.repeat(300_000)}`)).toMatchObject({
      what: 'the file has 300002 bytes, more than the 262144 that are read',
    });
  });

  test('a byte order mark and CRLF are no trouble', async () => {
    expect((await read(`\uFEFF${least.replaceAll('\n', '\r\n')}`)).features).toBe(join(folder, 'features.npy'));
  });

  test('aliases that multiply, lead nowhere or into themselves', async () => {
    const bomb = ['a0: &a0 [x, x]', ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)];
    const began = performance.now();
    expect(await refusal(bomb.join('\n'))).toMatchObject({
      what: expect.stringContaining('Excessive alias count'),
      fix: expect.stringContaining('Write the values out'),
    });
    expect(await refusal('a: *nowhere\n')).toMatchObject({ what: expect.stringContaining('nowhere') });
    expect(await refusal('a: &a [*a]\n')).toMatchObject({ fix: expect.stringContaining('Write the values out') });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('nesting without end', async () => {
    expect(await refusal(`a: ${'['.repeat(100_000)}`)).toMatchObject({ what: expect.stringMatching(/nest|broken/) });
    expect(await refusal(`a: ${'['.repeat(50_000)}${']'.repeat(50_000)}`)).toMatchObject({
      what: expect.stringMatching(/nest|broken/),
    });
  });

  test('names that JavaScript objects have of themselves are unknown keys like others', async () => {
    expect(await refusal(`${least}__proto__: {engine: onnx}\n`)).toMatchObject({
      line: 3,
      what: 'unknown key `__proto__`',
    });
    expect(await refusal(`${least}constructor: 1\n`)).toMatchObject({ what: 'unknown key `constructor`' });
    expect(await refusal(`${least}gate: {checks: {toString: error}}\n`)).toMatchObject({
      what: 'there is no built-in check `gate.checks.toString`',
    });
  });

  test('any text at all is read or refused by a UserError', async () => {
    const fragments = fc.constantFrom(
      'evalSet',
      ':',
      ' ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '&a',
      '*a',
      '-',
      '"',
      "'",
      '|',
      '#',
      '!!set',
      '<<',
      '?',
      'manifest',
      '1',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        await refusal(body);
      }),
      { numRuns: 400 },
    );
  });
});
