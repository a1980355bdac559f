import type { Columns } from '../records/features.ts';
import type { WorkerModule } from '../records/threads.ts';
import { type Density, type HalfSpaces, halfSpaces } from './halfSpaces.ts';

export interface HalfSpacesTask extends Density {
  readonly columns: Columns;
}

/** The half-spaces of some features of a large group, in a worker thread. */
export default function run({ columns, ...density }: HalfSpacesTask): HalfSpaces {
  return halfSpaces(columns, density);
}

export const halfSpacesWorker: WorkerModule<HalfSpacesTask, HalfSpaces> = { url: import.meta.url, run };
