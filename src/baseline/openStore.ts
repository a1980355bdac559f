import { UserError } from '../errors.ts';
import type { BaselineOptions } from '../records/baseline.ts';
import { openFolderMedium } from './folderMedium.ts';
import { openGitMedium } from './gitMedium.ts';
import { findRepository } from './repository.ts';
import { safeName } from './safeName.ts';
import { type BaselineStore, openSuite } from './store.ts';

/**
 * Opens the baselines of one suite. `folder` is a folder of the user's repository (its root, a submodule, a
 * worktree or anything below), or any folder where baselines lie in a folder and there is no repository.
 *
 * @throws UserError where the git store is asked for outside a repository, or branch or remote will not do
 */
export async function openStore(
  options: Exclude<BaselineOptions, { store: 'none' }>,
  { folder, suite }: { folder: string; suite: string },
): Promise<BaselineStore> {
  const repository = await findRepository(folder);
  const name = safeName(suite);
  if (options.store === 'folder') return openSuite(openFolderMedium(options.path, name, repository), suite, options);
  if (!repository) {
    throw new UserError({
      what: 'baselines are to be kept in a git branch, but this is not in a git repository',
      where: folder,
      fix: 'Run inside a git repository, or set baseline.store to folder',
    });
  }
  return openSuite(await openGitMedium(repository, { ...options, folder: name }), suite, options);
}
