import { commentBody, isOfSuite, type Push, stateOf } from './commentBody.ts';
import type { Comment, GitHub } from './githubApi.ts';

export interface Post {
  readonly issue: number;
  readonly suite: string;
  /** Markdown, at most `COMMENT_LIMIT - COMMENT_RESERVE` characters. */
  readonly report: string;
  readonly push: Push;
  readonly run: { readonly id: number; readonly attempt: number };
  /** The run could not judge: what the last one found stands for the next to compare with. */
  readonly erred?: boolean;
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
  const login = await github.login();
  const ofSuite = (await github.comments(post.issue)).filter(
    ({ author, body }) => isOfSuite(body, post.suite) && (login === null ? author.isBot : author.login === login),
  );
  // An app's token does not say which app's: only what it may edit is its own. The job's own first.
  const authors = [...new Set(ofSuite.map(({ author }) => author.login))].toSorted(
    (a, b) => Number(b === jobLogin) - Number(a === jobLogin),
  );
  for (const author of authors) {
    const posted = await postAs(github, post, author, login === null && author !== jobLogin);
    if (posted !== 'foreign') return posted;
  }
  if (post.onlyUpdate) return { kind: 'none' };
  const written = await github.create(post.issue, bodyAfter([], post) ?? '');
  const survivor = await heal(github, written, post);
  return { kind: 'created', url: survivor.url };
}

/** Who the token of a job writes as. */
const jobLogin = 'github-actions[bot]';

/** As `postComment`, among the comments of one author, who may turn out to be another app. */
async function postAs(github: GitHub, post: Post, author: string, isDoubtful: boolean): Promise<Posted | 'foreign'> {
  const found = await commentsOf(github, post, author);
  const [first] = found;
  if (first === undefined) return 'foreign';
  const body = bodyAfter(found, post);
  // Nothing is believed of a comment, not even that a later run wrote it, before it is known to be ours.
  if (isDoubtful && (await github.update(first.id, first.body)) === 'foreign') return 'foreign';
  if (body === null) return { kind: 'superseded' };
  if (found.length === 1 && first.body === body) return { kind: 'unchanged', url: first.url };
  const updated = await github.update(first.id, body);
  if (updated === 'foreign') return 'foreign';
  const written = updated === 'gone' ? await github.create(post.issue, body) : updated;
  const survivor = await heal(github, written, post);
  return { kind: updated === 'gone' ? 'created' : 'updated', url: survivor.url };
}

/** An author's comments of the suite, oldest first. */
async function commentsOf(github: GitHub, { issue, suite }: Post, author: string): Promise<Comment[]> {
  return (await github.comments(issue))
    .filter((comment) => comment.author.login === author && isOfSuite(comment.body, suite))
    .sort((a, b) => a.id - b.id);
}

/** Null where a later run has written. */
function bodyAfter(found: readonly Comment[], { suite, report, push, run, erred }: Post): string | null {
  const states = found.map(({ body }) => stateOf(body)).filter((state) => state !== null);
  const last = states.sort((a, b) => b.run.id - a.run.id || b.run.attempt - a.run.attempt)[0];
  if (last === undefined) return commentBody(suite, report, { run, push, before: null });
  if (isLater(last.run, run)) return null;
  if (erred) return commentBody(suite, report, { run, push: last.push, before: last.before }, { isSilent: true });
  // Another run on the same push compares with the same one before.
  const before = last.push.commit === push.commit ? last.before : last.push;
  return commentBody(suite, report, { run, push, before });
}

function isLater(a: Post['run'], b: Post['run']): boolean {
  return a.id > b.id || (a.id === b.id && a.attempt > b.attempt);
}

/** Leaves the oldest comment of ours with the newest words. */
async function heal(github: GitHub, written: Comment, post: Post): Promise<Comment> {
  const found = await commentsOf(github, post, written.author.login);
  const [oldest, ...rest] = found;
  if (oldest === undefined || rest.length === 0) return written;
  const body = bodyAfter(
    found.filter(({ id }) => id !== written.id),
    post,
  );
  const settled = oldest.id === written.id || body === null ? oldest : await github.update(oldest.id, body);
  // Deleted by another job that heals at the same time: ours is then the one to keep.
  if (settled === 'gone' || settled === 'foreign') return written;
  for (const { id } of rest) await github.remove(id);
  return settled;
}
