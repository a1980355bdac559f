import type { Picture } from '../images/decode.ts';
import type { Pipeline } from '../images/preprocess.ts';
import { entry } from '../records/entry.ts';

/** Sides of the part that is seen, as shares of the image's, that differ by more are different parts. */
const SAME_PART = 0.02;

/** Whether two models see the same part of an image, in whatever size. */
export function seeTheSame(a: Pipeline, b: Pipeline): boolean {
  if (isStretched(a) !== isStretched(b)) return false;
  return a.resizeSide === b.resizeSide && Math.abs(partOf(a) - partOf(b)) <= SAME_PART;
}

const isStretched = ({ resize }: Pipeline) => typeof resize === 'object' && resize !== null;

/** What the crop leaves of the resized image's side. Images that are not resized have the size that the model takes. */
function partOf({ resize, crop }: Pipeline): number {
  return typeof resize === 'number' && crop !== null ? crop / resize : 1;
}

/**
 * What one model's view becomes where another model's view of the same part was changed from `start` to `changed`: the difference,
 * in its size (bilinear), is added.
 */
export function carryOver(changed: Picture, start: Picture, view: Picture): Picture {
  const { width, height } = view;
  const difference = Float32Array.from(changed.rgb, (level, at) => level - entry(start.rgb, at));
  const rgb = new Uint8Array(view.rgb.length);
  const columns = Array.from({ length: width }, (_, x) => between(x, width, start.width));
  for (let y = 0; y < height; y++) {
    const [top, bottom, down] = between(y, height, start.height);
    for (const [x, [left, right, across]] of columns.entries()) {
      for (let channel = 0; channel < 3; channel++) {
        const at = (row: number, column: number) => entry(difference, 3 * (row * start.width + column) + channel);
        const above = at(top, left) * (1 - across) + at(top, right) * across;
        const below = at(bottom, left) * (1 - across) + at(bottom, right) * across;
        const place = 3 * (y * width + x) + channel;
        const level = entry(view.rgb, place) + above * (1 - down) + below * down;
        rgb[place] = Math.min(255, Math.max(0, Math.round(level)));
      }
    }
  }
  return { width, height, rgb };
}

/** The two places of `from` pixels that pixel `at` of `to` lies between, by centres, and how far on its way to the second. */
function between(at: number, to: number, from: number): readonly [number, number, number] {
  const place = Math.min(from - 1, Math.max(0, ((at + 0.5) * from) / to - 0.5));
  const first = Math.floor(place);
  return [first, Math.min(from - 1, first + 1), place - first];
}
