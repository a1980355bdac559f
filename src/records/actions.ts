/** What somebody could do about an event. Each has its evidence and is left out where there is none; no check and no verdict reads it. */
export type EventAction =
  | CollectAction
  | LabelPoolAction
  | CheckLabelsAction
  | BackgroundAction
  | MaskAction
  | NameTrainingSetAction
  | WatchAction
  | AcceptAction;

/** An action before it is put into words. */
export type UnwordedAction = EventAction extends infer Each
  ? Each extends EventAction
    ? Omit<Each, 'text' | 'command'>
    : never
  : never;

interface Suggested {
  /** What to do and why, fit to print in one line. */
  readonly text: string;
  /** The command that does it, or begins it, in capitals what to fill in; null where there is none. */
  readonly command: string | null;
}

/** Collect such images: the training set lacks them. Evidence: `trainingSet` of the event, and where they are, `pool`. */
export interface CollectAction extends Suggested {
  readonly kind: 'collect';
  readonly className: string;
}

/** Label images of the pool: it has such, and nothing says that the training set does. Evidence: `pool` of the event. */
export interface LabelPoolAction extends Suggested {
  readonly kind: 'label-pool';
  readonly className: string;
}

/** Look at labels: the most alike images that are not of the event are of the class that the candidate says, not of the label. */
export interface CheckLabelsAction extends Suggested {
  readonly kind: 'check-labels';
  readonly images: readonly DoubtfulLabel[];
  /** Images of the event that were looked at. */
  readonly of: number;
}

/** An image whose nearest neighbours in the feature model side with the candidate. */
export interface DoubtfulLabel {
  readonly name: string;
  readonly label: string;
  /** What the candidate takes it for. */
  readonly prediction: string;
  /** Of its nearest neighbours, those that are labelled so. */
  readonly agreeing: number;
  /** Nearest neighbours that were asked. */
  readonly neighbours: number;
}

/** Look at backgrounds: what the rule names lies outside the middle of the picture. */
export interface BackgroundAction extends Suggested, Heat {
  readonly kind: 'background';
}

/** Where in the images of an event the features of its rule are found. */
export interface Heat {
  readonly features: readonly number[];
  /** Images with heat. */
  readonly images: number;
  /** Of them, those with less than a quarter of the heat in the middle half of each side, which is a quarter of the area. */
  readonly outside: number;
  /** Sign test, two-sided: were inside and outside as likely. */
  readonly pValue: number;
}

/** Make the model depend less on what the rule names. Evidence: `counterfactual` of the event. */
export interface MaskAction extends Suggested {
  readonly kind: 'mask';
  readonly features: readonly number[];
}

/** Let the run look at the training set: none is named. */
export interface NameTrainingSetAction extends Suggested {
  readonly kind: 'name-training-set';
}

/** Have later runs test the images of an event that fails no check: no watched slice holds most of them. */
export interface WatchAction extends Suggested {
  readonly kind: 'watch';
}

/** Live with it: a check fails because of it. */
export interface AcceptAction extends Suggested {
  readonly kind: 'accept';
  /** Id of the check. */
  readonly check: string;
}
