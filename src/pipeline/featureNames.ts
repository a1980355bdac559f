import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readFeatureNames } from '../config/featureNames.ts';
import type { Config } from '../records/config.ts';
import type { FeatureNames } from '../records/features.ts';

/** Where features are named: the config's file, or features.yml beside the config. */
export function namesFile({ file, report }: Config): string {
  return report.featureNames ?? join(dirname(file), 'features.yml');
}

/**
 * What people call the features of a network. Names of another network's features are left out, and said so.
 * @throws UserError where the file is broken, or the config names one that is not there
 */
export async function namesOf(
  config: Config,
  fingerprint: string,
  onNotice: (line: string) => void,
): Promise<FeatureNames> {
  const file = namesFile(config);
  if (config.report.featureNames === null && !existsSync(file)) return new Map();
  const { featureModel, names } = await readFeatureNames(file);
  if (featureModel === null || featureModel === fingerprint) return names;
  onNotice(`The names in ${file} are left out: they are of another feature model.`);
  return new Map();
}
