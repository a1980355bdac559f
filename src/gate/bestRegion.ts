import type { ScoredGroup } from './maxima.ts';
import { densityScore, type SideScore } from './score.ts';

/** The best material region of a group as it is observed. */
export interface BestRegion {
  /** Number in the family. */
  readonly region: number;
  readonly score: number;
  /** Places in `OpenImages.positions` of its newly failed images, ascending. */
  readonly newlyFailed: readonly number[];
}

/**
 * The best material region of a group where checkpoint 0 is the candidate, without the newly failed images that an earlier
 * cluster claimed; null where no region is material. The first of equals wins.
 *
 * @param claimed 1 for each open image that counts no more.
 */
export function bestRegion(
  group: ScoredGroup,
  claimed: Uint8Array,
  score: SideScore,
  accepted: number,
): BestRegion | null {
  const { family, lone, loneRight } = group;
  let best = -1;
  let bestScore = 0;
  for (let region = 0; region < family.regions; region++) {
    let b = 0;
    let m = 0;
    for (let at = family.offsets[region]; at < family.offsets[region + 1]; at++) {
      const open = family.members[at] - 1;
      if (open < 0 || claimed[open] === 1) continue;
      m++;
      if (lone[open] === 0) b++;
    }
    const fixed = accepted === 1 ? m - b : fixedIn(family, region, loneRight);
    if (b - fixed < family.least[region] || b * (accepted + 1) <= m) continue;
    const value = score.of(b, m) + densityScore(m, family.expected[region]);
    if (value <= bestScore) continue;
    best = region;
    bestScore = value;
  }
  return best < 0 ? null : { region: best, score: bestScore, newlyFailed: newlyFailedIn(group, best, claimed) };
}

function fixedIn(family: ScoredGroup['family'], region: number, loneRight: Uint8Array): number {
  let fixed = 0;
  for (let at = family.rightOffsets[region]; at < family.rightOffsets[region + 1]; at++) {
    const image = family.rightMembers[at] - 1;
    if (image >= 0 && loneRight[image] === 0) fixed++;
  }
  return fixed;
}

function newlyFailedIn({ family, lone }: ScoredGroup, region: number, claimed: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = family.offsets[region]; at < family.offsets[region + 1]; at++) {
    const open = family.members[at] - 1;
    if (open >= 0 && lone[open] === 0 && claimed[open] === 0) found.push(open);
  }
  return found;
}
