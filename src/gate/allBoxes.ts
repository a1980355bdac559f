import type { BitLayout } from './bitSet.ts';
import { DensestRegions } from './countedRegion.ts';
import type { HalfSpaces } from './halfSpaces.ts';
import { densityScore, leastNet, type Material } from './score.ts';

/**
 * The densest boxes of any two half-spaces of a group, by the numbers of the two. Images are counted once for two features, by the thresholds
 * that they lie between on either; the boxes on all thresholds of the two are sums of such counts. Expected open images are summed in whole
 * units of at most 2^-26, so that no order of adding rounds otherwise.
 *
 * @param bits a bit set for each half-space, one after the other.
 */
export function densestOfAllBoxes(
  spaces: HalfSpaces,
  bits: Uint32Array,
  layout: BitLayout,
  options: Material,
): DensestRegions {
  const best = new DensestRegions();
  const features = cutFeatures(spaces, bits, layout);
  const images = countables(layout);
  const offer = offering(best, images.unit, options);
  for (const [at, one] of features.entries()) {
    offerIntervals(one, tableOf(one, one, images), offer);
    for (const other of features.slice(at + 1)) offerBoxes(one, other, tableOf(one, other, images), offer);
  }
  return best;
}

/** A feature's half-spaces: `first` is `<=` the lowest threshold, `first + 1` is `>` it, and so on. */
interface CutFeature {
  readonly first: number;
  readonly thresholds: number;
  /** Of each image how many thresholds lie below it. */
  readonly bucket: Uint8Array;
}

function cutFeatures({ feature }: HalfSpaces, bits: Uint32Array, { bitOf, words }: BitLayout): CutFeature[] {
  const found: CutFeature[] = [];
  for (let first = 0; first < feature.length; ) {
    const bucket = new Uint8Array(bitOf.length);
    let next = first;
    for (; next < feature.length && feature[next] === feature[first]; next += 2) {
      const upper = (next + 1) * words;
      for (let at = 0; at < bitOf.length; at++)
        bucket[at] += (bits[upper + (bitOf[at] >>> 5)] >>> (bitOf[at] & 31)) & 1;
    }
    found.push({ first, thresholds: (next - first) / 2, bucket });
    first = next;
  }
  return found;
}

/** What is added up: of each image 1, and `OPEN` more where it is open; and how likely it is to be open, in units. */
interface Countables {
  readonly counts: Float64Array;
  readonly expected: Float64Array;
  readonly unit: number;
}

const OPEN = 2 ** 26;
/** Bits of a number that is exact. */
const EXACT = 52;

function countables({ bitOf, openWords, weight }: BitLayout): Countables {
  const unit = 2 ** (Math.ceil(Math.log2(bitOf.length + 1)) - EXACT);
  const wordOf = (at: number) => bitOf[at] >>> 5;
  return {
    counts: Float64Array.from(bitOf, (_, at) => (wordOf(at) < openWords ? 1 + OPEN : 1)),
    expected: Float64Array.from(bitOf, (_, at) => Math.round(weight[wordOf(at)] / unit)),
    unit,
  };
}

/** Cumulative sums over the images by their buckets in two features: a cell counts those up to its bucket in both. */
interface Table {
  readonly width: number;
  readonly counts: Float64Array;
  readonly expected: Float64Array;
}

function tableOf(one: CutFeature, other: CutFeature, images: Countables): Table {
  const [height, width] = [one.thresholds + 1, other.thresholds + 1];
  const counts = new Float64Array(height * width);
  const expected = new Float64Array(height * width);
  for (let at = 0; at < images.counts.length; at++) {
    const cell = one.bucket[at] * width + other.bucket[at];
    counts[cell] += images.counts[at];
    expected[cell] += images.expected[at];
  }
  for (const sums of [counts, expected]) {
    for (let cell = 0; cell < sums.length; cell++) if (cell % width > 0) sums[cell] += sums[cell - 1];
    for (let cell = width; cell < sums.length; cell++) sums[cell] += sums[cell - width];
  }
  return { width, counts, expected };
}

type Offer = (counts: number, expected: number, i: number, j: number) => void;

/** Takes a box of two half-spaces where it can be material and holds more open images than expected. */
function offering(best: DensestRegions, unit: number, options: Material): Offer {
  return (counts, units, i, j) => {
    const open = Math.floor(counts / OPEN);
    const expected = units * unit;
    if (open < options.minNewFailures || expected >= open) return;
    // ln x <= x - 1: where even this is too little no logarithm is needed.
    if (!best.mayTake((open - expected) ** 2 / expected)) return;
    if (open < leastNet(counts - open * OPEN, options)) return;
    best.offer(densityScore(open, expected), i, j);
  };
}

function offerBoxes(one: CutFeature, other: CutFeature, { width, counts, expected }: Table, offer: Offer): void {
  const last = counts.length - width;
  const end = counts.length - 1;
  for (let a = 0; a < one.thresholds; a++) {
    const i = one.first + 2 * a;
    const row = a * width;
    const rowEnd = row + width - 1;
    for (let b = 0; b < other.thresholds; b++) {
      const j = other.first + 2 * b;
      const [both, column] = [row + b, last + b];
      offer(counts[both], expected[both], i, j);
      offer(counts[rowEnd] - counts[both], expected[rowEnd] - expected[both], i, j + 1);
      offer(counts[column] - counts[both], expected[column] - expected[both], i + 1, j);
      offer(
        counts[end] - counts[rowEnd] - counts[column] + counts[both],
        expected[end] - expected[rowEnd] - expected[column] + expected[both],
        i + 1,
        j + 1,
      );
    }
  }
}

/** Of one feature with itself: what lies above one threshold and up to a higher one. */
function offerIntervals({ first, thresholds }: CutFeature, { width, counts, expected }: Table, offer: Offer): void {
  const upTo = (threshold: number) => threshold * width + threshold;
  for (let a = 0; a < thresholds; a++) {
    for (let b = a + 1; b < thresholds; b++) {
      const [low, high] = [upTo(a), upTo(b)];
      offer(counts[high] - counts[low], expected[high] - expected[low], first + 2 * a + 1, first + 2 * b);
    }
  }
}
