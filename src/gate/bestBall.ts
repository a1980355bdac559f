import { entry } from '../records/entry.ts';
import type { Columns } from '../records/features.ts';
import { spread } from '../records/spread.ts';
import { AT_ONCE, leastPlaces, squaredDistances } from './neighbourhoods.ts';
import { addToPoints, anglePoints, noPoints, type Points } from './points.ts';
import { flagsOf } from './region.ts';
import type { Neighbours } from './regionFamily.ts';

export interface BallTask {
  /** Of the group, from feature 0 on. */
  readonly columns: Columns;
  /** The first so many features are those that images are alike by. */
  readonly features: number;
  /** Positions of the images that a ball may lie around, and how many of them it must hold. */
  readonly centres: Uint32Array;
  readonly held: number;
  /** 1 for each image to tell. */
  readonly target: Uint8Array;
  /** Most images of a ball. */
  readonly most: number;
  /** F1 that it must exceed. */
  readonly above: number;
}

/** Products of two numbers that the search may take, about half a second: in a large group not every image is tried as a centre. */
const PRODUCTS = 2 ** 28;

/**
 * The ball that best tells some images of a group from its others (F1): those nearest to an image, in features standardised
 * over the group or by their angle. For words only. Null where none does better than asked for.
 */
export function bestBall(task: BallTask, products = PRODUCTS): Neighbours | null {
  const { columns, features, centres, target, above } = task;
  const { rows } = columns;
  const targets = target.reduce((sum, each) => sum + each, 0);
  // A larger one, were it to hold them all, would tell them no better.
  const reach = Math.min(task.most, rows, Math.floor((2 * targets) / above - targets));
  if (features === 0 || reach < 1) return null;
  const isCentre = flagsOf(centres, rows);
  const tried = spread([...centres], Math.max(1, Math.floor(products / (2 * rows * Math.min(256, features)))));
  let best: Neighbours | null = null;
  let most = above;
  for (const points of [standardPoints(columns, features), anglePoints(columns, features)]) {
    for (let from = 0; from < tried.length; from += AT_ONCE) {
      const around = tried.slice(from, from + AT_ONCE);
      for (const [at, far] of squaredDistances(points, rows, around).entries()) {
        const order = leastPlaces(far, reach);
        let [hits, held, size] = [0, 0, 0];
        for (const [place, image] of order.entries()) {
          hits += entry(target, image);
          held += entry(isCentre, image);
          const f1 = (2 * hits) / (place + 1 + targets);
          if (held < task.held || f1 <= most + 1e-9) continue;
          [most, size] = [f1, place + 1];
        }
        if (size > 0)
          best = { around: entry(around, at), positions: Uint32Array.from(order.slice(0, size)), shape: 'ball' };
      }
    }
  }
  return best;
}

function standardPoints(columns: Columns, features: number): Points {
  const points = noPoints(columns.rows, features);
  addToPoints(points, columns);
  return points;
}
