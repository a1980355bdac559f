/**
 * Counting for 32 draws at once. A lane is one draw; a count is kept as its binary digits, digit k of all lanes in one word.
 */
export const LANES = 32;

/** Members are counted eight at a time: a list is padded to a multiple with the number of a word that holds 0. */
export const LANE_STEP = 8;

/** Digits of the counts of 32 lanes. State: the digits, used again for every list. */
export class LaneCounter {
  private readonly digits: Uint32Array;

  /** For counts of at most `most`. */
  constructor(most: number) {
    this.digits = new Uint32Array(Math.max(3, 32 - Math.clz32(most)));
  }

  clear(): void {
    this.digits.fill(0);
  }

  /**
   * Counts on, lane by lane, in how many of the words `words[member]` the lane's bit is set, for the members from place
   * `from` to `to` of a list, a multiple of eight. Carry-save adders; the digits above 8 are rippled.
   */
  count(words: Uint32Array, members: Uint32Array, from: number, to: number): void {
    const { digits } = this;
    let ones = digits[0];
    let twos = digits[1];
    let fours = digits[2];
    for (let at = from; at < to; at += LANE_STEP) {
      let a = words[members[at]];
      let b = words[members[at + 1]];
      let half = ones ^ a;
      let twosA = (ones & a) | (half & b);
      ones = half ^ b;
      a = words[members[at + 2]];
      b = words[members[at + 3]];
      half = ones ^ a;
      let twosB = (ones & a) | (half & b);
      ones = half ^ b;
      half = twos ^ twosA;
      const foursA = (twos & twosA) | (half & twosB);
      twos = half ^ twosB;
      a = words[members[at + 4]];
      b = words[members[at + 5]];
      half = ones ^ a;
      twosA = (ones & a) | (half & b);
      ones = half ^ b;
      a = words[members[at + 6]];
      b = words[members[at + 7]];
      half = ones ^ a;
      twosB = (ones & a) | (half & b);
      ones = half ^ b;
      half = twos ^ twosA;
      const foursB = (twos & twosA) | (half & twosB);
      twos = half ^ twosB;
      half = fours ^ foursA;
      let carry = (fours & foursA) | (half & foursB);
      fours = half ^ foursB;
      for (let digit = 3; carry !== 0; digit++) {
        const both = digits[digit] & carry;
        digits[digit] ^= carry;
        carry = both;
      }
    }
    digits[0] = ones;
    digits[1] = twos;
    digits[2] = fours;
  }

  /** Lanes whose count is at least `least`, 1 or more, as bits. */
  atLeast(least: number): number {
    const { digits } = this;
    const width = digits.length;
    if (least >>> width !== 0) return 0;
    let lanes = -1;
    for (let digit = 0; digit < width; digit++) {
      if ((least >>> digit) & 1) lanes &= digits[digit];
      else lanes |= digits[digit];
    }
    return lanes;
  }

  of(lane: number): number {
    const { digits } = this;
    let count = 0;
    for (let digit = 0; digit < digits.length; digit++) count |= ((digits[digit] >>> lane) & 1) << digit;
    return count;
  }
}
