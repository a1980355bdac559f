import { compileSchema } from '../adapters/jsonSchema.ts';
import { jsonOrNull } from '../records/json.ts';
import type { Outcome } from '../records/verdict.ts';
import { type Failure, isSameFailure } from './failures.ts';

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
  /** What newly fails and what got worse; null where there was too much to remember. */
  readonly failures: readonly Failure[] | null;
}

const push = {
  type: 'object',
  required: ['commit', 'outcome', 'failures'],
  properties: {
    commit: { type: 'string', maxLength: 64 },
    outcome: { enum: ['passed', 'failed', 'not compared'] },
    failures: {
      type: ['array', 'null'],
      items: {
        type: 'object',
        required: ['title', 'images', 'sample'],
        properties: {
          title: { type: 'string', maxLength: 400 },
          images: { type: 'integer', minimum: 0 },
          sample: { type: 'string', pattern: '^(?:[0-9a-f]{8}){0,16}$' },
        },
      },
    },
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

/** A comment: marker, the report with what changed since the last push (unless it is silent on that) under its heading, and the state for the next time. */
export function commentBody(
  suite: string,
  report: string,
  state: CommentState,
  { isSilent }: { readonly isSilent: boolean } = { isSilent: false },
): string {
  const remembered = { ...state, push: shortened(state.push), before: state.before && shortened(state.before) };
  const changed = isSilent ? null : sinceLastPush(state);
  const [heading = '', ...rest] = report.trimEnd().split('\n\n');
  return [
    markerOf(suite),
    [heading, ...(changed === null ? [] : [`> ${changed}`]), ...rest].join('\n\n'),
    '',
    `<!-- barlow-gate state ${hidden(JSON.stringify(remembered))} -->`,
  ].join('\n');
}

/** What a comment remembers; null where it is not ours, or was edited beyond recognition. */
export function stateOf(body: string): CommentState | null {
  const [, text] = /<!-- barlow-gate state ([\w+/=]+) -->\s*$/.exec(body) ?? [];
  if (text === undefined) return null;
  const value = jsonOrNull(Buffer.from(text, 'base64').toString());
  return schema.accepts(value) ? value : null;
}

/** base64 has no `-`: no text can end a comment of HTML early. */
function hidden(text: string): string {
  return Buffer.from(text).toString('base64');
}

const longestMemory = 2_000;

function shortened(each: Push): Push {
  const { failures } = each;
  return failures !== null && JSON.stringify(failures).length > longestMemory ? { ...each, failures: null } : each;
}

const turned = { passed: 'passes', failed: 'fails', 'not compared': 'compared with nothing' } as const;

/** One sentence on what changed; null at the first push. What fails is told apart by its images: a retrained model moves thresholds. */
function sinceLastPush({ push: now, before }: CommentState): string | null {
  if (before === null) return null;
  const since = `**Since the last push** (${before.commit.slice(0, 7).replace(/[^\da-f]/g, '')}):`;
  const verdict = now.outcome === before.outcome ? '' : ` now ${turned[now.outcome]}.`;
  if (now.failures === null || before.failures === null) return `${since}${verdict} Too many failures to compare.`;
  const then = before.failures;
  const pairs = now.failures.map((failure) => ({
    failure,
    earlier: then.find((each) => isSameFailure(each, failure)),
  }));
  const parts = [
    part('gone', then.filter((each) => !pairs.some(({ failure }) => isSameFailure(each, failure))).map(told)),
    part(
      'new',
      pairs.filter(({ earlier }) => earlier === undefined).map(({ failure }) => told(failure)),
    ),
    part(
      'still there',
      pairs.flatMap(({ failure, earlier }) => (earlier === undefined ? [] : [change(failure, earlier)])),
    ),
  ].filter((each) => each !== null);
  return `${since}${verdict} ${parts.length === 0 ? 'Nothing new fails, then or now' : parts.join('; ')}.`;
}

const shown = 3;

function part(word: string, texts: readonly string[]): string | null {
  if (texts.length === 0) return null;
  const more = texts.length > shown ? ` and ${texts.length - shown} more` : '';
  return `${word}: ${texts.slice(0, shown).join(', ')}${more}`;
}

function told({ title, images }: Failure): string {
  return `${codeSpan(title)} (${imagesText(images)})`;
}

function change({ title, images }: Failure, earlier: Failure): string {
  const before = earlier.images === images ? '' : `${earlier.images} → `;
  return `${codeSpan(title)} (${before}${imagesText(images)})`;
}

function imagesText(images: number): string {
  return `${images} ${images === 1 ? 'image' : 'images'}`;
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
