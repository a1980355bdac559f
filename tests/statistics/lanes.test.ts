import { describe, expect, it } from 'vitest';
import { LaneCounter } from '../../src/statistics/lanes.ts';
import { stream } from '../../src/statistics/random.ts';

describe('counting in lanes', () => {
  it.each([8, 16, 64, 256, 1000, 5000])('is as one by one, of %i members', (length) => {
    const random = stream(`lanes ${length}`);
    const words = Uint32Array.from({ length: 30 }, () => random.uint32());
    // Sets of lanes that are always or never among them, so that great and small counts occur.
    for (let at = 10; at < 30; at++) words[at] = (words[at] | 0xf0) & ~0xf;
    const members = Uint32Array.from({ length: length + 8 }, () => 10 + random.below(20));
    const lanes = [...Array(32).keys()];
    const counter = new LaneCounter(length);
    counter.count(words, members, 0, 8);
    counter.clear();
    // In two goes: it counts on.
    counter.count(words, members, 8, 16);
    counter.count(words, members, 16, length + 8);
    const expected = lanes.map((lane) => [...members.subarray(8)].filter((at) => (words[at] >>> lane) & 1).length);
    expect(lanes.map((lane) => counter.of(lane))).toEqual(expected);
    expect(expected.slice(0, 8)).toEqual([0, 0, 0, 0, length, length, length, length]);
    const bounds = [0, 1, 2, 7, length - 1, length, length + 1, 16 * length, ...expected];
    for (const least of [...bounds, ...expected.map((each) => each + 1)]) {
      expect(lanes.map((lane) => (counter.atLeast(least) >>> lane) & 1)).toEqual(
        expected.map((count) => Number(count >= least)),
      );
    }
  });
});
