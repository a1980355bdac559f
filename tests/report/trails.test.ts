import { describe, expect, it } from 'vitest';
import type { SliceResult } from '../../src/records/slices.ts';
import { imagesOfTrails, type PastOutcome, trailsOf } from '../../src/report/trails.ts';
import { sampleCheckpoint, sampleEvent } from './sampleResult.ts';

const [image] = sampleEvent().images;
const named = (...names: readonly string[]) => names.map((name) => ({ ...image, name }));
const past = (commit: string, failed: Record<string, boolean>, slices: PastOutcome['slices'] = new Map()) => ({
  ...{ commit, slices },
  failed: new Map(Object.entries(failed)),
});

function slice(name: string, names: readonly string[], leftOut = 0): SliceResult {
  return {
    ...{ name, source: 'config', since: null, size: names.length + leftOut, failures: 1, maxErrorRate: null },
    ...{ baselineFailures: null, newlyFailed: null, newlyFixed: null, pValue: null, adjustedPValue: null },
    ...{ status: 'not compared', images: [], uncompared: { images: 0, failures: 0 }, gone: 0, left: 0 },
    members: { images: named(...names).map((each) => ({ ...each, change: 'right' as const })), leftOut },
  };
}

/** "when: failures (share)", a point. */
const told = (...given: Parameters<typeof trailsOf>) =>
  trailsOf(...given).map(({ title, points }) => [
    title,
    points.map(({ when, failures, share }) => `${when}: ${failures} (${share})`).join(', '),
  ]);

describe('how images fared over accepted checkpoints', () => {
  const checkpoint = sampleCheckpoint({
    events: [sampleEvent({ title: 'Cats taken for dogs', images: named('a', 'b', 'c', 'd') })],
    slices: [slice('night', ['c', 'e']), slice('large', ['a'], 9)],
  });

  it('is told of events and slices, of images that each checkpoint was judged on, and now', () => {
    const checkpoints = [
      past('1'.repeat(40), { a: false, b: true, e: true }),
      past(
        '2'.repeat(40),
        { a: false, b: false, c: false, d: true, e: false },
        new Map([['large', { failures: 2, images: 8 }]]),
      ),
      past('other', {}),
    ];
    expect(told(checkpoint, checkpoints)).toEqual([
      [
        'Cats taken for dogs',
        '111111111111: 1 of 2 (50 %), 222222222222: 1 of 4 (25 %), other: null (null), now: 4 of 4 (100 %)',
      ],
      [
        'Watched: night',
        '111111111111: 1 of 1 (100 %), 222222222222: 0 of 2 (0 %), other: null (null), now: 1 of 2 (50 %)',
      ],
      // Of a large slice not all images are known: what was recorded of it is.
      [
        'Watched: large',
        '111111111111: null (null), 222222222222: 2 of 8 (25 %), other: null (null), now: 1 of 10 (10 %)',
      ],
    ]);
    expect([...imagesOfTrails([checkpoint])].toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('stays small with a thousand events', () => {
    const events = Array.from({ length: 1_000 }, (_, at) => sampleEvent({ images: named(`${at}`) }));
    expect(trailsOf({ ...checkpoint, events, slices: [] }, [past('one', {})])).toHaveLength(20);
  });
});
