import type { RandomStream } from '../../src/statistics/random.ts';

/** What an image is under one drawing of who is the candidate. */
export const sign = {
  /** The candidate alone fails. */
  newlyFailed: 1,
  /** One baseline alone fails; with one baseline, the image is then newly fixed. */
  other: -1,
  /** Several baselines, and the candidate alone is right. */
  newlyFixed: 2,
  neither: 0,
} as const;

/**
 * The images of a group that the null hypothesis leaves open, and their observed signs. With one baseline these are the
 * discordant images. With N baselines an image is newly failed where the candidate alone of all N + 1 checkpoints fails,
 * and newly fixed where the candidate alone is right; so open are the images on which one checkpoint stands alone.
 */
export interface Discordance {
  /** Positions in the group's rows, ascending. */
  readonly live: Uint32Array;
  /** One of `sign`, aligned with `live`. */
  readonly signs: Int8Array;
  /** 1 where one checkpoint alone fails, 0 where one alone is right; with one baseline both hold, and it is 1. */
  readonly lone: Uint8Array;
  readonly baselines: number;
}

/** `outcomes[0]` is the candidate's failures, the rest the baselines'; all of one length. */
export function discordance(outcomes: readonly Uint8Array[]): Discordance {
  const [candidate, ...baselines] = outcomes;
  if (candidate === undefined || baselines.length === 0)
    throw new Error('a comparison needs a candidate and a baseline');
  const live: number[] = [];
  const signs: number[] = [];
  const lone: number[] = [];
  for (let at = 0; at < candidate.length; at++) {
    let failures = candidate[at];
    for (const baseline of baselines) failures += baseline[at];
    if (failures !== 1 && failures !== baselines.length) continue;
    const loneFailure = failures === 1;
    live.push(at);
    lone.push(loneFailure ? 1 : 0);
    signs.push(signOf(loneFailure, candidate[at] === (loneFailure ? 1 : 0)));
  }
  return {
    live: Uint32Array.from(live),
    signs: Int8Array.from(signs),
    lone: Uint8Array.from(lone),
    baselines: baselines.length,
  };
}

/** The sign of an image on which one checkpoint stands alone, by whether that is the candidate. */
function signOf(loneFailure: boolean, candidate: boolean): number {
  if (loneFailure) return candidate ? sign.newlyFailed : sign.other;
  return candidate ? sign.newlyFixed : sign.neither;
}

/**
 * Draws the signs again under the null hypothesis that the candidate is one more training of the same recipe: per
 * image, each of the N + 1 outcomes is as likely to be the candidate's. With one baseline: a fair coin.
 */
export function drawSigns({ signs, lone, baselines }: Discordance, random: RandomStream, into: Int8Array): void {
  if (baselines > 1) {
    for (let at = 0; at < signs.length; at++) into[at] = signOf(lone[at] === 1, random.below(baselines + 1) === 0);
    return;
  }
  let bits = 0;
  let left = 0;
  for (let at = 0; at < signs.length; at++) {
    if (left === 0) {
      bits = random.uint32() >>> 8;
      left = 24;
    }
    into[at] = bits & 1 ? sign.newlyFailed : sign.other;
    bits >>>= 1;
    left--;
  }
}

/**
 * Shuffles the observed signs among the images that could bear them: the group keeps its newly failed and newly fixed,
 * and only where they lie is left to chance.
 */
export function shuffleSigns({ signs, lone }: Discordance, random: RandomStream, into: Int8Array): void {
  into.set(signs);
  for (const kind of [0, 1]) {
    const places: number[] = [];
    for (let at = 0; at < lone.length; at++) if (lone[at] === kind) places.push(at);
    for (let at = places.length - 1; at > 0; at--) {
      const other = random.below(at + 1);
      const moved = into[places[at]];
      into[places[at]] = into[places[other]];
      into[places[other]] = moved;
    }
  }
}

/**
 * A lower bound of the p-value that the group can attain: the probability of the best case, in which every image that
 * can newly fail does and none is newly fixed. 1 where even that is under `minNewFailures`.
 */
export function leastPValue({ lone, baselines }: Discordance, minNewFailures: number): number {
  const failable = lone.reduce((sum, each) => sum + each, 0);
  if (failable < minNewFailures) return 1;
  return (1 / (baselines + 1)) ** failable * (baselines / (baselines + 1)) ** (lone.length - failable);
}
