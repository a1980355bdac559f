/** A commit and, for a pull request, the branch it is to be merged into; names or hashes. */
export interface At {
  /** Null outside a git repository. */
  readonly head: string | null;
  /** Null for a plain commit: its own ancestors are then searched, itself left out. */
  readonly base: string | null;
}

/** The files of one suite as they are at one moment; paths are '/'-separated, relative to the suite's folder. */
export interface Snapshot {
  readonly paths: readonly string[];
  /** Contents in the order asked for. Throws where a path is gone. */
  readonly read: (paths: readonly string[]) => Promise<readonly Uint8Array[]>;
}

/** A change that can be made again on top of another writer's. */
export interface Change {
  /** One line for the log. */
  readonly message: string;
  /** Files to write, in this order. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Called with what is there before the files are written; throws where they must not be. */
  readonly guard: (before: Snapshot) => Promise<void>;
  /** Called with what is there once the files are written: the paths to remove. */
  readonly stale: (after: Snapshot) => Promise<readonly string[]>;
}

/** Where a search for ancestors ended. */
export interface Ancestors {
  /** Newest first. */
  readonly commits: readonly string[];
  /** Why there are fewer than asked for, as far as the medium knows; null where the whole history was searched. */
  readonly note: string | null;
}

/** A place that keeps the files of one suite: a folder or a git branch. */
export interface Medium {
  readonly snapshot: () => Promise<Snapshot>;
  /** Makes the change whole or not at all; returns the revision it can be linked by, null where there is none. */
  readonly update: (change: Change) => Promise<string | null>;
  /** The `count` nearest commits of `recorded` (commit -> time of recording) that the candidate descends from. */
  readonly ancestors: (at: At, recorded: ReadonlyMap<string, string>, count: number) => Promise<Ancestors>;
  /** The full hash of a name of a commit; null where there is none. */
  readonly resolve: (name: string) => Promise<string | null>;
  /** A path for messages, and what to do about a damaged file there. */
  readonly where: (path: string) => string;
  readonly fixDamaged: (path: string) => string;
  /** The folder of the suite within the medium. */
  readonly folder: string;
}
