import { resolve } from 'node:path';
import { mergeStores } from '../features/featureStore.ts';
import { inRun, type Request, type Said, storeFolder } from './request.ts';

/** Merges the feature stores of shards into the config's. */
export function mergeFeatures(request: Request, folders: readonly string[]): Promise<Said> {
  return inRun(request, async ({ config }) => {
    const into = storeFolder(config, 'features');
    const rows = mergeStores(
      folders.map((folder) => resolve(folder)),
      into,
    );
    return { json: { rows, path: into }, lines: [`${rows} rows merged into ${into}`], passed: true };
  });
}
