/**
 * Counting for 32 draws at once. A lane is one draw; a count is kept as its binary digits, digit k of all lanes in one word.
 */

/** Most digits of a count. */
const DIGITS = 24;

/** Members are counted eight at a time: a list is padded to a multiple with the number of a word that holds 0. */
export const LANE_STEP = 8;

/** Digits of the counts of 32 lanes. State: the digits, used again for every region. */
export class LaneCounter {
  readonly digits = new Uint32Array(DIGITS);

  /**
   * Counts, lane by lane, in how many of the words `words[start + member]` the lane's bit is set, for the members from
   * place `from` to `to` of the list, a multiple of eight. Carry-save adders; the digits above 8 are rippled.
   */
  count(words: Uint32Array, start: number, members: Uint32Array, from: number, to: number): void {
    const { digits } = this;
    digits.fill(0, 3);
    let ones = 0;
    let twos = 0;
    let fours = 0;
    for (let at = from; at < to; at += LANE_STEP) {
      let a = words[start + members[at]];
      let b = words[start + members[at + 1]];
      let half = ones ^ a;
      let twosA = (ones & a) | (half & b);
      ones = half ^ b;
      a = words[start + members[at + 2]];
      b = words[start + members[at + 3]];
      half = ones ^ a;
      let twosB = (ones & a) | (half & b);
      ones = half ^ b;
      half = twos ^ twosA;
      const foursA = (twos & twosA) | (half & twosB);
      twos = half ^ twosB;
      a = words[start + members[at + 4]];
      b = words[start + members[at + 5]];
      half = ones ^ a;
      twosA = (ones & a) | (half & b);
      ones = half ^ b;
      a = words[start + members[at + 6]];
      b = words[start + members[at + 7]];
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

  /** Lanes whose count is at least `least`, as bits. */
  atLeast(least: number): number {
    let lanes = -1;
    for (let digit = 0; digit < DIGITS; digit++) {
      if ((least >>> digit) & 1) lanes &= this.digits[digit];
      else lanes |= this.digits[digit];
    }
    return lanes;
  }

  of(lane: number): number {
    let count = 0;
    for (let digit = 0; digit < DIGITS; digit++) count |= ((this.digits[digit] >>> lane) & 1) << digit;
    return count;
  }
}
