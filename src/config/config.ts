import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSchema } from '../adapters/jsonSchema.ts';
import { UserError } from '../errors.ts';
import { robust32 } from '../packageFolder.ts';
import type { BaselineCommon } from '../records/baseline.ts';
import { type Config, defaultConfig, type FeatureModelOptions, type PreprocessPreset } from '../records/config.ts';
import { isJsonObject } from '../records/json.ts';
import type { SliceOptions } from '../records/slices.ts';
import type { CheckRule, GateOptions, Severity } from '../records/verdict.ts';
import { configProblem } from './configProblem.ts';
import { readYaml } from './yaml.ts';

type Rule = Omit<CheckRule, 'id'>;
/** Shares of the baseline's images above which the check warns and fails. */
type LostImages = { readonly warning?: number; readonly error?: number };

/** barlow.yml as the schema leaves it: checked, defaults filled in, paths as written. */
interface Checked extends Omit<Config, 'file' | 'checkpoints' | 'featureModel' | 'baseline' | 'slices' | 'gate'> {
  readonly checkpoints: Readonly<Record<string, string>>;
  readonly featureModel:
    | (Pick<FeatureModelOptions, 'path' | 'preprocess'> & {
        readonly layer: string | FeatureModelOptions['layer'];
      })
    | null;
  readonly baseline: BaselineCommon & {
    readonly store: 'git' | 'folder' | 'none';
    readonly path: string | null;
    readonly checkpoint: string | null;
  };
  readonly slices: Readonly<Record<string, string | CheckedSlice>>;
  readonly gate: Omit<GateOptions, 'checks'> & {
    readonly checks: Readonly<Record<string, Severity | Partial<Rule> | LostImages>>;
  };
}

interface CheckedSlice {
  readonly where?: string;
  readonly images?: string;
  readonly maxErrorRate?: number;
}

const schema = readSchema<Checked>('config', { fillDefaults: true });

/**
 * Reads barlow.yml: checks it by `schemas/config.schema.json`, fills in the schema's defaults and makes paths absolute,
 * relative to the file. A checkpoint may be missing: the command line can name it.
 *
 * @throws UserError for what `readYaml` refuses; for another version; for unknown keys, wrong types and values outside
 *   their range, with line, key and what is allowed; where a feature model has no images, or nothing says the labels
 */
export async function readConfig(file: string): Promise<Config> {
  const path = resolve(configFile(file));
  const yaml = await readYaml(path, 'Name the config with --config, or write one with `barlow init`');
  const where = (...keys: string[]) => `${path}:${yaml.lineOf(keys)}`;
  refuseOtherVersions(yaml.value, where);
  const checked: unknown = yaml.value;
  const problems = schema.problems(checked);
  if (problems.length > 0 || !schema.accepts(checked)) {
    throw configProblem(problems, yaml, path, Object.keys(builtInChecks()));
  }
  refuseContradictions(checked, where);
  return toConfig(checked, path);
}

/**
 * The config's file: where none is named, `barlow.yml` or `barlow.yaml`.
 *
 * @throws UserError where both are there
 */
export function configFile(file: string): string {
  const other = 'barlow.yaml';
  if (file !== defaultConfig || !existsSync(other)) return file;
  if (!existsSync(file)) return other;
  throw new UserError({
    what: `both ${file} and ${other} are there`,
    where: resolve(other),
    fix: `Remove one, or name the one that is meant: --config ./${file}`,
  });
}

/** What the schema fills in where barlow.yml says nothing: the one place of all defaults. */
export function schemaDefaults(): Pick<Checked, 'evalSet' | 'analysis' | 'groups' | 'gate'> {
  const least: unknown = { evalSet: { manifest: 'manifest.csv' } };
  if (!schema.accepts(least)) throw new Error('config.schema.json refuses its own defaults');
  return least;
}

/** The built-in checks with the defaults that the schema gives them. */
const builtInChecks = () => schemaDefaults().gate.checks;

function toConfig(checked: Checked, file: string): Config {
  const absolute = (path: string) => resolve(dirname(file), path);
  const optional = (path: string | null) => (path === null ? null : absolute(path));
  const { evalSet, trainingSet, checkpointModel, featureModel, gate, report } = checked;
  return {
    file,
    name: checked.name,
    evalSet: {
      ...evalSet,
      images: optional(evalSet.images),
      manifest: optional(evalSet.manifest),
      classes: typeof evalSet.classes === 'string' ? absolute(evalSet.classes) : evalSet.classes,
    },
    trainingSet: trainingSet && {
      images: optional(trainingSet.images),
      manifest: optional(trainingSet.manifest),
      classes: typeof trainingSet.classes === 'string' ? absolute(trainingSet.classes) : trainingSet.classes,
      features: optional(trainingSet.features),
    },
    pool: checked.pool && { images: absolute(checked.pool.images) },
    counterfactual: checked.counterfactual,
    checkpoints: Object.entries(checked.checkpoints).map(([name, path]) => ({ name, path: absolute(path) })),
    checkpointModel: {
      ...checkpointModel,
      classes:
        typeof checkpointModel.classes === 'string' ? absolute(checkpointModel.classes) : checkpointModel.classes,
    },
    featureModel: featureModel
      ? {
          path: absolute(featureModel.path),
          layer: layerOf(featureModel.layer),
          preprocess: featureModel.preprocess,
        }
      : checked.features === null
        ? builtIn
        : null,
    features: optional(checked.features),
    engine: checked.engine,
    groups: checked.groups,
    analysis: checked.analysis,
    baseline: baselineOf(checked.baseline, absolute),
    slices: Object.entries(checked.slices).map(([name, slice]) => sliceOf(name, slice, absolute)),
    gate: { ...gate, checks: rulesOf(gate.checks) },
    report: { ...report, featureNames: optional(report.featureNames) },
  };
}

/** The network that the package brings, where a config names neither a feature model nor features. */
const builtIn: FeatureModelOptions = {
  path: fileURLToPath(robust32),
  layer: { features: null, featureMap: null },
  preprocess: null,
};

/** Whether the features are those of the network that the package brings. */
export function isBuiltIn({ featureModel }: Config): boolean {
  return featureModel?.path === builtIn.path;
}

/**
 * The config of a command that has none: the schema's defaults, but for an eval set, checkpoints and no baselines.
 *
 * @param file where it would lie, which is named in errors; what models compute is kept beside it
 */
export function configWithout(
  file: string,
  {
    images,
    manifest,
    classes,
    preprocess,
    checkpoints,
  }: {
    readonly images: string;
    readonly manifest: string | null;
    readonly classes: string | null;
    readonly preprocess: PreprocessPreset | null;
    readonly checkpoints: Config['checkpoints'];
  },
): Config {
  const value: unknown = {
    name: 'compare',
    evalSet: {
      images: resolve(images),
      manifest: manifest && resolve(manifest),
      ...(classes !== null && { classes: resolve(classes) }),
    },
    baseline: { store: 'none' },
    checkpointModel: { preprocess },
  };
  if (!schema.accepts(value)) throw new Error('config.schema.json refuses its own defaults');
  return { ...toConfig(value, file), checkpoints };
}

function layerOf(layer: string | { features: string | null; featureMap: string | null }) {
  if (typeof layer !== 'string') return layer;
  return { features: layer === 'auto' ? null : layer, featureMap: null };
}

function baselineOf(baseline: Checked['baseline'], absolute: (path: string) => string): Config['baseline'] {
  const { store, path, ...common } = baseline;
  if (store !== 'folder') return { ...common, store };
  if (path === null) throw new Error('config.schema.json lets a folder store pass without a path');
  return { ...common, store, path: absolute(path) };
}

function sliceOf(name: string, slice: string | CheckedSlice, absolute: (path: string) => string): SliceOptions {
  if (typeof slice === 'string') return { name, of: { where: slice }, maxErrorRate: null };
  const { where, images, maxErrorRate = null } = slice;
  if (where !== undefined) return { name, of: { where }, maxErrorRate };
  if (images === undefined) throw new Error(`the slice ${name} passes without its images`);
  return { name, of: { images: absolute(images) }, maxErrorRate };
}

/** The built-in checks first, then one's own. A check given in part, or as a severity alone, keeps the rest of the built-in one. */
function rulesOf(checks: Checked['gate']['checks']): CheckRule[] {
  const builtIn = new Map(Object.entries(builtInChecks()));
  const whole = (check: Severity | Partial<Rule> | LostImages | undefined): Partial<Rule> =>
    typeof check === 'string' ? { severity: check } : check !== undefined && isRule(check) ? check : {};
  return Object.entries({ ...builtInChecks(), ...checks }).flatMap(([id, check]) => {
    if (id === 'lost-images') return lostImages(check);
    const { severity, measure, groups, operator, value } = { ...whole(builtIn.get(id)), ...whole(check) };
    const complete = severity && measure !== undefined && groups && operator && value !== undefined;
    if (!complete) throw new Error(`config.schema.json lets the check ${id} pass without all its parts`);
    return [{ id, severity, measure, groups, operator, value }];
  });
}

const isRule = (check: Partial<Rule> | LostImages): check is Partial<Rule> => !('warning' in check || 'error' in check);

/** Two rules in one: a share above which it warns, and one above which it fails. */
function lostImages(check: Checked['gate']['checks'][string]): CheckRule[] {
  const { warning, error } = { ...sharesOf(builtInChecks()['lost-images']), ...sharesOf(check) };
  if (warning === undefined || error === undefined)
    throw new Error('config.schema.json leaves a share of lost-images out');
  const rule = { id: 'lost-images', measure: 'lostImages', groups: ['all'], operator: '<=' } as const;
  const rows: CheckRule[] = [
    { ...rule, severity: 'warning', value: warning },
    { ...rule, severity: 'error', value: error },
  ];
  if (check === 'off') return [];
  return check === 'warning' ? rows.slice(0, 1) : rows;
}

function sharesOf(check: Checked['gate']['checks'][string] | undefined): LostImages {
  return typeof check === 'object' && ('warning' in check || 'error' in check) ? check : {};
}

type Where = (...keys: string[]) => string;

function refuseOtherVersions(value: unknown, where: Where): void {
  if (!isJsonObject(value)) return;
  if (typeof value.version === 'number' && value.version > 1) {
    throw new UserError({
      what: `the file has version ${value.version}, and this barlow-gate reads version 1`,
      where: where('version'),
      fix: 'Upgrade barlow-gate',
    });
  }
}

/** What no schema says: keys that need one another. */
function refuseContradictions(checked: Checked, where: Where): void {
  const { features, evalSet, slices, gate } = checked;
  refuseUnreadableTraining(checked, where);
  refuseUnseenPool(checked, where);
  for (const [name, slice] of Object.entries(slices)) {
    if (typeof slice === 'string' || (slice.where === undefined) !== (slice.images === undefined)) continue;
    throw new UserError({
      what: `the slice ${JSON.stringify(name)} is named ${slice.where === undefined ? 'by nothing' : 'in two ways'}`,
      where: where('slices', name),
      fix: 'Give `where`, a condition, or `images`, a file of names; not both',
    });
  }
  if (evalSet.manifest === null && (evalSet.images === null || features !== null)) {
    throw new UserError({
      what: `nothing says which images there are${features === null ? '' : ', and which row of `features` is whose'}`,
      where: where('evalSet'),
      fix: 'Give `evalSet.manifest`, a table of images and labels; where `features` are not given, `evalSet.images` with one folder per class will do',
    });
  }
  if (features === null && evalSet.images === null) {
    throw new UserError({
      what: 'the feature model has no images to run on',
      where: where('evalSet'),
      fix: 'Give `evalSet.images`, the folder of the images',
    });
  }
  for (const [index, { until }] of gate.accepted.entries()) {
    const day = new Date(`${until}T00:00:00Z`);
    if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(until)) {
      throw new UserError({
        what: `there is no day ${until}`,
        where: where('gate', 'accepted', String(index), 'until'),
        fix: 'Give a day of the calendar, such as 2027-03-01',
      });
    }
  }
}

/** A pool has no features but those of a network that is here. */
function refuseUnseenPool({ features, pool }: Checked, where: Where): void {
  if (pool === null || features === null) return;
  throw new UserError({
    what: 'the features of the eval set are given as a file, so there is no network to look at the pool with',
    where: where('pool'),
    fix: 'Remove `pool`, or name the network under `featureModel` in place of `features`',
  });
}

/** Features of both sets must be of one network: both computed here, or both given. */
function refuseUnreadableTraining({ features, trainingSet }: Checked, where: Where): void {
  if (trainingSet === null) return;
  const refuse = (what: string, fix: string) => {
    throw new UserError({ what, where: where('trainingSet'), fix });
  };
  if (features !== null && trainingSet.features === null)
    refuse(
      'the features of the eval set are given, and those of the training set are not',
      'Give `trainingSet.features`, a .npy file by the same network, or let `featureModel` compute both',
    );
  if (features === null && trainingSet.features !== null)
    refuse(
      'the features of the training set are given, and those of the eval set are not',
      'Remove `trainingSet.features`, or give `features` by the same network',
    );
  if (features === null && trainingSet.images === null)
    refuse('nothing says where the training images are', 'Give `trainingSet.images`, their folder');
  if (features !== null && trainingSet.manifest === null)
    refuse(
      'nothing says which row of `trainingSet.features` is whose',
      'Give `trainingSet.manifest`, a table of images and labels in the order of the rows',
    );
}
