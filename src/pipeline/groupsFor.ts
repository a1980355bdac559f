import { schemaDefaults } from '../config/config.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import { groupKinds } from '../records/groupKinds.ts';
import type { Run } from './request.ts';

/**
 * What images are grouped by: as the config says. Where a checkpoint says only where it failed, those of the default groups that need
 * predictions are left out, and a notice says so; where the config names them they stay, and are refused later.
 */
export function groupsFor({ config, request }: Run, checkpoints: readonly Checkpoint[]): readonly string[] {
  const bare = checkpoints.find(({ predictions }) => predictions === null);
  if (bare === undefined || config.groups.join() !== schemaDefaults().groups.join()) return config.groups;
  const needing = new Set(groupKinds.filter(({ byPrediction }) => byPrediction).map(({ name }): string => name));
  const left = config.groups.filter((spec) => needing.has(spec));
  request.onNotice(
    `${JSON.stringify(bare.name)} says where it failed and not what it predicts: images are not grouped by ${left.join(', ')}.`,
  );
  return config.groups.filter((spec) => !needing.has(spec));
}
