/** Watched slices: images named beforehand, tested each time without a search. */
import type { ImageList } from './comparison.ts';

/** A slice as the config names it. */
export interface SliceOptions {
  readonly name: string;
  /** A condition on metadata and features, or a file that names images, one per line (absolute path). */
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
  /** Images of an event that the eval set has no more; 0 for slices of the config. */
  readonly gone: number;
}

/** How a slice fared; `slices` of a checkpoint in result.json. */
export interface SliceResult {
  readonly name: string;
  readonly source: Slice['source'];
  readonly since: string | null;
  /** Images that are compared, or all where nothing is; `failures` of them. */
  readonly size: number;
  readonly failures: number;
  /** Its images that the newest accepted checkpoint was not judged on, or with another label: they count for `maxErrorRate` alone. */
  readonly uncompared: { readonly images: number; readonly failures: number };
  /** Images of an event that the eval set has no more. */
  readonly gone: number;
  /** Images that were in the slice at the newest baseline, are still evaluated, and are in it no more. */
  readonly left: number;
  /** Of the newest accepted checkpoint; null where nothing is compared, as are the next four. */
  readonly baselineFailures: number | null;
  readonly newlyFailed: number | null;
  readonly newlyFixed: number | null;
  /** McNemar's exact test, two-sided. */
  readonly pValue: number | null;
  /** Holm over the slices that could be significant at all. */
  readonly adjustedPValue: number | null;
  readonly status: 'worsened' | 'unchanged' | 'improved' | 'not compared';
  readonly maxErrorRate: number | null;
  /** Names of its images that newly fail, in manifest order. */
  readonly images: readonly string[];
  /** Those of its images that `size` counts. */
  readonly members: ImageList;
}
