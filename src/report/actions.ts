import { nameText } from './names.ts';
import type { RuleView } from './rule.ts';
import { count, percent } from './words.ts';

/** So many of a cluster's failing images are taken for `className`; in groups of a predicted class: are in truth. */
export interface Confusion {
  readonly className: string;
  readonly images: number;
}

/** What suggestions are made from. */
export interface ActionGround {
  readonly rule: RuleView;
  /** Of the group's id. */
  readonly grouping: string;
  readonly value: string;
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
    'The whole group got worse: look first at what changed for all of it (data, labels, augmentation, schedule), then at these images.';
  return [
    ...(ground.scope === 'general' ? [general] : []),
    ...confusionText(ground),
    ...presenceText(ground.rule),
    ...shareText(ground),
  ];
}

function confusionText({ confusions, failing, grouping }: ActionGround): string[] {
  const [first, ...others] = confusions.slice(0, 3);
  if (first === undefined) return [];
  const name = nameText(first.className);
  const rest = others.map(({ className, images }) => `, ${count(images)} ${nameText(className)}`).join('');
  if (grouping === 'prediction')
    return [`${count(first.images)} of the ${count(failing)} are in truth ${name}${rest}.`];
  return [
    `${count(first.images)} of the ${count(failing)} are taken for ${name}${rest}. Ask what they share with that class.`,
  ];
}

function presenceText({ conditions }: RuleView): string[] {
  if (conditions.length === 0) return [];
  const shared = conditions.map(({ label, side }) => `${label} is ${SIDE[side]}`).join(', and ');
  const marked = conditions.flatMap(({ label, kind }) => (kind === null ? [] : [`You marked ${label} ${KIND[kind]}`]));
  return [`What they share, as far as it was measured: ${shared}.`, ...marked];
}

const SIDE = { strong: 'strong', weak: 'weak or absent', between: 'present, but not strong' } as const;

/** What a kind given to a feature says. */
export const KIND = {
  spurious: 'spurious: the class should not depend on it.',
  overemphasised: 'overemphasised: it belongs to the class, but too much hangs on it.',
  unclear: 'unclear in meaning: look at its pictures again.',
} as const;

function shareText({ grouping, value, size, groupSize, rule }: ActionGround): string[] {
  if (grouping !== 'label' || groupSize === null || groupSize === 0 || rule.conditions.length === 0) return [];
  const share = size / groupSize;
  const perThousand = Math.max(1, Math.round(share * 1000));
  return [
    `${percent(share)} of the eval set's images of ${nameText(value)} lie here. Where training should look like the eval set, so should about ${count(perThousand)} of every 1,000 training images of that class: count yours by the same rule, and collect what is missing.`,
  ];
}

/** What people do about such a failure (Barlow, sections 1 and 6.2): choices, not verdicts. */
export function choices(rule: RuleView): string[] {
  const strong = rule.conditions.filter((condition) => condition.side !== 'weak').map((condition) => condition.label);
  const weak = rule.conditions.filter((condition) => condition.side === 'weak').map((condition) => condition.label);
  return [
    ...(strong.length > 0 ? [`Collect images of the class that show ${strong.join(' and ')} and are hard today.`] : []),
    ...(weak.length > 0 ? [`Collect images of the class without ${weak.join(' and ')}.`] : []),
    'If the feature is spurious or overemphasised: mask it in training images, or augment so that it no longer tells the class.',
    'If the images are right and plenty, and the classes are fine-grained: give the model more capacity, or more weight on these images.',
    'Look at the labels: images that newly fail may be mislabelled or ambiguous.',
  ];
}
