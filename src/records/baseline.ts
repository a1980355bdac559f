/** What is kept of an accepted checkpoint. */
import type { Leaf } from './analysis.ts';

/** What a baseline holds for one suite and one commit. */
export interface BaselineRecord {
  readonly schemaVersion: 1;
  readonly suite: string;
  readonly commit: string;
  readonly checkpoint: string;
  readonly createdAt: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly featureModel: { readonly fingerprint: string; readonly dimensions: number };
  readonly evalSet: {
    readonly fingerprint: string;
    readonly classes: readonly string[];
    readonly images: readonly string[];
    readonly labels: readonly number[];
  };
  /** Aligned with `evalSet.images`; null where only failures are known. */
  readonly predictions: readonly number[] | null;
  /** 0 or 1; aligned with `evalSet.images`. */
  readonly failed: readonly number[];
  readonly groups: readonly BaselineGroup[];
}

export interface BaselineGroup {
  readonly id: string;
  readonly size: number;
  readonly failures: number;
  readonly baseErrorRate: number;
  readonly aler: number | null;
  readonly leaves: readonly Leaf[];
}

/** One small row a baseline, kept when the baseline itself is pruned; feeds the trend over checkpoints. */
export interface HistoryRow {
  readonly commit: string;
  readonly checkpoint: string;
  readonly createdAt: string;
  readonly images: number;
  readonly failures: number;
  /** Mean ALER of the groups that grew a tree; null where none did. */
  readonly meanAler: number | null;
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
