import { type ArraysToAnalyse, analyseArrays } from '../analysis/analyseArrays.ts';
import { schemaDefaults } from '../config/config.ts';
import type { AnalysisOptions, GroupAnalysis } from '../records/analysis.ts';

/** Arrays to analyse; n images. */
export interface AnalyseInput extends Omit<ArraysToAnalyse, 'groups' | 'options'> {
  /** As in barlow.yml, and `label:CLASS`, `prediction:CLASS`, `union`; default: barlow.yml's. */
  readonly groups?: readonly string[];
  /** Differences from `defaultAnalysisOptions`. */
  readonly options?: Partial<AnalysisOptions>;
}

/**
 * Finds the clusters of images on which a model fails, from arrays in memory, in this thread: for each group a tree with its
 * leaves, rates as fractions of 1, mutual information in nats. Throws a UserError where lengths differ, a feature is not
 * finite or a group does not exist.
 */
export function analyse({ groups, options, ...arrays }: AnalyseInput): Promise<GroupAnalysis[]> {
  const defaults = schemaDefaults();
  return analyseArrays({
    ...arrays,
    groups: groups ?? defaults.groups,
    options: { ...defaults.analysis, ...options },
  });
}
