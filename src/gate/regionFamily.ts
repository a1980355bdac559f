import type { Region } from '../records/analysis.ts';
import type { Columns } from '../records/features.ts';
import { sortedRegion } from '../records/regionId.ts';
import type { WorkerModule } from '../records/threads.ts';
import { LANE_STEP } from '../statistics/lanes.ts';
import { popcount } from '../statistics/popcount.ts';
import { densestOfAllBoxes } from './allBoxes.ts';
import { type BitLayout, bitLayout } from './bitSet.ts';
import { type CountedRegion, DensestRegions } from './countedRegion.ts';
import { densest, type HalfSpaces, halfSpaces, holds } from './halfSpaces.ts';
import { type Neighbourhoods, neighbourhoodsOf } from './neighbourhoods.ts';
import { neighbourRegions } from './neighbourRegions.ts';
import type { OpenImages } from './open.ts';
import { addToPoints, noPoints, type Points } from './points.ts';
import { densityScore, leastNet, type Material } from './score.ts';

/**
 * The regions of a group in which new clusters are sought: the whole group, every half-space, and the densest boxes of two
 * half-spaces; where asked for, the densest neighbourhoods of open images. It depends on features, on labels and on where images are open, never on who fails there. Left out is what
 * can change no score: a region with too few open images ever to be material, and one with the open images of another that
 * is denser and as easily material. Typed arrays are in shared memory; the densest region comes first.
 */
export interface Family {
  readonly regions: number;
  /**
   * The open images that region r holds: `members[offsets[r]..offsets[r + 1]]`, their places in `OpenImages.positions`
   * counted from 1; 0 is no image and fills a list up to a multiple of `LANE_STEP`.
   */
  readonly offsets: Uint32Array;
  readonly members: Uint32Array;
  /** The same of `OpenImages.rightPositions`. */
  readonly rightOffsets: Uint32Array;
  readonly rightMembers: Uint32Array;
  /** Open images, all images, open images expected, and the net that makes it material, of each region. */
  readonly open: Uint32Array;
  readonly size: Uint32Array;
  readonly expected: Float64Array;
  readonly least: Uint32Array;
  /** `densityScore` of each region. */
  readonly density: Float64Array;
  /** Two conditions a region; feature -1 where there is none. */
  readonly feature: Int32Array;
  readonly upper: Uint8Array;
  readonly threshold: Float64Array;
  /** Of each region the list of `near` whose first `size` images it has; -1 where it is no neighbourhood. */
  readonly list: Int32Array;
  /** Null where none were asked for. */
  readonly near: Neighbourhoods | null;
}

export interface FamilyTask {
  readonly columns: Columns;
  readonly open: OpenImages;
  /** How likely each image of the group is to be open. */
  readonly expected: Float64Array;
  readonly options: FamilyOptions;
}

export interface FamilyOptions extends Material {
  /** Most conditions of a region, 0 to 2. */
  readonly conditions: number;
  /** The first so many features are those by which neighbourhoods are made; 0: there are none. */
  readonly neighbours: number;
}

/** Half-spaces that boxes are made of where there are too many pairs to try all. */
const BEAM = 600;
/** Words that the pairs of all half-spaces may take, about half a second. */
const ALL_PAIRS_WORDS = 2 ** 27;

/** Numbers of the half-spaces that boxes are made of. */
export function conditionsOfBoxes(spaces: HalfSpaces, rows: number, { conditions }: FamilyOptions): number[] {
  if (conditions < 2) return [];
  const pairs = (spaces.feature.length * (spaces.feature.length - 1)) / 2;
  return densest(spaces, pairs * Math.ceil(rows / 32) <= ALL_PAIRS_WORDS ? spaces.feature.length : BEAM);
}

/** The family of a group whose features are all at hand. */
export default function regionFamily({ columns, open, expected, options }: FamilyTask): Family {
  const searched = options.conditions > 0 ? columns : { ...columns, to: columns.from };
  const spaces = halfSpaces(searched, { open: openFlags(open, columns.rows), expected });
  const paired = conditionsOfBoxes(spaces, columns.rows, options);
  const points = pointsFor(columns.rows, options);
  const part = familyPart({ columns, spaces, paired, open, expected, options, points });
  return joinFamily({ spaces, paired, parts: [part], open, expected, options, points });
}

/** Where neighbourhoods are looked for: what `familyPart` adds features to. */
export function pointsFor(rows: number, { neighbours }: FamilyOptions): Points | null {
  return neighbours > 0 ? noPoints(rows, neighbours) : null;
}

/** What some of a group's features add to its family. */
export interface FamilyPart {
  /** The half-spaces that can be material. */
  readonly singles: readonly CountedRegion[];
  /** A bit set for each of the `paired` half-spaces on these features, in their order. */
  readonly bits: Uint32Array;
}

export interface FamilyPartTask extends FamilyTask {
  /** All half-spaces of the group, and the numbers of those that boxes are made of. */
  readonly spaces: HalfSpaces;
  readonly paired: readonly number[];
  /** Of the whole group: each part adds its features, in their order. */
  readonly points: Points | null;
}

export function familyPart({ columns, spaces, paired, open, expected, options, points }: FamilyPartTask): FamilyPart {
  if (points !== null) addToPoints(points, columns);
  const has = (space: number) => spaces.feature[space] >= columns.from && spaces.feature[space] < columns.to;
  const layout = bitLayout(expected, openFlags(open, columns.rows));
  const own = [...spaces.feature.keys()].filter(has);
  return {
    singles: singles(columns, spaces, own, open, options),
    bits: bitsOf(columns, spaces, paired.filter(has), layout),
  };
}

export interface JoinFamilyTask extends Omit<FamilyPartTask, 'columns'> {
  /** By rising features. */
  readonly parts: readonly FamilyPart[];
}

export function joinFamily({ spaces, paired, parts, open, expected, options, points }: JoinFamilyTask): Family {
  const layout = bitLayout(expected, openFlags(open, expected.length));
  const bits = new Uint32Array(paired.length * layout.words);
  let filled = 0;
  for (const part of parts) {
    bits.set(part.bits, filled);
    filled += part.bits.length;
  }
  const pairs = boxes(spaces, paired, bits, layout, open, options);
  const near = points === null ? null : neighbourhoodsOf(points, expected.length, open.positions);
  const balls = near === null ? [] : neighbourRegions(near, open, expected, options);
  const found = [wholeGroup(open, expected), ...parts.flatMap((part) => part.singles), ...pairs, ...balls];
  return familyOf(found, near, spaces, options);
}

/** `regionFamily` as a task for a worker thread. */
export const familyWorker: WorkerModule<FamilyTask, Family> = { url: import.meta.url, run: regionFamily };

/** 1 for each open image of a group. */
export function openFlags({ positions }: OpenImages, rows: number): Uint8Array {
  const flags = new Uint8Array(rows);
  for (const at of positions) flags[at] = 1;
  return flags;
}

function wholeGroup({ positions, rightPositions }: OpenImages, expected: Float64Array): CountedRegion {
  const mu = expected.reduce((sum, each) => sum + each, 0);
  return {
    ...{ conditions: [], list: -1, density: densityScore(positions.length, mu), open: positions.length },
    ...{ size: expected.length, expected: mu },
    ...{ members: [...positions.keys()], rightMembers: [...rightPositions.keys()] },
  };
}

/** Those of some half-spaces that can be material. */
function singles(
  columns: Columns,
  spaces: HalfSpaces,
  of: readonly number[],
  open: OpenImages,
  options: FamilyOptions,
): CountedRegion[] {
  const found: CountedRegion[] = [];
  for (const at of of) {
    const [count, size, mu] = [spaces.open[at], spaces.size[at], spaces.expected[at]];
    if (count < leastNet(size, options)) continue;
    const column = columnOf(columns, spaces.feature[at]);
    const inside = (positions: Uint32Array) => {
      const members: number[] = [];
      for (let member = 0; member < positions.length; member++) {
        if (holds(column[positions[member]], spaces.upper[at], spaces.threshold[at])) members.push(member);
      }
      return members;
    };
    found.push({
      ...{ conditions: [at], list: -1, density: densityScore(count, mu), open: count, size, expected: mu },
      ...{ members: inside(open.positions), rightMembers: inside(open.rightPositions) },
    });
  }
  return found;
}

/** A bit set for each of some half-spaces, one after the other. */
function bitsOf(columns: Columns, spaces: HalfSpaces, of: readonly number[], { bitOf, words }: BitLayout): Uint32Array {
  const bits = new Uint32Array(of.length * words);
  for (const [at, space] of of.entries()) {
    const column = columnOf(columns, spaces.feature[space]);
    const start = at * words;
    for (let row = 0; row < columns.rows; row++) {
      if (holds(column[row], spaces.upper[space], spaces.threshold[space])) {
        bits[start + (bitOf[row] >>> 5)] |= 1 << (bitOf[row] & 31);
      }
    }
  }
  return bits;
}

/** The densest boxes of two half-spaces that can be material and hold more open images than expected. */
function boxes(
  spaces: HalfSpaces,
  paired: readonly number[],
  bits: Uint32Array,
  layout: BitLayout,
  open: OpenImages,
  options: FamilyOptions,
): CountedRegion[] {
  const best =
    paired.length === spaces.feature.length
      ? densestOfAllBoxes(spaces, bits, layout, options)
      : densestOfSome(spaces, paired, bits, layout, options);
  // Of equally dense ones the first, whatever their sums were rounded to.
  const found = best.found().toSorted(([i, j], [k, l]) => i - k || j - l);
  return found.map(([i, j]) => boxOf(i, j, paired, bits, layout, open));
}

/** The same by bit sets, of some half-spaces alone: those that are left of a feature are few. */
function densestOfSome(
  spaces: HalfSpaces,
  paired: readonly number[],
  bits: Uint32Array,
  { words, openWords, weight }: BitLayout,
  options: FamilyOptions,
): DensestRegions {
  const best = new DensestRegions();
  for (let i = 0; i < paired.length; i++) {
    for (let j = i + 1; j < paired.length; j++) {
      if (
        spaces.feature[paired[i]] === spaces.feature[paired[j]] &&
        spaces.upper[paired[i]] === spaces.upper[paired[j]]
      )
        continue;
      const [a, b] = [i * words, j * words];
      let count = 0;
      let mu = 0;
      for (let word = 0; word < openWords; word++) {
        const inside = popcount(bits[a + word] & bits[b + word]);
        count += inside;
        mu += inside * weight[word];
      }
      if (count < options.minNewFailures || mu >= count) continue;
      let size = count;
      for (let word = openWords; word < words; word++) {
        const inside = popcount(bits[a + word] & bits[b + word]);
        size += inside;
        mu += inside * weight[word];
      }
      if (mu >= count || count < leastNet(size, options)) continue;
      best.offer(densityScore(count, mu), i, j);
    }
  }
  return best;
}

function boxOf(
  i: number,
  j: number,
  paired: readonly number[],
  bits: Uint32Array,
  { bitOf, words, weight }: BitLayout,
  { positions, rightPositions }: OpenImages,
): CountedRegion {
  const inside = bits.slice(i * words, (i + 1) * words);
  let size = 0;
  let expected = 0;
  for (let word = 0; word < words; word++) {
    inside[word] &= bits[j * words + word];
    const count = popcount(inside[word]);
    size += count;
    expected += count * weight[word];
  }
  const membersOf = (of: Uint32Array) => {
    const members: number[] = [];
    for (let at = 0; at < of.length; at++) {
      if ((inside[bitOf[of[at]] >>> 5] >>> (bitOf[of[at]] & 31)) & 1) members.push(at);
    }
    return members;
  };
  const members = membersOf(positions);
  const open = members.length;
  return {
    ...{ conditions: [paired[i], paired[j]], list: -1, density: densityScore(open, expected), open, size, expected },
    ...{ members, rightMembers: membersOf(rightPositions) },
  };
}

/** Puts regions into one family: those that can be material, each set of open images once, the densest first. */
function familyOf(
  found: readonly CountedRegion[],
  near: Neighbourhoods | null,
  spaces: HalfSpaces,
  options: FamilyOptions,
): Family {
  const possible = found.filter(({ open, size }) => open >= leastNet(size, options));
  const sorted = possible.toSorted((a, b) => b.density - a.density || a.conditions.length - b.conditions.length);
  const leastOf = new Map<string, number>();
  const kept = sorted.filter(({ members, size }) => {
    const key = Buffer.from(Uint32Array.from(members).buffer).toString('latin1');
    const least = leastNet(size, options);
    const known = leastOf.get(key);
    if (known !== undefined && known <= least) return false;
    leastOf.set(key, least);
    return true;
  });
  const numbers = (list: readonly number[]) => sharedUint32(list.length, (at) => list[at]);
  const members = padded(kept.map((each) => each.members));
  const right = padded(kept.map((each) => each.rightMembers));
  const cuts = kept.flatMap(({ conditions }) => [conditions[0], conditions[1]]);
  const ofCuts = (list: readonly number[], none: number) => cuts.map((cut) => (cut === undefined ? none : list[cut]));
  return {
    regions: kept.length,
    ...{ offsets: members.offsets, members: members.list, rightOffsets: right.offsets, rightMembers: right.list },
    open: numbers(kept.map(({ open }) => open)),
    size: numbers(kept.map(({ size }) => size)),
    expected: Float64Array.from(kept, ({ expected }) => expected),
    least: numbers(kept.map(({ size }) => leastNet(size, options))),
    density: Float64Array.from(kept, ({ density }) => density),
    feature: Int32Array.from(ofCuts(spaces.feature, -1)),
    upper: Uint8Array.from(ofCuts(spaces.upper, 0)),
    threshold: Float64Array.from(ofCuts(spaces.threshold, 0)),
    list: Int32Array.from(kept, ({ list }) => list),
    near,
  };
}

/** Lists one after the other, counted from 1 and each filled up to a multiple of `LANE_STEP` with 0, which is no image. */
function padded(lists: readonly (readonly number[])[]): { offsets: Uint32Array; list: Uint32Array } {
  const offsets = sharedUint32(lists.length + 1, () => 0);
  for (const [at, { length }] of lists.entries()) {
    offsets[at + 1] = offsets[at] + Math.ceil(length / LANE_STEP) * LANE_STEP;
  }
  const list = sharedUint32(offsets[lists.length], () => 0);
  for (const [at, members] of lists.entries()) {
    for (const [of, member] of members.entries()) list[offsets[at] + of] = member + 1;
  }
  return { offsets, list };
}

function sharedUint32(length: number, of: (at: number) => number): Uint32Array {
  const list = new Uint32Array(new SharedArrayBuffer(length * 4));
  for (let at = 0; at < length; at++) list[at] = of(at);
  return list;
}

function columnOf({ rows, from, values }: Columns, feature: number): Float32Array {
  return values.subarray((feature - from) * rows, (feature - from + 1) * rows);
}

/** The conditions of a region of a family. */
export function ruleOf({ feature, upper, threshold }: Family, region: number): Region {
  const conditions = [2 * region, 2 * region + 1].filter((at) => feature[at] >= 0);
  return sortedRegion(
    conditions.map((at) => ({ feature: feature[at], op: upper[at] === 1 ? '>' : '<=', threshold: threshold[at] })),
  );
}

/** A region of a family that has no conditions: the images around one. */
export interface Neighbours {
  /** Positions in the group: of the image that it is around, and of all its images, the nearest first. */
  readonly around: number;
  readonly positions: Uint32Array;
  readonly shape: 'ball' | 'cap';
}

/** Null where the region is no neighbourhood. */
export function neighboursOf({ list, size, near }: Family, region: number): Neighbours | null {
  const of = list[region];
  if (near === null || of < 0) return null;
  const from = of * near.reach;
  return {
    around: near.around[of],
    positions: near.order.slice(from, from + size[region]),
    shape: near.shape[of] === 0 ? 'ball' : 'cap',
  };
}
