/**
 * An error that the user can mend: bad input, a missing file, a refused push. Doors print it as one message
 * and exit 2. Every other error is a bug (exit 3).
 */
export class UserError extends Error {
  /** What is wrong, a sentence without a full stop. */
  readonly what: string;
  /** Where: a file, `file:line`, a config key or a command-line flag. */
  readonly where: string;
  /** What the user can do about it, an imperative sentence without its full stop. */
  readonly fix: string;

  constructor(parts: { what: string; where: string; fix: string; cause?: unknown }) {
    super(`${parts.where}: ${parts.what}. ${parts.fix}`, { cause: parts.cause });
    this.name = 'UserError';
    this.what = parts.what;
    this.where = parts.where;
    this.fix = parts.fix;
  }
}

/** What the machine lacks or forbids, by the system's code of the operation that failed. */
const troubles: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  EMFILE: ['too many files are open at once', 'Allow more (ulimit -n 1024), then run again'],
  ENFILE: ['too many files are open at once on this machine', 'Close some programs, then run again'],
  ENOMEM: ['there is not enough memory', 'Run on a machine with more memory, or with fewer --workers'],
  EAGAIN: ['no further process or thread can be started', 'Allow more (ulimit -u), or give fewer --workers'],
  ENOSPC: ['the disk is full', 'Free some space, then run again'],
  EDQUOT: ['the disk quota is used up', 'Free some space, then run again'],
  EROFS: ['the file system is read-only', 'Let this folder be written'],
  EACCES: ['access is denied', 'Give the user that runs this the permission'],
  EPERM: ['access is denied', 'Give the user that runs this the permission'],
  EIO: ['the disk fails to read or write', 'Check the disk, or copy the files elsewhere'],
  ENOENT: ['a file is gone that was there or should be', 'Run again when nothing removes files meanwhile'],
  ENOTDIR: ['a file stands where a folder is needed', 'Move it away'],
  EISDIR: ['a folder stands where a file is needed', 'Move it away'],
  ELOOP: ['symbolic links lead in a circle', 'Remove the link'],
  ENAMETOOLONG: ['a name is longer than the file system allows', 'Shorten it'],
};

/**
 * What hinders the machine, not a bug: a system call that failed for one of the reasons that `troubles` names; else null. An
 * error of a worker thread has lost its code, but still says it first.
 */
export function systemTrouble(thrown: unknown): UserError | null {
  const message = messageOf(thrown);
  const [, said] = /^(E[A-Z]+): .*, \w+/.exec(message) ?? [];
  const code = isSystemCall(thrown) ? codeOf(thrown) : said;
  const [what, fix] = troubles[code ?? ''] ?? [];
  if (what === undefined || fix === undefined) return null;
  const [, path] = /'([^']+)'$/.exec(message) ?? [];
  return new UserError({ what: `${what} (${message})`, where: path ?? 'this machine', fix, cause: thrown });
}

function isSystemCall(thrown: unknown): boolean {
  return thrown instanceof Error && 'syscall' in thrown;
}

/** The message of anything thrown, for a `what` or a `cause`. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's code of a failed operation ("ENOENT"), or an empty text. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}
