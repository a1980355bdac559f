import type { WorkerModule } from '../records/threads.ts';
import { monteCarlo } from '../statistics/monteCarlo.ts';
import { type RandomStream, stream } from '../statistics/random.ts';
import { DRAWS_A_BLOCK, type DrawBlock } from './draws.ts';
import { maximaOf, type ScoredGroup } from './maxima.ts';

export interface SpecificTask {
  /** Names the random stream. */
  readonly seed: string;
  readonly group: ScoredGroup;
  readonly accepted: number;
  /** The cluster's. */
  readonly score: number;
}

const SHUFFLES = 999;
const STOP_AFTER = 10;

/**
 * The share of shuffles of a group's newly failed images among its open ones in which a region scores as high: small where a
 * cluster is more than a general decline. It is told, and decides nothing.
 */
export default function specific({ seed, group, accepted, score }: SpecificTask): number {
  const { image, lone, rightImage, loneRight } = group;
  const random = stream(`${seed}/shuffles`);
  // Whoever stands alone, the candidate does where a shuffle put it.
  const shuffled: ScoredGroup = {
    ...{ family: group.family, image: Uint32Array.from(image.keys()), lone: new Uint8Array(image.length) },
    ...{ rightImage: Uint32Array.from(rightImage.keys(), (at) => image.length + at) },
    loneRight: new Uint8Array(rightImage.length),
  };
  const blocks: Float64Array[] = [];
  const draw = (at: number) => {
    const block = Math.floor(at / DRAWS_A_BLOCK);
    blocks[block] ??= maximaOf([shuffled], shuffleBlock(lone, loneRight, random), accepted);
    return blocks[block][at % DRAWS_A_BLOCK];
  };
  return monteCarlo(score, draw, { draws: SHUFFLES, stopAfter: STOP_AFTER }).pValue;
}

/** `specific` as a task for a worker thread. */
export const specificWorker: WorkerModule<SpecificTask, number> = { url: import.meta.url, run: specific };

function shuffleBlock(lone: Uint8Array, loneRight: Uint8Array, random: RandomStream): DrawBlock {
  const words = DRAWS_A_BLOCK / 32;
  const images = lone.length + loneRight.length;
  const bits = new Uint32Array(words * images);
  for (let draw = 0; draw < DRAWS_A_BLOCK; draw++) {
    const put = (places: number[], of: Uint8Array, first: number) => {
      for (let left = of.reduce((sum, each) => sum + Number(each === 0), 0); left > 0; left--) {
        const at = random.below(places.length);
        bits[(draw >>> 5) * images + first + places[at]] |= 1 << (draw & 31);
        const last = places.pop();
        if (last !== undefined && at < places.length) places[at] = last;
      }
    };
    put([...lone.keys()], lone, 0);
    put([...loneRight.keys()], loneRight, lone.length);
  }
  return { words, bits, images };
}
