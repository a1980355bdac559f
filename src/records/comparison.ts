/** A candidate beside accepted checkpoints, on the same images. */
import type { EventAction } from './actions.ts';
import type { Region } from './analysis.ts';
import type { Counterfactual, TrainingEvidence } from './causes.ts';
import type { Grouping } from './groupKinds.ts';
import type { PoolEvidence } from './pool.ts';

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
  /** `new` only: the images most like one of them, where no rule tells what newly fails as well; `rule` is then empty. Null elsewhere. */
  readonly neighbourhood: Neighbourhood | null;
  readonly size: number;
  readonly newlyFailed: number;
  readonly newlyFixed: number;
  readonly baselineErrorRate: number;
  readonly errorRate: number;
  /** `new`: of the whole run, by draws of who the candidate is. Others: McNemar's exact test. */
  readonly pValue: number;
  /** `new`: the same. Others: Holm over the run. */
  readonly adjustedPValue: number;
  /** `new` only: p-value with the signs shuffled inside the group; small where the cluster is more than a general decline. */
  readonly specificPValue: number | null;
  /** `new` only. */
  readonly scope: 'specific' | 'general' | null;
  /** Names of the images of the region that newly fail, in manifest order. */
  readonly images: readonly string[];
  /** `new` only: the region that the test found. `rule`, and all that is counted above, is of that region told better. */
  readonly found: FoundRegion | null;
  /** `new` only: the share of the rule's images that newly fail. */
  readonly precision: number | null;
  /** `new` only: the share of the images that newly fail in the region found that the rule holds. */
  readonly recall: number | null;
  /** Of the baseline's failure mode and the candidate's leaf with the most images in common; null where there is none. */
  readonly match: ClusterMatch | null;
}

/** Images of a group that are most like one of them. */
export interface Neighbourhood {
  /** Name of that image. */
  readonly around: string;
  /** `ball`: they lie nearest to it; `cap`: they have most of what sets it and those nearest to it apart from the group. */
  readonly shape: 'ball' | 'cap';
  /** Names of all of them, the most alike first. */
  readonly images: readonly string[];
}

/** A region of the family of the scan, with what lies in it. */
export interface FoundRegion {
  readonly rule: Region;
  /** Null where it is no neighbourhood. */
  readonly neighbourhood: Pick<Neighbourhood, 'around' | 'shape'> | null;
  readonly size: number;
  readonly newlyFailed: number;
  readonly newlyFixed: number;
  /** S + H, nats. */
  readonly score: number;
}

/** New clusters that are one happening: they share newly failed images. */
export interface FailureEvent {
  /** Id of its first cluster, or of the event of another checkpoint of the run that it is. */
  readonly id: string;
  /** "Automobiles taken for trucks: 37 of 38; redder in the centre than 9 in 10 other automobiles". Fit to print in one line. */
  readonly title: string;
  /** Who is taken for whom, then what else its images share, the most telling first. */
  readonly traits: readonly EventTrait[];
  /** Ids of its clusters, the most surprising first. */
  readonly clusters: readonly string[];
  /** The images that newly fail, the most typical first. */
  readonly images: readonly EventImage[];
  /** How sure of its wrong answers the candidate is; null where no confidence is known. */
  readonly confidence: EventConfidence | null;
  /** The other images that lie in its clusters. */
  readonly others: ImageList;
  /** Name of the watched slice that holds most of its images; null where none does. */
  readonly known: string | null;
  /** Null where no training set is configured or it could not be read. */
  readonly trainingSet: TrainingEvidence | null;
  /** Null where no pool is configured, it could not be read, or the event is none of the first. */
  readonly pool: PoolEvidence | null;
  /** Null where it is turned off, the checkpoint is no model, or it could not be tried. */
  readonly counterfactual: Counterfactual | null;
  /** What somebody could do about it, what its evidence speaks for first. */
  readonly actions: readonly EventAction[];
}

/** Median confidences over the images that newly fail. */
export interface EventConfidence {
  /** Of the candidate in its wrong answers. */
  readonly after: number;
  /** Of the newest accepted checkpoint in its answers, right ones; null where it is not known. */
  readonly before: number | null;
}

/** What the images of an event share. `text` says it in words, fit to print in one line. */
export type EventTrait = ConfusionTrait | MetadataTrait | DifferenceTrait;

/** Who is taken for whom. */
export interface ConfusionTrait {
  readonly kind: 'confusion';
  readonly text: string;
  /** Null where no class makes up most of the images. */
  readonly label: string | null;
  /** What they are taken for most often; null where only failures are known. */
  readonly prediction: string | null;
  /** Images, of all of the event, that are of the label and taken for the prediction. */
  readonly images: number;
  readonly of: number;
}

/** What sets the event's images apart from others of a group. */
interface Apart {
  readonly text: string;
  /** Id of the group with whose other images they are compared. */
  readonly group: string;
  /** By Holm over all that was looked at of its kind. */
  readonly pValue: number;
}

/** A value of a column of the manifest that is over-represented, by Fisher's exact test. */
export interface MetadataTrait extends Apart {
  readonly kind: 'metadata';
  readonly column: string;
  readonly value: string;
  /** Images of the event that have it, of how many. */
  readonly images: number;
  readonly of: number;
  /** The same of the group's other images. */
  readonly others: number;
  readonly ofOthers: number;
}

/** What the event's images have more or less of, by Mann and Whitney's test. */
export interface DifferenceTrait extends Apart {
  /** An image property, a feature that somebody named, or a column of numbers. */
  readonly kind: 'property' | 'feature' | 'number';
  /** As in `imageProperties`, in features.yml or in the manifest. */
  readonly name: string;
  /** Feature number; null for a column. */
  readonly feature: number | null;
  readonly greater: boolean;
  /** Share of the group's other images that the median of the event's exceeds, or stays below. */
  readonly share: number;
}

/** An image that newly fails in an event. */
export interface EventImage {
  readonly name: string;
  readonly label: string;
  /** What the newest accepted checkpoint and the candidate take it for; null where only failures are known. */
  readonly before: string | null;
  readonly after: string | null;
  /** The candidate's, 0 to 1; null where it is not known. */
  readonly confidence: number | null;
  /** The newest accepted checkpoint's; null where it is not known. */
  readonly confidenceBefore: number | null;
  /** Distance to the mean of the newly failed images in whitened features, a feature: the smaller, the more typical. */
  readonly typical: number;
}

/** What became of an image between accepted checkpoints and candidate; the last two where nothing was compared. */
export type ImageChange = 'newly failed' | 'failed before' | 'still right' | 'newly right' | 'fails' | 'right';

/** An image of a region or of a slice. */
export interface ChangedImage extends Omit<EventImage, 'typical'> {
  readonly change: ImageChange;
}

/** The images of a region or of a slice, in manifest order. */
export interface ImageList {
  readonly images: readonly ChangedImage[];
  /** How many are left out to keep the result small; those that are kept are spread evenly over the manifest. */
  readonly leftOut: number;
}

/** An image that the newest accepted checkpoint has right and the candidate has not. */
export interface NewlyFailed extends Omit<EventImage, 'typical'> {
  /** Id of the event that it is of; null where it is of none. */
  readonly event: string | null;
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
  /** Newly failed images of the smallest cluster that this run could have failed on, about; null where none could. */
  readonly smallestVisible: number | null;
}

/** Images that all checkpoints have right, on which the candidate became less sure than on the rest of the group. It decides nothing. */
export interface Weakening {
  readonly group: string;
  readonly rule: Region;
  /** Images. */
  readonly size: number;
  /** Mean confidence there of the newest accepted checkpoint and of the candidate. */
  readonly before: number;
  readonly after: number;
  /** Of the whole run, by the draws of the scan. */
  readonly pValue: number;
}

/** What became of the images of the newest baseline. */
export interface EvalSetChanges {
  /** Images that the baseline has. */
  readonly images: number;
  /** Not evaluated now. */
  readonly lost: number;
  /** Evaluated now with another label. */
  readonly relabelled: number;
  /** Evaluated now with the same label and other bytes; 0 where bytes are not known. */
  readonly rewritten: number;
  /** Evaluated now, and not in the baseline. */
  readonly added: number;
}

export interface Comparison {
  /** All that the candidate is compared with, newest first; new clusters are what none of them shows, or the newest of them does not. */
  readonly baselines: readonly { readonly commit: string; readonly checkpoint: string }[];
  /** The newest of them: known clusters and groups are compared with it. */
  readonly baseline: { readonly commit: string; readonly checkpoint: string; readonly baseErrorRate: number };
  /** Images that candidate and baselines have. */
  readonly images: number;
  readonly evalSet: EvalSetChanges;
  /** What else is not as it was when the baselines were recorded, and what was done about it: sentences. */
  readonly notes: readonly string[];
  readonly clusters: readonly Cluster[];
  /** Regions in which the candidate is newly right, by the same scan with the sides exchanged; they decide nothing. */
  readonly improvements: readonly Cluster[];
  /** Those regions told as events: `images` are those that are newly right. */
  readonly mended: readonly FailureEvent[];
  /** All images that newly fail, the most confident first where that is known, in no event or in one. */
  readonly newlyFailed: readonly NewlyFailed[];
  /** Where right answers became less sure, one region a group at most, the least likely by chance first; they decide nothing. Empty where confidences are not known. */
  readonly weakenings: readonly Weakening[];
  /** The whole set first (`all`), then the groups of the run. */
  readonly groups: readonly GroupComparison[];
}
