/** What the analysis says of a checkpoint: groups, trees, failure modes. */

import type { Grouping } from './groupKinds.ts';

/** The images one tree is grown on, by its kind (`groupKinds`), which also says what fails in it. */
export interface Group {
  readonly id: string;
  readonly grouping: Grouping;
  readonly value: string;
  /** Eval-set rows, ascending. */
  readonly rows: Uint32Array;
  /** 1 where the image fails; aligned with `rows`. */
  readonly failed: Uint8Array;
}

/** One condition of a rule. Images on the left of a split satisfy `<=`, on the right `>`. */
export interface Condition {
  readonly feature: number;
  readonly op: '<=' | '>';
  /** Float64; features are compared as float32 values widened to float64. */
  readonly threshold: number;
}

/** The set of conditions of a path, at most one of each `op` per feature; decides membership from features alone. */
export type Region = readonly Condition[];

export interface TreeNode {
  readonly id: number;
  /** Null in leaves, as are threshold, left and right. */
  readonly feature: number | null;
  readonly threshold: number | null;
  readonly left: number | null;
  readonly right: number | null;
  readonly size: number;
  readonly failures: number;
  readonly errorRate: number;
  readonly errorCoverage: number;
  /** Sum of EC x ER over the leaves below (what the reference implementation prints as "error rate"). */
  readonly subtreeAler: number;
}

export interface Leaf {
  /** Stable text: the group's id, '#', and eight hex digits of the region's hash. */
  readonly id: string;
  readonly node: number;
  readonly rule: Region;
  readonly size: number;
  readonly failures: number;
  readonly errorRate: number;
  readonly errorCoverage: number;
  readonly importanceValue: number;
  /** EC >= minErrorCoverage and ER >= BER + minErrorRateIncrease. */
  readonly failureMode: boolean;
}

export interface SelectedFeature {
  readonly feature: number;
  /** In nats, Ross (2014). */
  readonly mutualInformation: number;
}

/** What the analysis says of one group and one checkpoint. */
export interface GroupAnalysis {
  readonly id: string;
  readonly grouping: Grouping;
  readonly value: string;
  readonly size: number;
  readonly failures: number;
  readonly baseErrorRate: number;
  /** Why no tree was grown; the keys below are then null or empty. */
  readonly skipped: string | null;
  readonly aler: number | null;
  /** Of the leaves that predict failure under the tree's class weights. */
  readonly precision: number | null;
  readonly recall: number | null;
  /** Monte Carlo p-value of the best leaf; null where shuffles are off. */
  readonly pValue: number | null;
  /** Holm over the groups of the run that grew a tree. */
  readonly adjustedPValue: number | null;
  readonly tree: { readonly nodes: readonly TreeNode[] } | null;
  readonly selectedFeatures: readonly SelectedFeature[];
  /** By importance value, greatest first. */
  readonly leaves: readonly Leaf[];
}

export interface AnalysisOptions {
  readonly features: { readonly select: number; readonly neighbours: number };
  readonly tree: { readonly maxDepth: number };
  readonly failureMode: { readonly minErrorCoverage: number; readonly minErrorRateIncrease: number };
  readonly minGroupSize: number;
  /** Whether trees may ask for image properties too; no where left out. */
  readonly properties?: boolean;
  /** Monte Carlo shuffles; 0 turns single-checkpoint p-values off. */
  readonly shuffles: number;
}
