import type { Condition } from '../records/analysis.ts';
import type { Columns } from '../records/features.ts';
import type { WorkerModule } from '../records/threads.ts';
import { DRAWS_A_BLOCK, drawBlock } from './draws.ts';
import { type HalfSpaces, halfSpaces, holds } from './halfSpaces.ts';
import { densityScore } from './score.ts';

export interface WeakeningTask {
  /** Some features of a group. */
  readonly columns: Columns;
  /** 1 where the image is open, and how likely it is to be. */
  readonly open: Uint8Array;
  readonly expected: Float64Array;
  /** Positions of the images that every checkpoint has right, and their names, which seed the draws. */
  readonly steady: Uint32Array;
  readonly names: readonly string[];
  /** `changes[j][i]`: the margin of checkpoint j on steady image i, less the mean of the others' margins. The candidate first. */
  readonly changes: readonly Float64Array[];
  /** Features that are looked at, those with the densest half-spaces. */
  readonly most: number;
  readonly blocks: number;
}

/** A half-space in which right answers became less sure. */
export interface WeakHalfSpace {
  readonly condition: Condition;
  readonly score: number;
  /** Positions of its steady images. */
  readonly positions: Uint32Array;
}

export interface WeakeningOutcome {
  readonly best: WeakHalfSpace | null;
  /** The greatest score in each draw. */
  readonly maxima: Float64Array;
}

/** A fall of the mean by less than this share of the root mean square change is not worth words. */
const LEAST_FALL = 0.25;
/** Nor is one of fewer images. */
const LEAST_IMAGES = 10;

interface Scored {
  readonly at: number;
  readonly score: number;
}

/**
 * The half-space in which margins fell most against the group's, as it is and under draws of who the candidate is. Score: T^2 / 2 + H,
 * T the sum of centred changes over the root of their sum of squares, which no draw changes but by the centring.
 */
export default function weakening(task: WeakeningTask): WeakeningOutcome {
  const { columns, open, expected, steady, names, changes, most, blocks } = task;
  const spaces = halfSpaces(columns, { open, expected });
  const chosen = densestFeatures(spaces, most);
  const search = new HalfSpaceSums(columns, spaces, chosen, steady, squaresOf(changes));
  const own = search.best(changes[0], 1)[0];
  const maxima = new Float64Array(blocks * DRAWS_A_BLOCK);
  const n = steady.length;
  const drawn = new Float64Array(n * DRAWS_A_BLOCK);
  for (let block = 0; block < blocks; block++) {
    const { bits, words, images } = drawBlock(names, changes.length - 1, block);
    for (let image = 0; image < n; image++) {
      for (let draw = 0; draw < DRAWS_A_BLOCK; draw++) {
        for (const [who, change] of changes.entries()) {
          if ((bits[(who * words + (draw >>> 5)) * images + image] >>> (draw & 31)) & 1)
            drawn[image * DRAWS_A_BLOCK + draw] = change[image];
        }
      }
    }
    const best = search.best(drawn, DRAWS_A_BLOCK);
    maxima.set(
      best.map(({ score }) => score),
      block * DRAWS_A_BLOCK,
    );
  }
  if (own.at < 0) return { best: null, maxima };
  const [feature, upper, threshold] = [spaces.feature[own.at], spaces.upper[own.at], spaces.threshold[own.at]];
  const column = columns.values.subarray((feature - columns.from) * columns.rows);
  const positions = steady.filter((at) => holds(column[at], upper, threshold));
  const condition = { feature, op: upper === 1 ? ('>' as const) : ('<=' as const), threshold };
  return { best: { condition, score: own.score, positions }, maxima };
}

/** `weakening` as a task for a worker thread. */
export const weakeningWorker: WorkerModule<WeakeningTask, WeakeningOutcome> = { url: import.meta.url, run: weakening };

/** Mean square of an image's change over who could be the candidate. */
function squaresOf(changes: readonly Float64Array[]): Float64Array {
  return changes[0].map((_, image) => changes.reduce((sum, of) => sum + of[image] ** 2, 0) / changes.length);
}

/** Where each feature's half-spaces begin, of the `most` features whose densest is densest. */
function densestFeatures({ feature, open, expected }: HalfSpaces, most: number): number[] {
  const firstOf = new Map<number, { first: number; density: number }>();
  for (const [at, of] of feature.entries()) {
    const density = densityScore(open[at], expected[at]);
    const known = firstOf.get(of);
    if (known === undefined) firstOf.set(of, { first: at, density });
    else known.density = Math.max(known.density, density);
  }
  return [...firstOf.values()]
    .toSorted((a, b) => b.density - a.density || a.first - b.first)
    .slice(0, most)
    .map(({ first }) => first)
    .sort((a, b) => a - b);
}

/** Sums of changes over half-spaces, feature by feature. State: in which part between two thresholds each image lies. */
class HalfSpaceSums {
  private readonly spaces: HalfSpaces;
  private readonly chosen: readonly number[];
  private readonly images: number;
  /** Of each chosen feature: its thresholds, each image's part, and each part's images and squares. */
  private readonly parts: readonly {
    thresholds: number;
    partOf: Uint8Array;
    size: Float64Array;
    square: Float64Array;
  }[];

  constructor(
    columns: Columns,
    spaces: HalfSpaces,
    chosen: readonly number[],
    steady: Uint32Array,
    squares: Float64Array,
  ) {
    this.spaces = spaces;
    this.chosen = chosen;
    this.images = steady.length;
    this.parts = chosen.map((first) => {
      const feature = spaces.feature[first];
      const column = columns.values.subarray((feature - columns.from) * columns.rows);
      const cuts: number[] = [];
      for (let at = first; spaces.feature[at] === feature; at += 2) cuts.push(spaces.threshold[at]);
      const partOf = Uint8Array.from(steady, (at) => {
        let part = 0;
        while (part < cuts.length && column[at] > cuts[part]) part++;
        return part;
      });
      const [size, square] = [new Float64Array(cuts.length + 1), new Float64Array(cuts.length + 1)];
      for (const [image, part] of partOf.entries()) {
        size[part]++;
        square[part] += squares[image];
      }
      return { thresholds: cuts.length, partOf, size, square };
    });
  }

  /** The best half-space of each of some draws; change of image i in draw d at `changes[i * draws + d]`. */
  best(changes: Float64Array, draws: number): Scored[] {
    const best = new Float64Array(draws);
    const bestAt = new Int32Array(draws).fill(-1);
    const all = new Float64Array(draws);
    for (let image = 0; image < this.images; image++) {
      for (let draw = 0; draw < draws; draw++) all[draw] += changes[image * draws + draw];
    }
    for (const [of, { thresholds, partOf, size, square }] of this.parts.entries()) {
      const sums = new Float64Array((thresholds + 1) * draws);
      for (let image = 0; image < this.images; image++) {
        const to = partOf[image] * draws;
        const from = image * draws;
        for (let draw = 0; draw < draws; draw++) sums[to + draw] += changes[from + draw];
      }
      const below = new Float64Array(draws);
      let [images, squares] = [0, 0];
      const squaresAll = square.reduce((sum, each) => sum + each, 0);
      for (let cut = 0; cut < thresholds; cut++) {
        images += size[cut];
        squares += square[cut];
        for (let draw = 0; draw < draws; draw++) below[draw] += sums[cut * draws + draw];
        for (const upper of [0, 1]) {
          const at = this.chosen[of] + 2 * cut + upper;
          const inside = upper === 0 ? images : this.images - images;
          const scale = Math.sqrt(upper === 0 ? squares : squaresAll - squares);
          // Of two halves of a group neither is the rest of it: the smaller is told.
          if (inside < LEAST_IMAGES || 2 * inside > this.images || !(scale > 1e-9)) continue;
          const density = densityScore(this.spaces.open[at], this.spaces.expected[at]);
          const least = LEAST_FALL * Math.sqrt(inside);
          for (let draw = 0; draw < draws; draw++) {
            const sum = upper === 0 ? below[draw] : all[draw] - below[draw];
            const fall = -(sum - (inside * all[draw]) / this.images) / scale;
            if (fall < least) continue;
            const score = (fall * fall) / 2 + density;
            if (score <= best[draw]) continue;
            best[draw] = score;
            bestAt[draw] = at;
          }
        }
      }
    }
    return Array.from(best, (score, draw) => ({ score, at: bestAt[draw] }));
  }
}
