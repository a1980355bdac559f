import { compileSchema } from '../adapters/jsonSchema.ts';
import type { Outcome } from '../records/verdict.ts';

/** Characters of a comment that a report must leave free for what is added to it here. */
export const COMMENT_RESERVE = 8_000;

/** What a comment remembers of the run that wrote it. */
export interface CommentState {
  readonly run: { readonly id: number; readonly attempt: number };
  readonly push: Push;
  /** The push before; null at first. */
  readonly before: Push | null;
}

/** What a run found at a commit. */
export interface Push {
  readonly commit: string;
  readonly outcome: Outcome;
  /** Ids of new and worsened clusters; null where there were too many to remember. */
  readonly clusters: readonly string[] | null;
}

const push = {
  type: 'object',
  required: ['commit', 'outcome', 'clusters'],
  properties: {
    commit: { type: 'string', maxLength: 64 },
    outcome: { enum: ['passed', 'failed', 'not compared'] },
    clusters: { type: ['array', 'null'], items: { type: 'string' } },
  },
};
const schema = compileSchema<CommentState>({
  type: 'object',
  required: ['run', 'push', 'before'],
  properties: {
    run: {
      type: 'object',
      required: ['id', 'attempt'],
      properties: { id: { type: 'number' }, attempt: { type: 'number' } },
    },
    push,
    before: { anyOf: [push, { type: 'null' }] },
  },
});

/** The hidden line by which a suite's comment is found. */
function markerOf(suite: string): string {
  return `<!-- barlow-gate suite ${hidden(suite)} -->`;
}

/** Whether a comment is the suite's: its first line is the marker. */
export function isOfSuite(body: string, suite: string): boolean {
  return body.split(/\r?\n/, 1)[0] === markerOf(suite);
}

/** A comment: marker, what changed (unless it is silent on that) since the last push, the report, and the state for the next time. */
export function commentBody(
  suite: string,
  report: string,
  state: CommentState,
  { isSilent }: { readonly isSilent: boolean } = { isSilent: false },
): string {
  const remembered = { ...state, push: shortened(state.push), before: state.before && shortened(state.before) };
  const changed = isSilent ? null : sinceLastPush(state);
  return [
    markerOf(suite),
    ...(changed === null ? [] : [`> ${changed}`, '']),
    report.trimEnd(),
    '',
    `<!-- barlow-gate state ${hidden(JSON.stringify(remembered))} -->`,
  ].join('\n');
}

/** What a comment remembers; null where it is not ours, or was edited beyond recognition. */
export function stateOf(body: string): CommentState | null {
  const [, text] = /<!-- barlow-gate state ([\w+/=]+) -->\s*$/.exec(body) ?? [];
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString());
    return schema.accepts(value) ? value : null;
  } catch {
    return null;
  }
}

/** base64 has no `-`: no text can end a comment of HTML early. */
function hidden(text: string): string {
  return Buffer.from(text).toString('base64');
}

const longestMemory = 2_000;

function shortened(each: Push): Push {
  const { clusters } = each;
  return clusters !== null && JSON.stringify(clusters).length > longestMemory ? { ...each, clusters: null } : each;
}

const turned = { passed: 'passes', failed: 'fails', 'not compared': 'compared with nothing' } as const;

/** One sentence on what changed; null at the first push. Clusters are told apart by their groups: a retrained model moves thresholds. */
function sinceLastPush({ push: now, before }: CommentState): string | null {
  if (before === null) return null;
  const since = `**Since the last push** (${before.commit.slice(0, 7).replace(/[^\da-f]/g, '')}):`;
  const verdict = now.outcome === before.outcome ? '' : ` now ${turned[now.outcome]}.`;
  if (now.clusters === null || before.clusters === null) return `${since}${verdict} Too many clusters to compare.`;
  const then = groupsOf(before.clusters);
  const today = groupsOf(now.clusters);
  const parts = [
    part(
      'gone',
      [...then].filter((group) => !today.has(group)),
    ),
    part(
      'appeared',
      [...today].filter((group) => !then.has(group)),
    ),
    part(
      'still there',
      [...today].filter((group) => then.has(group)),
    ),
  ].filter((each) => each !== null);
  return `${since}${verdict} ${parts.length === 0 ? 'No new clusters, then or now' : parts.join('; ')}.`;
}

/** The groups of clusters: ids are `<group>#<hash>`. */
function groupsOf(ids: readonly string[]): ReadonlySet<string> {
  return new Set(ids.map((id) => id.slice(0, id.lastIndexOf('#') < 0 ? undefined : id.lastIndexOf('#'))));
}

const shown = 5;

function part(word: string, groups: readonly string[]): string | null {
  if (groups.length === 0) return null;
  const more = groups.length > shown ? ` and ${groups.length - shown} more` : '';
  return `${word}: ${groups.slice(0, shown).map(codeSpan).join(', ')}${more}`;
}

/** Nothing means anything in a code span but the backtick that ends it. */
function codeSpan(text: string): string {
  return `\`${
    text
      .replace(/[`\s\p{C}]+/gu, ' ')
      .trim()
      .slice(0, 80) || '?'
  }\``;
}
