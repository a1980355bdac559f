/** What may have caused an event. It informs; no check and no verdict reads it. */

/** Of some images, those that a rule holds. */
export interface InsideOf {
  readonly images: number;
  readonly inside: number;
}

/**
 * What the training set says of an event. `missing`: by far fewer of its images lie there than chance allows. `fewer`: fewer than
 * chance allows, but more than half. `unclear`: no more than half, but so few images that it may be chance. `present`: the rest.
 */
export type TrainingFinding = 'missing' | 'fewer' | 'unclear' | 'present';

/** How many images of a class lie where an event is, in the training set beside the eval set. */
export interface ClassShare {
  readonly className: string;
  /** Id of the event's cluster whose rule was counted, as it is shown. */
  readonly cluster: string;
  readonly evalSet: InsideOf;
  readonly trainingSet: InsideOf;
  /** Fisher's exact test, one-sided: that so few training images lie there, were both sets drawn alike. */
  readonly pValue: number;
  /** Holm over the events and classes of the run. */
  readonly adjustedPValue: number;
  readonly finding: TrainingFinding;
}

/** Whether the training set holds images as those of an event. */
export interface TrainingEvidence {
  /** Of each class that makes up a fifth of the event's images or more, the most frequent first. */
  readonly classes: readonly ClassShare[];
  /** Why classes were left out, or all; null where none was. */
  readonly untested: string | null;
}

/** An image that the training set and the eval set both hold, by its bytes. */
export interface SharedImage {
  readonly training: string;
  readonly evalSet: string;
}

/** What a run read of the training set. */
export interface TrainingSetInfo {
  /** Images of the whole set. */
  readonly images: number;
  /** Of these, images that were read: those of classes that newly fail. */
  readonly read: number;
  /** Names of those that cannot be used, in the set's order; counted in no figure. */
  readonly skipped: readonly string[];
  /** Of the images read, those that the eval set holds too; null where no image was read, as features were given. */
  readonly shared: readonly SharedImage[] | null;
}

/** What became of images that were changed. */
export interface MovedImages {
  /** Images changed. */
  readonly images: number;
  /** How many of them the change brought to the other side of the rule. */
  readonly crossed: number;
  /** How many of `images` the checkpoint judges otherwise after the change: now right, or now wrong. */
  readonly turned: number;
  /** The same where each image is changed as much along as many random features. */
  readonly turnedAtRandom: number;
  /** McNemar's exact test of the two, two-sided. */
  readonly pValue: number;
  /** Median L2 distance of the images that were changed, of pixel values in [0, 1]. */
  readonly distance: number;
}

/** The p-value up to which a difference from random features is told. */
const CLEAR = 0.01;

/** Whether more images turn than along random features, beyond chance. */
export function isClear({ turned, turnedAtRandom, pValue }: MovedImages): boolean {
  return turned > turnedAtRandom && pValue <= CLEAR;
}

/** Whether an event's images become right where what its rule names is taken from them, and right ones fail where it is given to them. */
export interface Counterfactual {
  /** Id of the event's cluster whose rule it is. */
  readonly cluster: string;
  /** Features of the rule that images were changed along; image properties count on from the model's features. */
  readonly features: readonly number[];
  /** Newly failed images of the rule, changed to what is usual among right images outside it; null where that was not tested. */
  readonly mend: MovedImages | null;
  /** Right images of the same class outside it, changed to what is usual among those that newly fail; null where that was not tested. */
  readonly breaks: MovedImages | null;
  /** Why nothing was tested; null where something was. */
  readonly untested: string | null;
}
