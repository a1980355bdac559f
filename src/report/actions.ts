import type { BackgroundAction, CheckLabelsAction, MaskAction, UnwordedAction } from '../records/actions.ts';
import type { FailureEvent } from '../records/comparison.ts';
import type { FeatureNames, featureKinds } from '../records/features.ts';
import { groupOfId } from '../records/groupKinds.ts';
import { nameText, oneLine, sentence } from '../records/names.ts';
import type { PoolEvidence } from '../records/pool.ts';
import { count, percent } from '../records/words.ts';
import { shareOf } from './causes.ts';
import { featureLabel, type RuleView } from './rule.ts';

/** So many of a cluster's failing images are taken for `className`; in groups of a predicted class: are in truth. */
export interface Confusion {
  readonly className: string;
  readonly images: number;
}

/** What suggestions are made from. */
export interface ActionGround {
  readonly rule: RuleView;
  /** Id of the group. */
  readonly group: string;
  readonly scope: 'specific' | 'general' | null;
  /** Images of the region, and of its group. */
  readonly size: number;
  readonly groupSize: number | null;
  /** Failing images that the confusions are of. */
  readonly failing: number;
  readonly confusions: readonly Confusion[];
}

/** What can be said from the figures, each a sentence or two. Nothing here claims a cause. */
export function findings(ground: ActionGround): string[] {
  const general =
    'It may be the whole group that got worse: look first at what changed for all of it (data, labels, augmentation, schedule), then at these images.';
  return [
    ...(ground.scope === 'general' ? [general] : []),
    ...confusionText(ground),
    ...presenceText(ground.rule),
    ...shareText(ground),
  ];
}

function confusionText({ confusions, failing, group }: ActionGround): string[] {
  const [first, ...others] = confusions.slice(0, 3);
  if (first === undefined) return [];
  const name = nameText(first.className);
  const rest = others.map(({ className, images }) => `, ${count(images)} ${nameText(className)}`).join('');
  if (groupOfId(group).kind.tells === 'label')
    return [`${count(first.images)} of the ${count(failing)} are in truth ${name}${rest}.`];
  return [
    `${count(first.images)} of the ${count(failing)} are taken for ${name}${rest}. Ask what they share with that class.`,
  ];
}

/** A region is all images of the group for which its conditions hold, so that none outside has what these share. */
function presenceText({ conditions }: RuleView): string[] {
  if (conditions.length === 0) return [];
  const shared = conditions
    .map(({ label, side, range }) => `${label} is ${side === 'between' ? range : `${SIDE[side]} (${range})`}`)
    .join(' and ');
  const others = { 1: 'is it so', 2: 'are both so' }[conditions.length] ?? 'are all of them so';
  const marked = conditions.flatMap(({ label, kind }) => (kind === null ? [] : [`You marked ${label} ${KIND[kind]}`]));
  return [
    `What all images here share, failing or not, as far as it was measured: ${shared}; in no other image of the group ${others}.`,
    ...marked,
  ];
}

const SIDE = { strong: 'stronger', weak: 'weaker or absent' } as const;

/** What a kind given to a feature says. */
export const KIND = {
  spurious: 'spurious: the class should not depend on it.',
  overemphasised: 'overemphasised: it belongs to the class, but too much hangs on it.',
  unclear: 'unclear in meaning: look at its pictures again.',
} as const satisfies Readonly<Record<(typeof featureKinds)[number], string>>;

function shareText({ group, size, groupSize, rule }: ActionGround): string[] {
  const { kind, value } = groupOfId(group);
  if (!kind.isClass || groupSize === null || groupSize === 0 || rule.conditions.length === 0) return [];
  const share = size / groupSize;
  const perThousand = Math.max(1, Math.round(share * 1000));
  return [
    `${percent(share)} of the eval set's images of ${nameText(value)} are of this kind. If training images are to be like them, about ${count(perThousand)} of every 1,000 of that class should be too: count yours by the same rule on their features, and collect what is missing.`,
  ];
}

/** What a rule says to collect, and to mask where somebody marked its features: of regions that are no event's. `group` is the group's id. */
export function choices(rule: RuleView, group: string): string[] {
  const labels = (weak: boolean) =>
    rule.conditions.filter(({ side }) => (side === 'weak') === weak).map(({ label }) => label);
  const [strong, weak] = [labels(false).join(' and '), labels(true).join(' and ')];
  const shown = [strong && `that show ${strong}`, weak && `with little or nothing of ${weak}`].filter(
    (part) => part !== '',
  );
  const marked = rule.conditions.filter(({ kind }) => kind === 'spurious' || kind === 'overemphasised');
  return [
    ...(shown.length > 0 ? [`Collect more images ${groupOfId(group).kind.collect}${shown.join(', ')}.`] : []),
    ...marked.map(
      ({ label, kind }) =>
        `You marked ${label} ${kind}: mask it in training images, or augment so that it no longer tells the class.`,
    ),
  ];
}

/** An action of an event as a page shows it; raw texts. */
export interface ActionView {
  readonly text: string;
  /** What to copy: a command, or an id; null where there is nothing. */
  readonly copied: string | null;
  /** Names of the images that it is about; null where it is about none. */
  readonly images: string | null;
}

/** Images that are named beside an action. */
const MOST_IMAGES = 12;

/** What somebody could do about an event, as pages show it. */
export function actionViews({ id, actions }: FailureEvent): ActionView[] {
  return actions.map((action) => {
    const { text, command } = action;
    const images = action.kind === 'check-labels' ? imagesText(action.images.map(({ name }) => name)) : null;
    return { text: sentence(text, 600), copied: command ?? (action.kind === 'accept' ? id : null), images };
  });
}

function imagesText(names: readonly string[]): string {
  const shown = names.slice(0, MOST_IMAGES).map((name) => nameText(name));
  const more = names.length > shown.length ? `, and ${count(names.length - shown.length)} more in result.json` : '';
  return `${shown.join(', ')}${more}`;
}

/** What an action is put into words with. */
export interface ActionWords {
  readonly names: FeatureNames;
  /** Whether there is a network to look at other images with. */
  readonly canFind: boolean;
}

/** Longer ids are not put into commands. */
const LONGEST_ID = 300;

/** An action of an event in one line, and the command that does it. */
export function actionWords(
  action: UnwordedAction,
  event: FailureEvent,
  { names, canFind }: ActionWords,
): { readonly text: string; readonly command: string | null } {
  const id = shellWord(event.id);
  const command = (make: (id: string) => string) => (id === null ? null : make(id));
  const isOne = event.images.length === 1;
  switch (action.kind) {
    case 'collect':
      return {
        text: collectText(action.className, event, canFind),
        command: looksElsewhere(action.className, event, canFind)
          ? command((word) => `barlow find ${word} --in FOLDER --out found.csv`)
          : null,
      };
    case 'label-pool':
      return {
        text: `Label images of your pool, and train on them: ${event.pool === null ? '' : inPoolText(event.pool, action.className)}.`,
        command: null,
      };
    case 'check-labels':
      return { text: labelsText(action), command: null };
    case 'background':
      return { text: backgroundText(action, names), command: null };
    case 'mask':
      return { text: maskText(action, event, names), command: null };
    case 'name-training-set':
      return {
        text: 'See whether the training set has such images: name it under trainingSet in barlow.yml, and the next run counts them.',
        command: null,
      };
    case 'watch':
      return {
        text: `Have every later run test ${isOne ? 'this image' : `these ${count(event.images.length)} images`}: no watched slice holds most of them.`,
        command: command((word) => `barlow slice add ${word}`),
      };
    case 'accept':
      return {
        text: `Or live with it for now: name it in barlow.yml under gate.accepted, with a reason, a last day and images: ${event.images.length}, so that no more may newly fail.`,
        command: null,
      };
  }
}

/** Whether it is worth looking for such images in a folder that the config does not name. */
function looksElsewhere(className: string, { pool }: FailureEvent, canFind: boolean): boolean {
  return canFind && (pool === null || likeIn(pool, className) === 0);
}

function likeIn({ looksLike }: PoolEvidence, className: string): number {
  return looksLike.find((each) => each.className === className)?.images ?? 0;
}

/** "120 of its 5,000 images lie where these do and look like automobile (pool-0123.csv beside the report)". */
function inPoolText(pool: PoolEvidence, className: string): string {
  const like = likeIn(pool, className);
  const name = nameText(className);
  const all = count(pool.images);
  if (like === 0) return `none of its ${all} images lies where these do and looks like ${name}`;
  const least = pool.listed < pool.inside ? 'at least ' : '';
  const [lie, look] = like === 1 ? ['lies', 'looks'] : ['lie', 'look'];
  const where = pool.table === null ? '' : `, the most typical first in ${pool.table} beside the report`;
  return `${least}${count(like)} of its ${all} images ${lie} where these do and ${look} like ${name}${where}`;
}

function collectText(className: string, event: FailureEvent, canFind: boolean): string {
  const { trainingSet, pool } = event;
  const share = trainingSet?.classes.find((each) => each.className === className);
  const name = nameText(className);
  const lacks = share?.finding === 'missing' ? 'lacks such images' : 'has fewer such images';
  const have =
    share === undefined
      ? ''
      : ` of ${name} (${shareOf(share.trainingSet)}, where the eval set has ${shareOf(share.evalSet)})`;
  const found = pool === null ? '' : ` Your pool: ${inPoolText(pool, className)}.`;
  const other = pool === null ? '' : 'other ';
  const where = looksElsewhere(className, event, canFind)
    ? `; the command below looks for them among ${other}images without labels`
    : '';
  return `Collect more like these: the training set ${lacks}${have}${where}.${found}`;
}

function labelsText({ images, of }: Omit<CheckLabelsAction, 'text' | 'command'>): string {
  const predictions = new Set(images.map(({ prediction }) => prediction));
  const [only = ''] = predictions;
  const what = predictions.size === 1 ? nameText(only) : 'what the candidate says';
  const least = Math.min(...images.map(({ agreeing }) => agreeing));
  const neighbours = Math.max(...images.map(({ neighbours: asked }) => asked));
  return `Check the labels of ${count(images.length)} of the ${count(of)}, which may be wrong: the candidate and at least ${least} of the ${neighbours} most alike images outside the event say ${what}.`;
}

function backgroundText(
  { features, images, outside }: Omit<BackgroundAction, 'text' | 'command'>,
  names: FeatureNames,
): string {
  return `Vary the backgrounds of training images: ${namesOf(features, names)} may be one, as it lies outside the middle of the picture in ${count(outside)} of ${count(images)}.`;
}

function maskText(
  { features }: Pick<MaskAction, 'features'>,
  { counterfactual }: FailureEvent,
  names: FeatureNames,
): string {
  const mend = counterfactual?.mend;
  const evidence = mend
    ? `: changed in these images, ${count(mend.turned)} of ${count(mend.images)} mend; at random, ${count(mend.turnedAtRandom)}`
    : '';
  return `Train on images that vary or mask ${namesOf(features, names)}${evidence}.`;
}

function namesOf(features: readonly number[], names: FeatureNames): string {
  return features.map((feature) => featureLabel(feature, names)).join(' and ');
}

/** An id as one word of a POSIX shell; null where it cannot be shown as it is. */
function shellWord(id: string): string | null {
  if (id.length > LONGEST_ID || id.startsWith('-') || oneLine(id, LONGEST_ID) !== id) return null;
  return /^[\w:.,/-]+$/.test(id) ? id : `'${id.replaceAll("'", String.raw`'\''`)}'`;
}
