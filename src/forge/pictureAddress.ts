import type { StepEvent } from './event.ts';

/**
 * Where a browser finds a file of a commit. The address is the repository's own, not that of a host for raw files: GitHub shows
 * it to whoever may read the repository, public or private.
 */
export function pictureAddress({ serverUrl, owner, repository }: StepEvent, revision: string, path: string): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${serverUrl}/${owner}/${repository}/blob/${revision}/${encoded}?raw=true`;
}
