/** A commit and, for a pull request, the branch it is to be merged into. */
export interface At {
  /** A full hash, or a name of the user's that is no commit; null where there is no commit. */
  readonly head: string | null;
  /** Name of the branch on the remote, or a hash; null for a plain commit: itself and its own ancestors are then searched. */
  readonly base: string | null;
}

/** The files of one suite as they are at one moment; paths are '/'-separated, relative to the suite's folder. */
export interface Snapshot {
  readonly paths: readonly string[];
  /** Contents in the order asked for. Throws UserError where a file cannot be read, and `isGone` is true of it where it has gone since. */
  readonly read: (paths: readonly string[]) => Promise<readonly Uint8Array[]>;
}

/** A change that can be made again on top of another writer's. */
export interface Change {
  /** One line for the log. */
  readonly message: string;
  /** Called with what is there: the files to write, in this order; throws where they must not be. */
  readonly files: (before: Snapshot) => Promise<ReadonlyMap<string, Uint8Array>>;
  /** Called with what is there once the files are written. */
  readonly tidy: (after: Snapshot) => Promise<Tidying>;
}

/** Files to write and then paths to remove, so that the baselines stay within bounds. */
export interface Tidying {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly remove: readonly string[];
}

/** What a search for ancestors found. */
export interface Ancestors {
  /** Nearest first, the commit itself included. */
  readonly commits: readonly string[];
  /** Why none was found, each a sentence without full stop; empty where some were. */
  readonly reasons: readonly string[];
  /** What the user should know of the search. */
  readonly notes: readonly string[];
}

/** A place that keeps the files of one suite: a folder or a git branch. */
export interface Medium {
  readonly snapshot: () => Promise<Snapshot>;
  /** Makes the change: in a branch the whole of it or nothing, in a folder file by file, each whole. Returns the revision by which it can be linked, null where there is none. */
  readonly update: (change: Change) => Promise<string | null>;
  /** The `count` nearest of the `recorded` commits and names (oldest first) that the candidate descends from. */
  readonly ancestors: (at: At, recorded: readonly string[], count: number) => Promise<Ancestors>;
  /** Those of the `recorded` commits and names (oldest first) that some line of history would be compared with; null where nobody can tell. */
  readonly builtOn: (recorded: readonly string[]) => Promise<ReadonlySet<string> | null>;
  /** The full hash of a name of a commit; null where there is none. */
  readonly resolve: (name: string) => Promise<string | null>;
  /** The folders of all suites that have files here. */
  readonly suites: () => Promise<readonly string[]>;
  /** A path for messages, and what to do about a damaged file there. */
  readonly where: (path: string) => string;
  readonly fixDamaged: (path: string) => string;
  /** The folder of the suite within the medium. */
  readonly folder: string;
}
