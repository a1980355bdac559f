import type { WorkerModule } from '../records/threads.ts';
import { LaneCounter } from '../statistics/lanes.ts';
import { DRAWS_A_BLOCK, type DrawBlock, drawBlock } from './draws.ts';
import type { Family } from './regionFamily.ts';
import { sideScore } from './score.ts';

/** A group ready to be scored: its family, and which checkpoint stands alone on which image. */
export interface ScoredGroup {
  readonly family: Family;
  /** Of each open image: its place among all images of the run that are drawn for, and the checkpoint that fails. */
  readonly image: Uint32Array;
  readonly lone: Uint8Array;
  /** The same of the images on which one checkpoint alone is right (N > 1). */
  readonly rightImage: Uint32Array;
  readonly loneRight: Uint8Array;
}

export interface MaximaTask {
  readonly groups: readonly ScoredGroup[];
  /** Names of the images that are drawn for: they seed the draws. */
  readonly names: readonly string[];
  readonly accepted: number;
  readonly block: number;
}

/** The greatest score of a material region over all groups, for each draw of a block; 0 where no region is material. */
export default function maxima({ groups, names, accepted, block }: MaximaTask): Float64Array {
  return maximaOf(groups, drawBlock(names, accepted, block), accepted);
}

/** `maxima` as a task for a worker thread. */
export const maximaWorker: WorkerModule<MaximaTask, Float64Array> = { url: import.meta.url, run: maxima };

/** The same for draws at hand. */
export function maximaOf(groups: readonly ScoredGroup[], draws: DrawBlock, accepted: number): Float64Array {
  const best = new Float64Array(DRAWS_A_BLOCK);
  for (const group of groups) raise(best, group, draws, accepted);
  return best;
}

/** Raises each draw's best score by a group's regions. Thirty-two draws at a time; a region that cannot beat the least best is skipped. */
function raise(best: Float64Array, group: ScoredGroup, draws: DrawBlock, accepted: number): void {
  const { family, image, lone, rightImage, loneRight } = group;
  const { offsets, members, rightOffsets, rightMembers, open, least, density, regions } = family;
  const score = sideScore(accepted, image.length);
  const [failed, fixed] = [new LaneCounter(image.length), new LaneCounter(rightImage.length)];
  for (let word = 0; word < draws.words; word++) {
    const failing = lanesOf(image, lone, draws, word);
    const righting = lanesOf(rightImage, loneRight, draws, word);
    const bestOf = best.subarray(word * 32, word * 32 + 32);
    let floor = leastOf(bestOf);
    for (let region = 0; region < regions; region++) {
      const m = open[region];
      if (score.most(m) + density[region] <= floor) continue;
      // With one accepted checkpoint the net is b - c = 2 b - m.
      const forNet = accepted === 1 ? Math.ceil((least[region] + m) / 2) : least[region];
      const needed = Math.max(forNet, score.least(floor - density[region], m), 1);
      if (needed > m) continue;
      failed.clear();
      failed.count(failing, members, offsets[region], offsets[region + 1]);
      let lanes = failed.atLeast(needed);
      if (lanes === 0) continue;
      if (accepted > 1) {
        fixed.clear();
        fixed.count(righting, rightMembers, rightOffsets[region], rightOffsets[region + 1]);
      }
      let raised = false;
      for (; lanes !== 0; lanes &= lanes - 1) {
        const lane = 31 - Math.clz32(lanes & -lanes);
        const b = failed.of(lane);
        if (accepted > 1 && b - fixed.of(lane) < least[region]) continue;
        const value = score.of(b, m) + density[region];
        if (b * (accepted + 1) <= m || value <= bestOf[lane]) continue;
        bestOf[lane] = value;
        raised = true;
      }
      if (raised) floor = leastOf(bestOf);
    }
  }
}

/** Per image, after a word of zeros, in which draws of a word the checkpoint that stands alone there is the candidate. */
function lanesOf(image: Uint32Array, lone: Uint8Array, { bits, words, images }: DrawBlock, word: number): Uint32Array {
  const lanes = new Uint32Array(image.length + 1);
  for (let at = 0; at < image.length; at++) lanes[at + 1] = bits[(lone[at] * words + word) * images + image[at]];
  return lanes;
}

function leastOf(values: Float64Array): number {
  let least = values[0];
  for (let at = 1; at < values.length; at++) if (values[at] < least) least = values[at];
  return least;
}
