/** Everything a run found. */
import type { AnalysisOptions, GroupAnalysis } from './analysis.ts';
import type { TrainingSetInfo } from './causes.ts';
import type { Comparison, FailureEvent } from './comparison.ts';
import type { FeatureModelInfo } from './features.ts';
import type { SliceResult } from './slices.ts';
import type { GateOptions, Verdict } from './verdict.ts';

export interface CheckpointResult {
  readonly name: string;
  readonly images: number;
  readonly failures: number;
  readonly baseErrorRate: number;
  readonly groups: readonly GroupAnalysis[];
  readonly comparison: Comparison | null;
  /** What newly fails, told as happenings, the most surprising first; empty where nothing was compared. */
  readonly events: readonly FailureEvent[];
  /** The watched slices: those of the config, then events that once failed a run. */
  readonly slices: readonly SliceResult[];
  /** Null only where a checkpoint is recorded without being judged. */
  readonly verdict: Verdict | null;
}

/** Everything a run found; `result.json`, by schemas/result.schema.json. */
export interface Result {
  readonly schemaVersion: 2;
  readonly suite: string;
  /** The commit judged; null outside a git repository. */
  readonly commit: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly evalSet: {
    readonly images: number;
    readonly classes: readonly string[];
    readonly fingerprint: string;
    /** Names of the images left out because they cannot be read or decoded; counted in no figure. */
    readonly skipped: readonly string[];
  };
  readonly featureModel: FeatureModelInfo;
  /** Names of the image properties, which count as features after those of the model; empty where no image was read. */
  readonly properties: readonly string[];
  readonly options: { readonly analysis: AnalysisOptions; readonly gate: GateOptions };
  readonly checkpoints: readonly CheckpointResult[];
  /** Null where none is configured, nothing newly fails or it could not be read. */
  readonly trainingSet: TrainingSetInfo | null;
}
