import type { DoubtfulLabel } from '../records/actions.ts';
import type { EventImage } from '../records/comparison.ts';

/** Neighbours that are asked, and how many must be of the class that the candidate says. */
export const NEIGHBOURS = { asked: 10, agreeing: 7 };
/**
 * Fewer of an event are no more than what hard images with right labels give: of CIFAR-10's newly failed images, whose labels are
 * nearly all right, some 10 in 100, and of the demonstration's red cars 14, lie among images of the class that they are taken for.
 */
const LEAST_SHARE = 0.2;

/** An image of an event with the labels of its nearest neighbours. */
export interface Surrounded extends Pick<EventImage, 'name' | 'label' | 'after'> {
  readonly neighbours: readonly string[];
}

/** Images whose neighbours have the class that the candidate says, where they are a fifth of an event's or more; else none. */
export function doubtfulLabels(images: readonly Surrounded[]): DoubtfulLabel[] {
  const found = images.flatMap(({ name, label, after: prediction, neighbours }) => {
    if (prediction === null || prediction === label || neighbours.length < NEIGHBOURS.asked) return [];
    const agreeing = neighbours.filter((each) => each === prediction).length;
    if (agreeing < NEIGHBOURS.agreeing) return [];
    return [{ name, label, prediction, agreeing, neighbours: neighbours.length }];
  });
  return found.length >= LEAST_SHARE * images.length ? found : [];
}
