/** What is kept of an accepted checkpoint, and what is found of it again. */
import type { Leaf } from './analysis.ts';

/**
 * What a baseline holds for one suite, commit and checkpoint (schemas/baseline.schema.json, version 2). Lists of images, labels,
 * hashes, predictions, confidences and failures are aligned. A record of schema 1 is read as one of schema 2 that knows
 * neither hashes, confidences, sketch nor config, and has no events and no slices.
 */
export interface BaselineRecord {
  readonly schemaVersion: 2;
  readonly suite: string;
  /** The full hash of the commit that the checkpoint was judged at, or a name of the user's where git has no such commit. */
  readonly commit: string;
  readonly checkpoint: string;
  /**
   * False for the accepted checkpoint of the commit, of which there is one; true for a further training of the same recipe at
   * the same commit, of which there may be several, told apart by `checkpoint`.
   */
  readonly replica: boolean;
  /** ISO 8601, UTC; for people: nothing is ordered by it. */
  readonly createdAt: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** Path of the config in its repository ('/'-separated), by which two suites of one name are told apart; null where not known. */
  readonly config: string | null;
  readonly featureModel: { readonly fingerprint: string; readonly dimensions: number };
  readonly evalSet: {
    readonly fingerprint: string;
    readonly classes: readonly string[];
    readonly images: readonly string[];
    readonly labels: readonly number[];
    /** The first 64 bits of the SHA-256 of each image's bytes, as 16 hex digits; null where no image was read. */
    readonly hashes: readonly string[] | null;
  };
  /** Index into `evalSet.classes`; null where only failures are known. */
  readonly predictions: readonly number[] | null;
  /** Confidence in each prediction, 0 to 1, in millionths; null where not given. */
  readonly confidences: readonly number[] | null;
  /** 0 or 1. */
  readonly failed: readonly number[];
  /** Null where none was taken. */
  readonly sketch: FeatureSketch | null;
  readonly groups: readonly BaselineGroup[];
  /** Events that once failed a run, until they are dropped. */
  readonly events: readonly BaselineEvent[];
  /** The watched slices as this checkpoint was judged on them. */
  readonly slices: readonly BaselineSlice[];
}

/**
 * Some features of some images, by which features computed elsewhere are recognised: where a later run has the same values for
 * the same names, its features are comparable with the record's, whatever file they came from.
 */
export interface FeatureSketch {
  /** Names of images, as in `evalSet.images`. */
  readonly images: readonly string[];
  /** Feature numbers. */
  readonly features: readonly number[];
  /** Float32; feature `features[j]` of image `images[i]` is `values[i * features.length + j]`. */
  readonly values: readonly number[];
}

/** Images that broke once, watched since. */
export interface BaselineEvent {
  readonly id: string;
  readonly title: string;
  /** Names of the images that newly failed. */
  readonly images: readonly string[];
  /** The commit whose run it failed, in full. */
  readonly since: string;
}

/** A watched slice and how the recorded checkpoint did on it. */
export interface BaselineSlice {
  readonly name: string;
  readonly images: readonly string[];
  readonly failures: number;
}

export interface BaselineGroup {
  readonly id: string;
  readonly size: number;
  readonly failures: number;
  readonly baseErrorRate: number;
  readonly aler: number | null;
  readonly leaves: readonly Leaf[];
}

/**
 * What a store has to compare with at a commit.
 * - `found`: records, nearest first, those of the commit itself included; which of them are the run's own is for `comparedWith`.
 * - `empty-suite`: nothing was ever recorded for this suite; `others` are the folders of the suites that have records (say so first).
 * - `unusable`: records exist and none can be used; `reasons` in words, each a sentence without full stop, and the way out.
 */
export type Found =
  | {
      readonly kind: 'found';
      /** Full hash or name of the commit that was looked from; null where there is none. */
      readonly head: string | null;
      readonly records: readonly BaselineRecord[];
      readonly notes: readonly string[];
    }
  | NothingFound;

export type NothingFound =
  | { readonly kind: 'empty-suite'; readonly others: readonly string[]; readonly notes: readonly string[] }
  | {
      readonly kind: 'unusable';
      readonly reasons: readonly string[];
      readonly fix: string;
      readonly notes: readonly string[];
    };

/**
 * What one checkpoint of a run is compared with: as `Found`, without the run's own record and with no more than the window.
 * `own`: the checkpoint is the accepted one of this very commit (same predictions), and there is none before it.
 */
export type Baselines =
  | {
      readonly kind: 'found';
      /** Nearest first, one at least, the window at most; replicas right after the accepted checkpoint of their commit. */
      readonly records: readonly [BaselineRecord, ...BaselineRecord[]];
    }
  | { readonly kind: 'own'; readonly commit: string }
  | NothingFound;

/** One small row a baseline, kept when the baseline itself is pruned; feeds the trend over checkpoints. */
export interface HistoryRow {
  readonly commit: string;
  readonly checkpoint: string;
  readonly createdAt: string;
  readonly images: number;
  readonly failures: number;
  /** Mean ALER of the groups that grew a tree; null where none did. */
  readonly meanAler: number | null;
  /** 1 for the first that the suite recorded, and so on; 0 in rows of before there was one. Never taken from a clock. */
  readonly sequence: number;
  /** The record itself was removed to keep no more than `baseline.keep`; a row alone that does not say so has lost its record. */
  readonly pruned: boolean;
}

/** Where baselines live. `branch` and `remote` are the git store's. */
export type BaselineOptions = BaselineCommon &
  ({ readonly store: 'none' } | { readonly store: 'folder'; readonly path: string } | { readonly store: 'git' });

export interface BaselineCommon {
  readonly branch: string;
  readonly remote: string;
  /** Newest records that are kept. */
  readonly keep: number;
  /** Accepted checkpoints that a candidate is compared with. */
  readonly window: number;
  readonly onMissing: 'pass' | 'fail';
}
