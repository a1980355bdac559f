import { type CountedRegion, DensestRegions } from './countedRegion.ts';
import { LADDER, type Neighbourhoods } from './neighbourhoods.ts';
import type { OpenImages } from './open.ts';
import { densityScore, leastNet, type Material } from './score.ts';

/** The densest neighbourhoods of a group that can be material and hold more open images than expected. */
export function neighbourRegions(
  near: Neighbourhoods,
  open: OpenImages,
  expected: Float64Array,
  options: Material,
): CountedRegion[] {
  const [places, rightPlaces] = [open.positions, open.rightPositions].map((of) => placesOf(of, expected.length));
  const best = new DensestRegions();
  for (let list = 0; list < near.around.length; list++) {
    for (const [size, { count, mu }] of counts(near, list, places, expected)) {
      if (mu < count && count >= leastNet(size, options)) best.offer(densityScore(count, mu), list, size);
    }
  }
  return best.found().map(([list, size]) => {
    const inside = near.order.subarray(list * near.reach, list * near.reach + size);
    const of = (all: Int32Array) => Array.from(inside, (at) => all[at]).filter((place) => place >= 0);
    const members = of(places).sort((a, b) => a - b);
    const mu = inside.reduce((sum, at) => sum + expected[at], 0);
    return {
      ...{ conditions: [], list, density: densityScore(members.length, mu), open: members.length, size, expected: mu },
      ...{ members, rightMembers: of(rightPlaces).sort((a, b) => a - b) },
    };
  });
}

/** Open images, and those expected, among the first so many of a list. */
function* counts(near: Neighbourhoods, list: number, places: Int32Array, expected: Float64Array) {
  let [count, mu, next] = [0, 0, 0];
  for (let at = 0; at < near.reach; at++) {
    const image = near.order[list * near.reach + at];
    if (places[image] >= 0) count++;
    mu += expected[image];
    if (at + 1 !== LADDER[next]) continue;
    yield [at + 1, { count, mu }] as const;
    next++;
  }
}

/** Of each image of a group its place in a list of some; -1 where it is none of them. */
function placesOf(positions: Uint32Array, rows: number): Int32Array {
  const places = new Int32Array(rows).fill(-1);
  for (const [place, at] of positions.entries()) places[at] = place;
  return places;
}
