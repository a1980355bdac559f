import { entry } from '../records/entry.ts';
import type { Slice, SliceResult } from '../records/slices.ts';
import { holm } from '../statistics/holm.ts';
import { mcnemar } from '../statistics/mcnemar.ts';
import { changeIn } from './change.ts';

/**
 * Tests each slice as one hypothesis: McNemar's exact test between the newest accepted checkpoint and the candidate, Holm
 * over the slices. No search chose them, so no price is paid for one: a fixed cluster that comes back at half its size is
 * seen here where the scan would not see it. A slice without a changed image counts in Holm all the same: it was asked about.
 * @param outcomes failures of the candidate and of the newest accepted checkpoint, aligned with `images`; without the
 *   second nothing is compared.
 * @param images names by row.
 */
export function testSlices(
  slices: readonly Slice[],
  outcomes: readonly [Uint8Array, Uint8Array] | readonly [Uint8Array],
  images: readonly string[],
  significance: number,
): Omit<SliceResult, 'members'>[] {
  const [candidate, baseline] = outcomes;
  if (baseline === undefined) return slices.map((slice) => alone(slice, candidate));
  const changes = slices.map(({ rows }) => changeIn([candidate, baseline], rows));
  const pValues = changes.map(({ newlyFailed, newlyFixed }) => mcnemar(newlyFailed, newlyFixed));
  const adjusted = holm(pValues);
  return slices.map(({ name, source, since, rows, maxErrorRate }, index) => {
    const { size, failures, baselineFailures, newlyFailed, newlyFixed } = entry(changes, index);
    return {
      ...{ name, source, since, size, failures, baselineFailures, newlyFailed, newlyFixed, maxErrorRate },
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

function alone(
  { name, source, since, rows, maxErrorRate }: Slice,
  candidate: Uint8Array,
): Omit<SliceResult, 'members'> {
  const none = { baselineFailures: null, newlyFailed: null, newlyFixed: null, pValue: null, adjustedPValue: null };
  const failures = rows.reduce((sum, row) => sum + entry(candidate, row), 0);
  return {
    ...{ name, source, since, maxErrorRate, ...none },
    size: rows.length,
    failures,
    status: 'not compared',
    images: [],
  };
}
