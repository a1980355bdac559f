import { resolve } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { readSchema } from '../adapters/jsonSchema.ts';
import { UserError } from '../errors.ts';
import type { FeatureName, FeatureNames } from '../records/features.ts';
import { configProblem } from './configProblem.ts';
import { parseYaml, readYaml, withYamlValue, type YamlFile } from './yaml.ts';

/** features.yml: what people call features, and of which network. */
export interface NamedFeatures {
  /** Fingerprint of the network; null where the file does not say. */
  readonly featureModel: string | null;
  readonly names: FeatureNames;
}

/** The file as the schema leaves it. */
interface Checked {
  readonly featureModel?: string | null;
  readonly features?: Readonly<Record<string, string | (Pick<FeatureName, 'name'> & Partial<FeatureName>)>> | null;
}

const schema = readSchema<Checked>('features');

/**
 * Reads features.yml, checked by `schemas/features.schema.json`.
 *
 * @throws UserError for what `readYaml` refuses, and for unknown keys, wrong types, unfit feature numbers and empty names,
 *   with line, key and what is allowed
 */
export async function readFeatureNames(file: string): Promise<NamedFeatures> {
  const path = resolve(file);
  const fix = 'Name a feature with `barlow feature N --name NAME`, or remove `report.featureNames` from the config';
  return namesIn(await readYaml(path, fix), path);
}

/**
 * Names a feature in features.yml, in place of what it was called; the file is made where it is missing, and its comments and
 * order stay. A file that says of no network whose features it names says so from now on.
 *
 * @param featureModel fingerprint of the network that `feature` is a number of
 * @throws UserError where the file is broken, names features of another network, cannot be written, or the name is unfit
 */
export async function writeFeatureName(
  file: string,
  feature: number,
  name: FeatureName,
  featureModel: string,
): Promise<void> {
  const path = resolve(file);
  const yaml = await readYaml(path, null);
  const { featureModel: named } = namesIn(yaml, path);
  if (named !== null && named !== featureModel) {
    throw new UserError({
      what: `the file names features of another network (${named.slice(0, 16)}; this one is ${featureModel.slice(0, 16)})`,
      where: `${path}:${yaml.lineOf(['featureModel'])}`,
      fix: 'Name another file under `report.featureNames`; a feature of one network has nothing to do with that of another',
    });
  }
  const marked =
    named === null ? withYamlValue(yaml.text, ['featureModel'], featureModel, { file: path, first: true }) : yaml.text;
  const text = withYamlValue(marked, ['features', String(feature)], entryOf(name), { file: path });
  refuseUnfit(parseYaml(text, path, null), path, feature);
  await writeFileAtomic(path, text);
}

/** A name alone is a text. */
function entryOf({ name, kind, note }: FeatureName): string | Readonly<Record<string, string>> {
  if (kind === null && note === null) return name;
  return { name, ...(kind !== null && { kind }), ...(note !== null && { note }) };
}

function namesIn(yaml: YamlFile, path: string): NamedFeatures {
  const { value } = yaml;
  const problems = schema.problems(value);
  if (problems.length > 0 || !schema.accepts(value)) throw configProblem(problems, yaml, path, []);
  const names = Object.entries(value.features ?? {}).map(([feature, entry]): [number, FeatureName] => {
    const { name, kind = null, note = null } = typeof entry === 'string' ? { name: entry } : entry;
    return [Number(feature), { name, kind, note }];
  });
  return { featureModel: value.featureModel ?? null, names: new Map(names.toSorted(([a], [b]) => a - b)) };
}

/** Everything else in the file was checked before: what the schema refuses now is the new name. */
function refuseUnfit(yaml: YamlFile, path: string, feature: number): void {
  try {
    namesIn(yaml, path);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    throw new UserError({ what: cause.what, where: `the name of feature ${feature}`, fix: cause.fix, cause });
  }
}
