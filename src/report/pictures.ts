/** A picture ready to show: pixels as a data URI (WebP, PNG, AVIF or JPEG) and what it shows. */
export interface LabelledPicture {
  /** Name of the image it is or comes from. */
  readonly image: string;
  /** `data:image/...;base64,...`. */
  readonly uri: string;
  /** In pixels; reserve the space before the picture is decoded. */
  readonly width: number;
  readonly height: number;
  /** Its true class; null where unknown. */
  readonly label: string | null;
  /** What the checkpoint takes it for; null where unknown. */
  readonly prediction: string | null;
  /** What the accepted checkpoint takes it for; not there where it is not told. */
  readonly before?: string | null;
  /** How sure the checkpoint is of its prediction, in words. */
  readonly sure?: string | null;
  /** Element id in the page, where others point to it. */
  readonly id?: string | null;
  /** Ids of the pictures that are most like it. */
  readonly alike?: readonly string[];
}

/** Of one new or known cluster, or of one leaf. */
export interface ImagePictures {
  /** Cluster: images that newly fail. Leaf: images that fail. */
  readonly failing: readonly LabelledPicture[];
  /** Images of the same group that are still right. */
  readonly right: readonly LabelledPicture[];
}

/** Of one event. */
export interface EventPictures {
  /** That newly fail, the most typical first. */
  readonly failing: readonly LabelledPicture[];
  /** Of the same classes, most alike and still right. */
  readonly right: readonly LabelledPicture[];
  /** Those that newly failing images are compared with, by name. */
  readonly neighbours: ReadonlyMap<string, LabelledPicture>;
  /** Of the config's pool, which has no labels: images that lie where the event is, the most typical first. */
  readonly unlabelled: readonly LabelledPicture[];
  /** Names in `neighbours` of the images most like each that newly fails, by its name. */
  readonly alike: ReadonlyMap<string, readonly string[]>;
}

/** Newly failed images of an event that were changed: `before[i]` and `after[i]` show the same, each with what the checkpoint takes it for. */
export interface TrialPictures {
  readonly before: readonly LabelledPicture[];
  readonly after: readonly LabelledPicture[];
}

/** What a feature looks for. `mostActivating[i]`, `heatmaps[i]` and `attacks[i]` show the same image; the last two may be empty. */
export interface FeaturePictures {
  readonly mostActivating: readonly LabelledPicture[];
  readonly heatmaps: readonly LabelledPicture[];
  /** The image changed so that the feature is as strong as it gets. */
  readonly attacks: readonly LabelledPicture[];
}

/** Key of a cluster or a leaf of one checkpoint; several checkpoints may have the same region. */
export function keyOf(checkpoint: string, id: string): string {
  return JSON.stringify([checkpoint, id]);
}

/** Every part may be missing: a report stands without pictures. Keys are `keyOf` events, clusters and leaves, and feature numbers. */
export interface Pictures {
  readonly events: ReadonlyMap<string, EventPictures>;
  readonly clusters: ReadonlyMap<string, ImagePictures>;
  readonly leaves: ReadonlyMap<string, ImagePictures>;
  readonly features: ReadonlyMap<number, FeaturePictures>;
}

/** A contact sheet that a comment links. */
export interface LinkedSheet {
  /** Absolute http(s) address; anything else is not shown. */
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

/** The contact sheets of an event; null where none can be made. */
export interface EventSheets {
  /** Images that newly fail, the most typical first. */
  readonly failing: LinkedSheet | null;
  /** Images of the same class that are still right, the most alike first. */
  readonly right: LinkedSheet | null;
}

/** Where the whole report can be read. */
export interface ReportLink {
  /** Absolute http(s) address; anything else is not shown. */
  readonly url: string;
  /** Whether it opens the report itself, or the run that made it. */
  readonly isReport: boolean;
}
