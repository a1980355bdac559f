/**
 * An error that the user can mend: bad input, a missing file, a refused push. Doors print it as one message
 * and exit 2. Every other error is a bug (exit 3).
 */
export class UserError extends Error {
  /** What is wrong, a sentence without a full stop. */
  readonly what: string;
  /** Where: a file, `file:line`, a config key or a command-line flag. */
  readonly where: string;
  /** What the user can do about it, an imperative sentence. */
  readonly fix: string;

  constructor(parts: { what: string; where: string; fix: string; cause?: unknown }) {
    super(`${parts.where}: ${parts.what}. ${parts.fix}`, { cause: parts.cause });
    this.name = 'UserError';
    this.what = parts.what;
    this.where = parts.where;
    this.fix = parts.fix;
  }
}

/** The message of anything thrown, for a `what` or a `cause`. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's code of a failed operation ("ENOENT"), or an empty text. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}
