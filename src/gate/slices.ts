import { entry } from '../records/entry.ts';
import type { Slice, SliceResult } from '../records/slices.ts';
import { holmOverTestable } from '../statistics/holm.ts';
import { leastMcnemar, mcnemar } from '../statistics/mcnemar.ts';
import { changeIn } from './change.ts';

/** A slice as far as its test tells. */
export type TestedSlice = Omit<SliceResult, 'members' | 'uncompared' | 'left'>;

/**
 * Tests each slice as one hypothesis: McNemar's exact test between the newest accepted checkpoint and the candidate, Holm
 * over the slices that could be significant at all (`testable`): events are watched for good, and those without a changed image
 * would in time take all power from the others. No search chose them, so no price is paid for one: a fixed cluster that comes back at half its size is
 * seen here where the scan would not see it.
 * @param outcomes failures of the candidate and of the newest accepted checkpoint, aligned with `images`; without the
 *   second nothing is compared.
 * @param images names by row.
 */
export function testSlices(
  slices: readonly Slice[],
  outcomes: readonly [Uint8Array, Uint8Array] | readonly [Uint8Array],
  images: readonly string[],
  significance: number,
): TestedSlice[] {
  const [candidate, baseline] = outcomes;
  if (baseline === undefined) return slices.map((slice) => alone(slice, candidate));
  const changes = slices.map(({ rows }) => changeIn([candidate, baseline], rows));
  const pValues = changes.map(({ newlyFailed, newlyFixed }) => mcnemar(newlyFailed, newlyFixed));
  const least = changes.map(({ newlyFailed, newlyFixed }) => leastMcnemar(newlyFailed + newlyFixed));
  const adjusted = holmOverTestable(pValues, least, significance);
  return slices.map(({ name, source, since, rows, maxErrorRate, gone }, index) => {
    const { size, failures, baselineFailures, newlyFailed, newlyFixed } = entry(changes, index);
    return {
      ...{ name, source, since, size, failures, baselineFailures, newlyFailed, newlyFixed, maxErrorRate, gone },
      pValue: entry(pValues, index),
      adjustedPValue: entry(adjusted, index),
      status: statusOf(newlyFailed - newlyFixed, entry(adjusted, index) <= significance),
      images: Array.from(
        rows.filter((row) => entry(candidate, row) > entry(baseline, row)),
        (row) => entry(images, row),
      ),
    };
  });
}

function statusOf(net: number, significant: boolean): SliceResult['status'] {
  if (!significant || net === 0) return 'unchanged';
  return net > 0 ? 'worsened' : 'improved';
}

function alone({ name, source, since, rows, maxErrorRate, gone }: Slice, candidate: Uint8Array): TestedSlice {
  const none = { baselineFailures: null, newlyFailed: null, newlyFixed: null, pValue: null, adjustedPValue: null };
  const failures = rows.reduce((sum, row) => sum + entry(candidate, row), 0);
  return {
    ...{ name, source, since, maxErrorRate, gone, ...none },
    size: rows.length,
    failures,
    status: 'not compared',
    images: [],
  };
}
