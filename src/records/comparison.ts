/** A candidate beside accepted checkpoints, on the same images. */
import type { Region } from './analysis.ts';
import type { Grouping } from './groupKinds.ts';

export type ClusterStatus = 'new' | 'worsened' | 'persisting' | 'improved' | 'resolved';

/**
 * The images of a group under several checkpoints. `outcomes[0]` is the candidate's failures, the rest the
 * accepted baselines', newest first; each is aligned with `rows`.
 */
export interface PairedGroup {
  readonly id: string;
  readonly grouping: Grouping;
  readonly value: string;
  readonly rows: Uint32Array;
  readonly outcomes: readonly Uint8Array[];
}

/** How hard the images of a group are, by features and labels alone. */
export interface Difficulty {
  /** Greater: more likely to be open. One a position of the group. */
  readonly harder: Float64Array;
  /** 1 where the image cannot be open whatever is predicted: an image of a class, in the group of predictions of that class. */
  readonly never: Uint8Array;
}

/** A region in which baseline and candidate are compared on the same images. */
export interface Cluster {
  /** As `Leaf.id`. */
  readonly id: string;
  readonly group: string;
  readonly status: ClusterStatus;
  readonly rule: Region;
  readonly size: number;
  readonly newlyFailed: number;
  readonly newlyFixed: number;
  readonly baselineErrorRate: number;
  readonly errorRate: number;
  /** `new`: sign flips. Others: McNemar's exact test. */
  readonly pValue: number;
  /** Holm over the run. */
  readonly adjustedPValue: number;
  /** `new` only: p-value with the signs shuffled inside the group; small where the cluster is more than a general decline. */
  readonly specificPValue: number | null;
  /** `new` only. */
  readonly scope: 'specific' | 'general' | null;
  /** Names of the images of the region that newly fail, in manifest order. */
  readonly images: readonly string[];
  /** Of the baseline's failure mode and the candidate's leaf with the most images in common; null where there is none. */
  readonly match: ClusterMatch | null;
}

/** A candidate's failure mode paired with a baseline's by the overlap of their images. */
export interface ClusterMatch {
  /** Id of the candidate's leaf. */
  readonly leaf: string;
  readonly jaccard: number;
  readonly baselineImportanceValue: number;
  readonly importanceValue: number;
}

export interface GroupComparison {
  readonly id: string;
  readonly size: number;
  readonly baselineErrorRate: number;
  readonly errorRate: number;
  readonly baselineAler: number | null;
  readonly aler: number | null;
  readonly newlyFailed: number;
  readonly newlyFixed: number;
  /** McNemar's exact test, two-sided. */
  readonly pValue: number;
  readonly adjustedPValue: number;
}

export interface Comparison {
  readonly baseline: { readonly commit: string; readonly checkpoint: string; readonly baseErrorRate: number };
  /** Images that both baseline and candidate have. */
  readonly images: number;
  readonly clusters: readonly Cluster[];
  /** The whole set first (`all`), then the groups of the run. */
  readonly groups: readonly GroupComparison[];
}
