import { UserError } from '../errors.ts';
import type { AnalysisOptions } from '../records/analysis.ts';
import type { ReadColumns } from '../records/features.ts';
import type { OnProgress, RunTask } from '../records/threads.ts';
import { SAMPLE_VALUES } from './groupTask.ts';
import { KEPT_NORMALS } from './mutualInformation.ts';

/** What an analysis needs of the world around it. */
export interface AnalysisSetting {
  readonly readColumns: ReadColumns;
  /** Features an image. */
  readonly dimensions: number;
  /** Runs a task, in whatever thread. */
  readonly run: RunTask;
  readonly options: AnalysisOptions;
  /** Most tasks in flight: one more than there are workers keeps them all busy while features are read. */
  readonly concurrency: number;
  readonly onProgress?: OnProgress;
  /** Most values (rows x features) of a matrix held whole, and half as many as of a block of columns of a larger one; default 2^22. */
  readonly heldValues?: number;
  /** Most rows that the features of a group are selected on; default 65,536. */
  readonly selectedOn?: number;
  /** Name of an eval-set row, for messages. */
  readonly imageName?: (row: number) => string;
}

/** Of groups as large as this the workers keep the jitter. */
export function heldValues({ heldValues = KEPT_NORMALS }: AnalysisSetting): number {
  return Math.min(heldValues, SAMPLE_VALUES);
}

/** Most values of a block of columns of a larger group. */
export function blockValues(setting: AnalysisSetting): number {
  return 2 * heldValues(setting);
}

/** What to say where a feature is NaN or infinite. */
export function notFinite(row: number, feature: number, imageName: AnalysisSetting['imageName']): UserError {
  const image = imageName === undefined ? `image ${row} (counted from 0)` : imageName(row);
  return new UserError({
    what: `feature ${feature} of ${image} is not a finite number`,
    where: 'features',
    fix: 'Extract or compute the features again; NaN and infinite values cannot be split on',
  });
}
