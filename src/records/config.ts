/** barlow.yml, checked and with every default filled in. */
import type { AnalysisOptions } from './analysis.ts';
import type { BaselineOptions } from './baseline.ts';
import type { EngineName } from './engines.ts';
import type { ColumnNames, OnBadImage } from './evalSet.ts';
import type { SliceOptions } from './slices.ts';
import type { GateOptions } from './verdict.ts';

/** Where every door finds the config, and where it puts reports, unless told otherwise. */
export const defaultConfig = 'barlow.yml';
export const defaultOut = 'barlow-report';

/** torchvision's pipeline; null steps are left out. */
export interface PreprocessOptions {
  /** Length of the shorter (or longer) side after resizing, or height and width, in pixels. */
  readonly resize: number | readonly [number, number] | null;
  /** Default: the shorter. */
  readonly resizeSide?: 'shorter' | 'longer';
  /** Default: bilinear. */
  readonly interpolation?: 'bilinear' | 'bicubic' | 'lanczos';
  /** Default: true. */
  readonly antialias?: boolean;
  /** Order in which the model takes them; `mean` and `std` are of R, G, B all the same. Default: RGB. */
  readonly channels?: 'rgb' | 'bgr';
  /** Side of the centre crop, in pixels. */
  readonly crop: number | null;
  /** Per RGB channel, on values in [0, 1]. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** Preprocessing that a library does, by its name. */
export const preprocessPresets = [
  'torchvision',
  'timm',
  'huggingface',
  'keras:caffe',
  'keras:tf',
  'keras:torch',
] as const;
export type PreprocessPreset = (typeof preprocessPresets)[number];

export interface FeatureModelOptions {
  readonly path: string;
  /** Names of the feature vector and of the feature map; null: found in the graph. */
  readonly layer: { readonly features: string | null; readonly featureMap: string | null };
  /** Null: from the model's input shape, values in [0, 1]. */
  readonly preprocess: PreprocessOptions | PreprocessPreset | null;
}

/** How checkpoints that are model files are run; they are states of one model, so it holds for all of them. */
export interface CheckpointModelOptions {
  /** Tensor of the scores, images x classes; null: what the last dense layer gives. */
  readonly output: string | null;
  /** Class of each score, or the file that names them, one per line; null: the eval set's classes, sorted by code unit. */
  readonly classes: readonly string[] | string | null;
  /** Null: from the model's input shape, values in [0, 1]. */
  readonly preprocess: PreprocessOptions | PreprocessPreset | null;
}

export interface ReportOptions {
  readonly clusters: number;
  readonly images: number;
  /** `budget`: image steps (images x steps) that the attacks of a run may take. */
  readonly attack: { readonly steps: number; readonly stepSize: number | 'auto'; readonly budget: number };
  readonly featureNames: string | null;
}

/** The images that checkpoints were trained on. */
export interface TrainingSetOptions {
  readonly images: string | null;
  /** As `evalSet.manifest`. */
  readonly manifest: string | null;
  /** Names of its classes by index, or the file of them; empty: its labels are names. */
  readonly classes: readonly string[] | string;
  /** A `.npy` of features computed elsewhere. */
  readonly features: string | null;
}

/** barlow.yml, checked and with every default filled in. Paths are absolute. */
export interface Config {
  /** The config file. */
  readonly file: string;
  readonly name: string;
  readonly evalSet: {
    readonly images: string | null;
    /** Null: the folder says the labels, one a class, or `metadata.csv` or `metadata.jsonl` in it. */
    readonly manifest: string | null;
    /** Classes beyond those that labels name, in the order of a model's outputs where all are named; or a file of them. */
    readonly classes: readonly string[] | string;
    readonly columns: ColumnNames;
    readonly onBadImage: OnBadImage;
    /** Share of the images that may be skipped. */
    readonly maxBadImages: number;
  };
  /** What checkpoints were trained on; null: not told. */
  readonly trainingSet: TrainingSetOptions | null;
  /** Images without labels, among which those are looked for that are as what newly fails. */
  readonly pool: { readonly images: string } | null;
  /** Whether to test the rules of events on changed images, where a checkpoint is a model. */
  readonly counterfactual: boolean;
  readonly checkpoints: readonly { readonly name: string; readonly path: string }[];
  readonly checkpointModel: CheckpointModelOptions;
  readonly featureModel: FeatureModelOptions | null;
  /** A `.npy` of features computed elsewhere. */
  readonly features: string | null;
  readonly engine: EngineName;
  readonly groups: readonly string[];
  readonly analysis: AnalysisOptions;
  readonly baseline: BaselineOptions & {
    /** Name of the checkpoint that is recorded where a run judges several; null: the first. */
    readonly checkpoint: string | null;
  };
  readonly slices: readonly SliceOptions[];
  readonly gate: GateOptions;
  readonly report: ReportOptions;
}
