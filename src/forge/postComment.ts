import { commentBody, isOfSuite, type Push, stateOf } from './commentBody.ts';
import type { Comment, GitHub } from './githubApi.ts';

export interface Post {
  readonly issue: number;
  readonly suite: string;
  /** Markdown, at most `COMMENT_LIMIT - COMMENT_RESERVE` characters. */
  readonly report: string;
  readonly push: Push;
  readonly run: { readonly id: number; readonly attempt: number };
  /** Leave a pull request that has no comment of the suite without one. */
  readonly onlyUpdate: boolean;
}

export type Posted =
  | { readonly kind: 'created' | 'updated' | 'unchanged'; readonly url: string }
  /** `superseded`: a later run has spoken already. */
  | { readonly kind: 'none' | 'superseded' };

/**
 * Brings the suite's one comment on a pull request up to date. Where two jobs race and both create one, the later sees
 * both, keeps the first and deletes the rest; a later run's words are never overwritten by an earlier one's.
 *
 * @throws UserError where GitHub refuses or does not answer
 */
export async function postComment(github: GitHub, post: Post): Promise<Posted> {
  const isOurs = authoredBy(await github.login());
  const find = async () =>
    (await github.comments(post.issue))
      .filter((comment) => isOurs(comment) && isOfSuite(comment.body, post.suite))
      .sort((a, b) => a.id - b.id);
  const found = await find();
  const body = bodyAfter(found, post);
  if (body === null) return { kind: 'superseded' };
  if (found.length === 0 && post.onlyUpdate) return { kind: 'none' };
  const [first] = found;
  const same = found.length === 1 && first?.body === body;
  if (first && same) return { kind: 'unchanged', url: first.url };
  const updated = first ? await github.update(first.id, body) : null;
  const written = updated ?? (await github.create(post.issue, body));
  const survivor = await heal(github, await find(), written, post);
  return { kind: updated === null ? 'created' : 'updated', url: survivor.url };
}

/**
 * Only comments of the token's own user, or of some app where the token is one's: anyone may write our marker, and a
 * comment is its author's to edit again.
 */
function authoredBy(login: string | null): (comment: Comment) => boolean {
  return ({ author }) => (login === null ? author.isBot : author.login === login);
}

/** Null where a later run has written. */
function bodyAfter(found: readonly Comment[], { suite, report, push, run }: Post): string | null {
  const states = found.map(({ body }) => stateOf(body)).filter((state) => state !== null);
  const last = states.sort((a, b) => b.run.id - a.run.id || b.run.attempt - a.run.attempt)[0];
  if (last === undefined) return commentBody(suite, report, { run, push, before: null });
  if (isLater(last.run, run)) return null;
  // Another run on the same push compares with the same one before.
  const before = last.push.commit === push.commit ? last.before : last.push;
  return commentBody(suite, report, { run, push, before });
}

function isLater(a: Post['run'], b: Post['run']): boolean {
  return a.id > b.id || (a.id === b.id && a.attempt > b.attempt);
}

/** Leaves the oldest comment with the newest words. */
async function heal(github: GitHub, found: readonly Comment[], written: Comment, post: Post): Promise<Comment> {
  const [oldest, ...rest] = found;
  if (oldest === undefined || rest.length === 0) return written;
  const body = bodyAfter(
    found.filter(({ id }) => id !== written.id),
    post,
  );
  const settled = oldest.id === written.id || body === null ? oldest : await github.update(oldest.id, body);
  // Deleted by another job that heals at the same time: ours is then the one to keep.
  if (settled === null) return written;
  for (const { id } of rest) await github.remove(id);
  return settled;
}
