import { stream } from '../statistics/random.ts';

/** Draws that are made together, 32 to a word. */
export const DRAWS_A_BLOCK = 128;

/**
 * A block of draws of who the candidate is: per image one uniform choice among the N + 1 checkpoints, by a stream of the
 * image's own name, so that an image has one draw in all groups, whatever else is in the run.
 */
export interface DrawBlock {
  /** Words of 32 draws. */
  readonly words: number;
  /** Bit d of `bits[(checkpoint * words + word) * images + image]`: in draw 32 word + d that checkpoint is the candidate. */
  readonly bits: Uint32Array;
  readonly images: number;
}

/** Bits of a drawn number that are used for coins: the generator's lowest are its weakest. */
const COINS = 24;

export function drawBlock(names: readonly string[], accepted: number, block: number): DrawBlock {
  const words = DRAWS_A_BLOCK / 32;
  const images = names.length;
  const bits = new Uint32Array((accepted + 1) * words * images);
  for (const [image, name] of names.entries()) {
    const random = stream(`who/${block}/${name}`);
    let coins = 0;
    let left = 0;
    for (let draw = 0; draw < DRAWS_A_BLOCK; draw++) {
      let who: number;
      if (accepted === 1) {
        if (left === 0) {
          coins = random.uint32() >>> (32 - COINS);
          left = COINS;
        }
        who = coins & 1;
        coins >>>= 1;
        left--;
      } else who = random.below(accepted + 1);
      bits[(who * words + (draw >>> 5)) * images + image] |= 1 << (draw & 31);
    }
  }
  return { words, bits, images };
}
