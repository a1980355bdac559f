/**
 * The types that pass between rooms: plain data, no behaviour. One word, one meaning (docs/method.md, "Words").
 * Typed arrays are aligned with the eval set's rows unless a comment says otherwise.
 */

// ---------------------------------------------------------------- eval set and checkpoints

/** Images with true labels and optional metadata columns; fixed across checkpoints. */
export interface EvalSet {
  /** Image names as in the manifest ('/'-separated, relative to `folder`), unique, in manifest order. */
  readonly images: readonly string[];
  /** Absolute folder of the images; null where features are given and there are no pictures. */
  readonly folder: string | null;
  /** Class names, sorted by code unit. */
  readonly classes: readonly string[];
  /** Index into `classes` of each image's label. */
  readonly labels: Int32Array;
  /** Metadata columns of the manifest: one text a row. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** SHA-256 (hex) over the images' names, their labels and the classes. */
  readonly fingerprint: string;
}

/** One state of the inspected model, known by its predictions on the eval set. */
export interface Checkpoint {
  readonly name: string;
  /** Index into `EvalSet.classes` of each prediction; null where only a `failed` column is known. */
  readonly predictions: Int32Array | null;
  /** 1 where prediction != label, or as a `failed` column says. */
  readonly failed: Uint8Array;
  /** Confidence in the prediction, 0 to 1, where given. */
  readonly confidence: Float64Array | null;
}

// ---------------------------------------------------------------- features

/** Where the features of an eval set lie: a float32 `.npy` file, C order, one row an image. */
export interface FeatureFile {
  readonly path: string;
  /** Byte offset of the first value in the file. */
  readonly offset: number;
  /** Features an image. */
  readonly dimensions: number;
  /** Row in the file of each eval-set row. */
  readonly rowOf: Uint32Array;
  readonly model: FeatureModelInfo;
}

/** What features depend on besides the images' bytes. */
export interface FeatureModelInfo {
  /** SHA-256 (hex) over model bytes, layer and preprocessing, or over the given feature file's shape and name. */
  readonly fingerprint: string;
  readonly dimensions: number;
  /** The engine that computed them ("onnx-cpu"), or "file" where they were given. */
  readonly engine: string;
}

/** Features of some images, column by column: feature `from + j` of row i is `values[j * rows + i]`. Backed by shared memory. */
export interface Columns {
  readonly rows: number;
  /** First feature and one past the last. */
  readonly from: number;
  readonly to: number;
  readonly values: Float32Array;
}

/** Reads features `from`..`to` (exclusive) of the given eval-set rows; at the start of `into` where a reader can and it is given. */
export type ReadColumns = (rows: Uint32Array, from: number, to: number, into?: SharedArrayBuffer) => Promise<Columns>;

/** What people call a feature (`features.yml`). */
export interface FeatureName {
  readonly name: string;
  /** Whether failures hang on it for no good reason, for too much of one, or nobody can tell; null where nobody said. */
  readonly kind: 'spurious' | 'overemphasised' | 'unclear' | null;
  readonly note: string | null;
}

/** By feature number. */
export type FeatureNames = ReadonlyMap<number, FeatureName>;

// ---------------------------------------------------------------- work in threads

/**
 * A module whose default export is a pure function, run in a worker thread. `url` is the module's own
 * `import.meta.url`, so that it resolves from source and from the built package alike.
 */
export interface WorkerModule<Task, Outcome> {
  readonly url: string;
  readonly run: (task: Task) => Outcome | Promise<Outcome>;
}

/** Runs a task in some worker thread. Outcomes never depend on which, nor on how many there are. */
export type RunTask = <Task, Outcome>(worker: WorkerModule<Task, Outcome>, task: Task) => Promise<Outcome>;

/** Called as a stage goes on: `done` of `total` units. */
export type OnProgress = (stage: string, done: number, total: number) => void;

// ---------------------------------------------------------------- groups, trees, failure modes

export type Grouping = 'all' | 'label' | 'prediction' | 'confusion' | 'union' | 'column';

/**
 * The images one tree is grown on. An image's failure in a group is a property of the image and one
 * checkpoint's prediction: `label`, `all`, `column`: wrong; `prediction:k`: predicted k, label is not k;
 * `confusion:a~b`: label one of them, predicted the other; `union:k`: exactly one of label and prediction is k.
 */
export interface Group {
  /** `all`, `label:<class>`, `prediction:<class>`, `confusion:<a>~<b>`, `union:<class>`, `<column>:<value>`. */
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
  /** Monte Carlo shuffles; 0 turns single-checkpoint p-values off. */
  readonly shuffles: number;
}

// ---------------------------------------------------------------- comparison and gate

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

export type Severity = 'error' | 'warning' | 'off';
export type Operator = '<' | '<=' | '>' | '>=' | '==';

/** One rule of the gate, judged. */
export interface Check {
  readonly id: string;
  /** What it judges: a cluster's id, a group's id or `all`. */
  readonly subject: string;
  readonly expected: number | null;
  readonly operator: Operator;
  /** Null where the value is missing; the check then fails. */
  readonly actual: number | null;
  readonly passed: boolean;
  readonly severity: Severity;
  readonly message: string;
}

export interface Verdict {
  /** No check of severity `error` failed. */
  readonly passed: boolean;
  readonly checks: readonly Check[];
}

/** A check as data: what is measured, on which groups, operator, value, severity. */
export interface CheckRule {
  readonly id: string;
  readonly severity: Severity;
  readonly measure: string;
  /** Group ids or patterns with `*`; empty means all that the measure applies to. */
  readonly groups: readonly string[];
  readonly operator: Operator;
  readonly value: number;
}

export interface AcceptedCluster {
  readonly cluster: string;
  readonly reason: string;
  /** Last day (UTC, YYYY-MM-DD) on which the entry holds. */
  readonly until: string;
}

export interface GateOptions {
  readonly significance: number;
  readonly conditions: number;
  readonly minErrorRateIncrease: number;
  readonly minNewFailures: number;
  readonly checks: readonly CheckRule[];
  readonly accepted: readonly AcceptedCluster[];
}

// ---------------------------------------------------------------- baselines

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

// ---------------------------------------------------------------- config

export type EngineName =
  | 'auto'
  | 'onnx'
  | 'onnx-cuda'
  | 'onnx-webgpu'
  | 'onnx-cpu'
  | 'onnx-wasm'
  | 'tfjs'
  | 'tfjs-node-gpu'
  | 'tfjs-node'
  | 'tfjs-wasm';

/** What an image that cannot be read or decoded does: end the run, or be left out of it. */
export type OnBadImage = 'fail' | 'skip';

/** torchvision's pipeline; null steps are left out. */
export interface PreprocessOptions {
  /** Length of the shorter side after resizing, in pixels. */
  readonly resize: number | null;
  /** Side of the centre crop, in pixels. */
  readonly crop: number | null;
  /** Per RGB channel, on values in [0, 1]. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

export interface FeatureModelOptions {
  readonly path: string;
  /** Names of the feature vector and of the feature map; null: found in the graph. */
  readonly layer: { readonly features: string | null; readonly featureMap: string | null };
  /** Null: from the model's input shape, values in [0, 1]. */
  readonly preprocess: PreprocessOptions | null;
}

/** How checkpoints that are model files are run; they are states of one model, so it holds for all of them. */
export interface CheckpointModelOptions {
  /** Tensor of the scores, images x classes; null: what the last dense layer gives. */
  readonly output: string | null;
  /** Class of each score, or the file that names them, a line each; null: the eval set's classes, sorted by code unit. */
  readonly classes: readonly string[] | string | null;
  /** Null: from the model's input shape, values in [0, 1]. */
  readonly preprocess: PreprocessOptions | null;
}

export interface ReportOptions {
  readonly clusters: number;
  readonly images: number;
  /** `budget`: image steps (images x steps) that the attacks of a run may take. */
  readonly attack: { readonly steps: number; readonly stepSize: number | 'auto'; readonly budget: number };
  readonly featureNames: string | null;
}

/** What the columns of manifests and prediction files are called. */
export interface ColumnNames {
  readonly image: string;
  readonly label: string;
  readonly prediction: string;
  readonly failed: string;
  readonly confidence: string;
}

/** barlow.yml, checked and with every default filled in. Paths are absolute. */
export interface Config {
  /** The config file. */
  readonly file: string;
  readonly name: string;
  readonly evalSet: {
    readonly images: string | null;
    readonly manifest: string;
    /** Classes beyond those that labels name. */
    readonly classes: readonly string[];
    readonly columns: ColumnNames;
    readonly onBadImage: OnBadImage;
  };
  readonly checkpoints: readonly { readonly name: string; readonly path: string }[];
  readonly checkpointModel: CheckpointModelOptions;
  readonly featureModel: FeatureModelOptions | null;
  /** A `.npy` of features computed elsewhere. */
  readonly features: string | null;
  readonly engine: EngineName;
  readonly groups: readonly string[];
  readonly analysis: AnalysisOptions;
  readonly baseline: BaselineOptions;
  readonly gate: GateOptions;
  readonly report: ReportOptions;
}

// ---------------------------------------------------------------- result

export interface CheckpointResult {
  readonly name: string;
  readonly images: number;
  readonly failures: number;
  readonly baseErrorRate: number;
  readonly groups: readonly GroupAnalysis[];
  readonly comparison: Comparison | null;
  /** Null where there was nothing to judge (no baseline asked for). */
  readonly verdict: Verdict | null;
}

/** Everything a run found; `result.json`, by schemas/result.schema.json. */
export interface Result {
  readonly schemaVersion: 1;
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
  readonly options: { readonly analysis: AnalysisOptions; readonly gate: GateOptions };
  readonly checkpoints: readonly CheckpointResult[];
}
