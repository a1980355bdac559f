import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type NamedFeatures, readFeatureNames } from '../config/featureNames.ts';
import type { Config } from '../records/config.ts';
import type { FeatureNames } from '../records/features.ts';
import type { Features } from './read.ts';

/** Where features are named: the config's file, or features.yml beside the config. */
export function namesFile({ file, report }: Config): string {
  return report.featureNames ?? join(dirname(file), 'features.yml');
}

/**
 * Reads the file of names, with the inputs, so that a slip in it does not wait for the end of a run; null where there is none.
 * @throws UserError where the file is broken, or the config names one that is not there
 */
export async function readNames(config: Config): Promise<NamedFeatures | null> {
  const file = namesFile(config);
  return config.report.featureNames === null && !existsSync(file) ? null : readFeatureNames(file);
}

/** What people call the features of a network. Names of another network's features are left out, and said so. */
export function namesOf(
  named: NamedFeatures | null,
  config: Config,
  fingerprint: string,
  onNotice: (line: string) => void,
): FeatureNames {
  if (named === null) return new Map();
  if (named.featureModel === null || named.featureModel === fingerprint) return named.names;
  onNotice(`The names in ${namesFile(config)} are left out: they are of another feature model.`);
  return new Map();
}

/** The names that people gave, and those of the image properties. */
export function withPropertyNames(names: FeatureNames, { file, properties }: Features): FeatureNames {
  const own = properties.map(
    (name, at) => [file.dimensions + at, { name, kind: null, note: null, isProperty: true }] as const,
  );
  return new Map([...names, ...own]);
}
