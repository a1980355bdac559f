import type { WorkerModule } from '../records/threads.ts';
import { type FamilyPart, type FamilyPartTask, familyPart } from './regionFamily.ts';

/** What some features of a large group add to its family, in a worker thread. */
export default function run(task: FamilyPartTask): FamilyPart {
  return familyPart(task);
}

export const familyPartWorker: WorkerModule<FamilyPartTask, FamilyPart> = { url: import.meta.url, run };
