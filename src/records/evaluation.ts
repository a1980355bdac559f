/** How well trees explain failures (Barlow, section 7 and Table 1). */

/** How well trees of one depth explain the failures of one grouping. */
export interface Evaluation {
  /** `label`, `prediction`, ..., or the name of a column. */
  readonly grouping: string;
  readonly depth: number;
  /** Groups that grew no tree; they count nowhere below. */
  readonly skipped: number;
  /** ALER - BER over the groups; null where none grew a tree. */
  readonly alerIncrease: Distribution | null;
  /** Share of groups whose best leaf, by importance value, is a failure mode; null where none grew a tree. */
  readonly failureModeShare: number | null;
  readonly groups: readonly GroupEvaluation[];
}

export interface Distribution {
  readonly mean: number;
  readonly min: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
  readonly max: number;
}

export interface GroupEvaluation {
  readonly id: string;
  readonly baseErrorRate: number;
  readonly aler: number;
  readonly alerIncrease: number;
  /** Of the leaf with the greatest importance value. */
  readonly bestLeaf: { readonly errorRate: number; readonly errorCoverage: number; readonly failureMode: boolean };
}
