/**
 * A text as it may stand in Markdown. As a string (`{{name}}` in a template) it reads as plain text in a paragraph,
 * a table cell and an HTML block alike; `code` is a code span, for ids that people copy, not for HTML blocks.
 * Most texts are shown in one way only, and many not at all: each is worked out when it is shown.
 */
class MarkdownText {
  readonly #text: string;
  #plain: string | null = null;
  constructor(text: string) {
    this.#text = text;
  }
  get code(): string {
    return codeSpan(this.#text);
  }
  /** Of a text that is an http(s) address: what may stand between `](` and `)`; empty of any other text. */
  get address(): string {
    return address(this.#text);
  }
  toString(): string {
    this.#plain ??= escapeMarkdown(this.#text);
    return this.#plain;
  }
}

/** Texts that were met before: a report that must be shortened shows most of them again at each step. */
export type KnownTexts = Map<string, MarkdownText>;

/** What a template may ask of a text besides the text itself. */
export const waysToShow = ['code', 'address'] as const;

/** Replaces every text in plain data by its `MarkdownText`, so that no template can forget to escape. Empty texts stay empty. */
export function escapeForMarkdown(value: unknown, known: KnownTexts): unknown {
  if (typeof value === 'string') return value === '' ? '' : markdownText(value, known);
  if (Array.isArray(value)) return value.map((each) => escapeForMarkdown(each, known));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, escapeForMarkdown(each, known)]));
}

function markdownText(text: string, known: KnownTexts): MarkdownText {
  const met = known.get(text);
  if (met !== undefined) return met;
  const made = new MarkdownText(text);
  known.set(text, made);
  return made;
}

/** Invisible and without width: parts what a forge would take for a mention, a reference, an emoji or a link. */
const APART = '&#8203;';

/**
 * Text that GitHub-flavoured Markdown shows as it is. Character references are used rather than backslashes, which an
 * HTML block would show. Only what could mean something is touched, so that the source stays readable.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[`*~[\]|\\$"]|&(?=[#\p{L}])|<(?=[\p{L}!?/])|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, reference)
    .replace(/^ ?(?:>|[-+=#:](?=[-=#: ]|$)|\d+[.)](?= |$))/, (start) => start.replace(/[-+=>#:.)]/, reference))
    .replace(
      /(?<!&)([@#!%])(?=[\p{L}\p{N}_"-])|\b(https?:|ftp:|mailto:|xmpp:|www)(?=[./\p{L}])|\b(GH-)(?=\d)|(:)(?=[\w+-]+:)/giu,
      `$&${APART}`,
    );
}

function reference(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

/** A code span: fenced by one backtick more than the text holds; its pipes are escaped as a table cell asks. */
function codeSpan(text: string): string {
  const line = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[` ]|[` ]$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Whether a text is a whole http(s) address. */
export function isWebAddress(text: string): boolean {
  return /^https?:/i.test(text) && URL.canParse(text);
}

function address(text: string): string {
  if (!isWebAddress(text)) return '';
  return new URL(text).href
    .replace(
      /[^\w:/?=.%#~+,&-]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .replaceAll('&', '&amp;');
}
