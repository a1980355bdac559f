import { extname, isAbsolute, posix } from 'node:path';
import { editYaml } from './yaml.ts';

/** What `barlow init` can set up; the folder `examples/workflows` holds each as it is written for the suggested answers. */
export const workflowNames = [
  'pull-request',
  'self-hosted-gpu',
  'matrix',
  'train-and-register',
  'nightly',
  'gitlab-ci',
  'dvc',
  'none',
] as const;
type WorkflowName = (typeof workflowNames)[number];

/** The questions in the order asked, each with the flag that answers it beforehand. */
export const questions = [
  {
    key: 'manifest',
    flag: '--manifest <file>',
    text: 'table of the images and their labels (CSV, TSV, JSON, JSON Lines or Parquet)',
    suggestion: 'eval.csv',
  },
  { key: 'images', flag: '--images <folder>', text: 'folder of the images', suggestion: 'images' },
  {
    key: 'featureModel',
    flag: '--feature-model <file>',
    text: 'robust network (.onnx, or a TF.js model.json), or features computed elsewhere (.npy, .parquet)',
    suggestion: 'models/robust.onnx',
  },
  {
    key: 'checkpoint',
    flag: '--checkpoint <file>',
    text: 'predictions of the checkpoint to judge, or the model itself',
    suggestion: 'predictions/candidate.csv',
  },
  {
    key: 'workflow',
    flag: '--workflow <name>',
    text: `workflow: ${workflowNames.join(', ')}`,
    suggestion: 'pull-request',
  },
] as const;

/** What a question is about. */
export type Key = (typeof questions)[number]['key'];

/** Answers as given: by flags, all, some or none. */
export type Given = { readonly [key in Key]?: string | undefined };

/** All answers. Paths are relative to the folder that is set up. */
export interface Answers {
  /** Of the suite: letters, digits, `.`, `_` and `-`. */
  readonly name: string;
  /** Null: the folder of the images says their labels. */
  readonly manifest: string | null;
  readonly images: string;
  /** Null: the built-in network. */
  readonly featureModel: string | null;
  readonly checkpoint: string;
  readonly workflow: WorkflowName;
  /** A file of class names; null: none. */
  readonly classes?: string | null;
  /** Where baselines go; null: into a branch of the repository. */
  readonly baseline?: 'none' | null;
}

/** A file to write; `path` is '/'-separated and relative to the folder that is set up. */
export interface InitFile {
  readonly path: string;
  readonly text: string;
}

type Edits = Parameters<typeof editYaml>[1];

/** A workflow as it is kept and where it goes. */
export interface Workflow {
  /** In `examples/workflows`. */
  readonly template: string;
  readonly path: string;
  /** Whether the forge reads it at the top of the repository only. */
  readonly atTop: boolean;
  readonly edits: (answers: Answers) => Edits;
  /** What is left to do; null: nothing. */
  readonly next: string | null;
}

const onGitHub = { atTop: true, edits: () => [], next: null };

/** The workflows by name. */
export const workflows: Readonly<Record<Exclude<WorkflowName, 'none'>, Workflow>> = {
  'pull-request': {
    ...onGitHub,
    template: 'pull-request.yml',
    path: '.github/workflows/barlow-gate.yml',
    edits: ({ featureModel, manifest }) => [
      { path: ['jobs', 'gate', 'steps', 1, 'with', 'key'], value: cacheKey([featureModel, manifest]) },
    ],
  },
  'self-hosted-gpu': { ...onGitHub, template: 'self-hosted-gpu.yml', path: '.github/workflows/barlow-gate.yml' },
  matrix: { ...onGitHub, template: 'matrix.yml', path: '.github/workflows/barlow-gate.yml' },
  'train-and-register': { ...onGitHub, template: 'train-and-register.yml', path: '.github/workflows/train.yml' },
  nightly: { ...onGitHub, template: 'nightly.yml', path: '.github/workflows/barlow-nightly.yml' },
  'gitlab-ci': {
    template: 'gitlab-ci.yml',
    path: '.gitlab/barlow-gate.yml',
    atTop: true,
    edits: () => [],
    next: 'Add to .gitlab-ci.yml: include: .gitlab/barlow-gate.yml',
  },
  dvc: { template: 'dvc.yaml', path: 'dvc.yaml', atTop: false, edits: dvcEdits, next: null },
};

/** Suites of the workflow `matrix`, as its template has them. */
const suites = ['small', 'large'] as const;

const configTemplate = `# What barlow-gate judges, against what, and how strictly. \`barlow run\` refuses a wrong key with its line.
version: 1
name: default # keys the baselines and the comment
evalSet:
  images: images # the manifest's names are relative to it
  manifest: eval.csv # columns image and label, and any metadata
checkpoints:
  candidate: predictions/candidate.csv # columns image and prediction; or a model, which is run
featureModel:
  path: models/robust.onnx # a robust network, not the one that is judged
  # What is done to an image first, as in torchvision. Left out: the model's input size, values in [0, 1].
  # preprocess: {resize: 256, crop: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}
features: features.npy # float32, row i for line i of the manifest
`;

/**
 * The files that set a project up: barlow.yml (one a suite for `matrix`) and the workflow. Answers become values of YAML and
 * nothing else: no shell line holds one, and an expression of a workflow only such as are plain names.
 *
 * @param template text of the workflow in `examples/workflows`; null where no workflow is wanted
 */
export function initFiles(answers: Answers, template: string | null): readonly InitFile[] {
  const { workflow } = answers;
  const files =
    workflow === 'matrix'
      ? suites.map((suite) => ({ path: `suites/${suite}/barlow.yml`, text: configText(suiteAnswers(answers, suite)) }))
      : [{ path: 'barlow.yml', text: configText(answers) }];
  if (workflow === 'none' || template === null) return files;
  const { path, edits } = workflows[workflow];
  return [...files, { path, text: editYaml(template, edits(answers)) }];
}

function configText({ name, images, manifest, checkpoint, featureModel, classes, baseline }: Answers): string {
  const given = featureModel !== null && ['.npy', '.parquet'].includes(extname(featureModel));
  const isModel = featureModel !== null && !given;
  return editYaml(configTemplate, [
    { path: ['name'], value: name },
    { path: ['evalSet', 'images'], value: images },
    { path: ['evalSet', 'manifest'], value: manifest ?? undefined },
    ...(classes == null ? [] : [{ path: ['evalSet', 'classes'], value: classes }]),
    { path: ['checkpoints', 'candidate'], value: checkpoint },
    isModel ? { path: ['featureModel', 'path'], value: featureModel } : { path: ['featureModel'], value: undefined },
    { path: ['features'], value: given ? featureModel : undefined },
    ...(baseline == null ? [] : [{ path: ['baseline', 'store'], value: baseline }]),
  ]);
}

/** A suite's config lies two folders down, and its predictions beside those answered. */
function suiteAnswers(answers: Answers, suite: string): Answers {
  const { manifest, images, featureModel, checkpoint } = answers;
  const up = (path: string) => (isAbsolute(path) ? path : posix.join('../..', path));
  const upIf = (path: string | null) => path && up(path);
  const own = posix.join(posix.dirname(checkpoint), `${suite}${posix.extname(checkpoint)}`);
  return {
    ...answers,
    name: suite,
    manifest: upIf(manifest),
    images: up(images),
    featureModel: upIf(featureModel),
    checkpoint: up(own),
    classes: upIf(answers.classes ?? null),
  };
}

/** A name that is no syntax in an expression, nor a pattern of `hashFiles`. */
const plainName = /^[\w.-][\w./-]*$/;

/** Other files than these change nothing that is cached; a name left out costs a cache that is not renewed. */
function cacheKey(files: readonly (string | null)[]): string {
  const named = ['barlow.yml', ...files.filter((file) => file !== null && plainName.test(file))].map(
    (file) => `'${file}'`,
  );
  return `barlow-\${{ hashFiles(${named.join(', ')}) }}`;
}

function dvcEdits({ manifest, images, checkpoint }: Answers): Edits {
  // DVC fills in `${...}`, and takes it as text behind a backslash.
  const literal = (path: string) => path.replaceAll('${', '\\${');
  return [
    { path: ['stages', 'train', 'outs', 0], value: literal(checkpoint) },
    { path: ['stages', 'gate', 'deps', 1], value: literal(manifest ?? images) },
    { path: ['stages', 'gate', 'deps', 2], value: literal(checkpoint) },
  ];
}
