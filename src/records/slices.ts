/** Watched slices: images named beforehand, tested each time without a search. */
import type { ImageList } from './comparison.ts';

/** A slice as the config names it. */
export interface SliceOptions {
  readonly name: string;
  /** A condition on metadata and features, or a file that names images, a line each (absolute path). */
  readonly of: { readonly where: string } | { readonly images: string };
  /** The share of its images that may fail at most; null: any. */
  readonly maxErrorRate: number | null;
}

/** A slice with its images. */
export interface Slice {
  readonly name: string;
  /** `config`: named by the config; `event`: images of an event that once failed a run, watched since. */
  readonly source: 'config' | 'event';
  /** Rows of what is compared, ascending. */
  readonly rows: Uint32Array;
  readonly maxErrorRate: number | null;
  /** The commit whose run it failed; null for slices of the config. */
  readonly since: string | null;
}

/** How a slice fared; `slices` of a checkpoint in result.json. */
export interface SliceResult {
  readonly name: string;
  readonly source: Slice['source'];
  readonly since: string | null;
  readonly size: number;
  readonly failures: number;
  /** Of the newest accepted checkpoint; null where nothing is compared, as are the next four. */
  readonly baselineFailures: number | null;
  readonly newlyFailed: number | null;
  readonly newlyFixed: number | null;
  /** McNemar's exact test, two-sided. */
  readonly pValue: number | null;
  /** Holm over the slices. */
  readonly adjustedPValue: number | null;
  readonly status: 'worsened' | 'unchanged' | 'improved' | 'not compared';
  readonly maxErrorRate: number | null;
  /** Names of its images that newly fail, in manifest order. */
  readonly images: readonly string[];
  /** All of its images. */
  readonly members: ImageList;
}
