import { join } from 'node:path';
import { runHere, type Told } from '../inProcess.ts';
import type { World } from './world.ts';

/** The command in the world, without a process of its own. */
export function barlowHere({ folder }: Pick<World, 'folder'>, words: readonly string[]): Promise<Told> {
  return runHere(folder, words, { GIT_CEILING_DIRECTORIES: join(folder, '..') });
}

/** As `judge`, without a process of its own. */
export function judgeHere(
  world: Pick<World, 'folder'>,
  kind: 'good' | 'bad',
  more: readonly string[] = [],
): Promise<Told> {
  return barlowHere(world, ['run', '--checkpoint', `candidate=${kind}.csv`, '--commit', 'second', ...more]);
}
