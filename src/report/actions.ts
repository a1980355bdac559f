import type { featureKinds } from '../records/features.ts';
import { groupOfId } from '../records/groupKinds.ts';
import { nameText } from '../records/names.ts';
import { count, percent } from '../records/words.ts';
import type { RuleView } from './rule.ts';

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

/** What people do about such a failure (Barlow, sections 1 and 6.2): choices, not verdicts. `group` is the group's id. */
export function choices(rule: RuleView, group: string): string[] {
  const labels = (weak: boolean) =>
    rule.conditions.filter(({ side }) => (side === 'weak') === weak).map(({ label }) => label);
  const [strong, weak] = [labels(false).join(' and '), labels(true).join(' and ')];
  const shown = [strong && `that show ${strong}`, weak && `with little or nothing of ${weak}`].filter(
    (part) => part !== '',
  );
  return [
    ...(shown.length > 0 ? [`Collect more images ${groupOfId(group).kind.collect}${shown.join(', ')}.`] : []),
    'If a feature is spurious or overemphasised: mask it in training images, or augment so that it no longer tells the class.',
    'If the images are right and plenty, and the classes are fine-grained: give the model more capacity, or more weight on these images.',
    'Look at the labels: images that newly fail may be mislabelled or ambiguous.',
  ];
}
