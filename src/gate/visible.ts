import { LADDER } from './neighbourhoods.ts';
import type { PreparedGroup, ScanOptions } from './scan.ts';
import { densityScore, leastNet, sideScore } from './score.ts';

/** Of the images of a cluster, as many newly fail in the reckoning below. */
const BROKEN = 0.5;
/** No box of two conditions on quantiles holds much less of its group. */
const LEAST_BOX = 1 / 64;

/**
 * Newly failed images of the smallest cluster that a run could have failed on, about: of a region half of whose images newly
 * fail, none is mended and no others are open, in a group whose images are all alike in how likely they are to be open.
 * Null where not even a group that fails as a whole would do.
 */
export function smallestVisible(
  size: number,
  prepared: PreparedGroup | undefined,
  accepted: number,
  critical: number,
  options: Pick<ScanOptions, 'minNewFailures' | 'minErrorRateIncrease' | 'regions'>,
): number | null {
  const openShare = prepared === undefined ? 0 : prepared.open.positions.length / size;
  const score = sideScore(accepted, size);
  const box = Math.ceil(size * LEAST_BOX);
  const least = options.regions.includes('neighbours') ? Math.min(box, LADDER[0]) : box;
  for (let failed = Math.max(1, options.minNewFailures); failed <= size; failed++) {
    const region = Math.min(size, Math.max(Math.ceil(failed / BROKEN), least));
    // Those that newly fail are open too, and so raise what is expected everywhere.
    const expected = region * Math.min(1, openShare + failed / size);
    if (failed < leastNet(region, options)) continue;
    if (score.most(failed) + densityScore(failed, expected) > critical) return failed;
  }
  return null;
}
