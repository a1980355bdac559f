import type { WorkerModule } from '../records/threads.ts';
import { type Family, type JoinFamilyTask, joinFamily } from './regionFamily.ts';

/** Puts the parts of a large group's family together, in a worker thread. */
export default function run(task: JoinFamilyTask): Family {
  return joinFamily(task);
}

export const joinFamilyWorker: WorkerModule<JoinFamilyTask, Family> = { url: import.meta.url, run };
