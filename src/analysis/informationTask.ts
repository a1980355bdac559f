import type { Columns } from '../records/features.ts';
import type { WorkerModule } from '../records/threads.ts';
import { firstNotFinite } from './columns.ts';
import { mutualInformation } from './mutualInformation.ts';

/** Some columns of a group too large to be held whole. */
export interface InformationTask {
  readonly columns: Columns;
  /** Features of the whole matrix. */
  readonly dimensions: number;
  readonly failed: Uint8Array;
  readonly neighbours: number;
  /** Room for as many float64 as `columns` has values. */
  readonly jitter: SharedArrayBuffer;
}

/** Or where a value is not finite: row of the group and feature. */
export type InformationOutcome =
  | { readonly information: Float64Array }
  | { readonly notFinite: { readonly row: number; readonly feature: number } };

/** Mutual information of some columns, in a worker thread. */
export default function run({ columns, dimensions, failed, neighbours, jitter }: InformationTask): InformationOutcome {
  const notFinite = firstNotFinite(columns);
  if (notFinite !== null) return { notFinite };
  return { information: mutualInformation(columns, dimensions, failed, neighbours, new Float64Array(jitter)) };
}

export const informationWorker: WorkerModule<InformationTask, InformationOutcome> = { url: import.meta.url, run };
