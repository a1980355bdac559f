import { UserError } from '../errors.ts';
import type { GitOutcome } from './git.ts';

/** What git says, what that means and what to do; the first that fits. `{}` stands for git's own words. */
const meanings: readonly (readonly [RegExp, string, string])[] = [
  [
    /dubious ownership/,
    'git refuses to work in a repository of another user',
    'Run: git config --global --add safe.directory <the repository>',
  ],
  [
    /not a git repository \(or any|must be run in a work tree/,
    'this is not a git repository',
    'Run inside a git repository, or set baseline.store to folder',
  ],
  [
    /Permission denied|Authentication failed|Invalid username or|could not read (?:Username|Password)|terminal prompts disabled|returned error: 40[13]|Permission to .* denied|not allowed to push|insufficient permission|Host key verification failed|read-only|Write access to repository not granted/i,
    'there is no permission ({})',
    'Give the job credentials that may push to this repository (GitHub Actions: permissions: contents: write), or run without --record',
  ],
  [
    /Unable to create '.*\.lock'|\.lock': File exists|cannot lock ref/,
    'a lock is in the way ({})',
    'Remove the .lock file it names if no other git is running, then run again',
  ],
  [
    /hook declined|protected branch|GH00[0-9]|GH01[0-9]|denying |deletion prohibited|currently checked out|\[remote rejected\]/,
    'the remote refuses the push ({})',
    'Let this job push to the branch (lift the protection or rule for it), or choose another with baseline.branch',
  ],
  [
    /ignoring broken ref|not our ref|does not point to a valid object|bad (?:ref|object)|unable to (?:read|parse) (?:\S+ )?(?:object|commit|tree|[0-9a-f]{40})|object file .* is empty|loose object .* is corrupt|inflate: |missing (?:blob|tree|commit|object)|packfile .* (?:corrupt|cannot be accessed|index)|Could not read [0-9a-f]{40}|invalid object|reference broken/i,
    'a ref or an object of the repository is damaged or missing ({})',
    'Run git fsck there to see which, and restore it from another clone; a branch of baselines can be deleted to start over',
  ],
  [
    /Could not resolve|Couldn't resolve|Connection (?:refused|timed out|reset)|unable to (?:access|connect)|does not appear to be a git repository|Could not read from remote|repository .* not found|Repository not found|early EOF|hung up|timed out|No route|unreachable|No such file/i,
    'the remote cannot be reached ({})',
    "Check the network and the remote's address (git remote -v), then run again",
  ],
];

/** A failed git command as a message for the user; `where` names the remote and branch or the repository. */
export function gitFailure(outcome: GitOutcome, doing: string, where: string): UserError {
  const said = `${outcome.stderr}\n${outcome.stdout.toString()}`;
  const words = ownWords(said);
  if (outcome.timedOut) {
    return new UserError({
      what: `git did not finish in time while ${doing}`,
      where,
      fix: 'Check the network and that the remote asks for no password, then run again',
    });
  }
  const meaning = meanings.find(([pattern]) => pattern.test(said));
  const what = meaning?.[1].replace('{}', () => words) ?? `git failed (${words || `exit ${outcome.code}`})`;
  const fix = meaning?.[2] ?? 'Run again; if it fails again, run the same git command by hand';
  return new UserError({ what: `${what}, while ${doing}`, where, fix });
}

/** The lines of git's that tell most, on one line, without passwords in addresses or control characters. */
function ownWords(said: string): string {
  const lines = said
    .split(/[\n\r]/)
    .map((line) =>
      line
        .replace(/\/\/[^/@\s]*@/g, '//')
        .replace(/\p{Cc}/gu, ' ')
        .trim(),
    )
    .filter((line) => /^(?:fatal|error|remote|!)|denied|rejected/.test(line) && !/^remote:\s*$/.test(line));
  return [...new Set(lines)].join('; ').slice(0, 400);
}
