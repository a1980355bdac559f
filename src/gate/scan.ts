import { sharedBuffers } from '../adapters/sharedBuffers.ts';
import type { Region } from '../records/analysis.ts';
import type { Difficulty, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';
import type { OnProgress, RunTask } from '../records/threads.ts';
import type { GateOptions } from '../records/verdict.ts';
import { bestRegion } from './bestRegion.ts';
import { boundedMap } from './boundedMap.ts';
import { expectedOpen } from './expectedOpen.ts';
import type { ScoredGroup } from './maxima.ts';
import { type OpenImages, openImages } from './open.ts';
import { openFamily } from './openFamily.ts';
import { type Family, type FamilyOptions, type Neighbours, neighboursOf, openFlags, ruleOf } from './regionFamily.ts';
import { type RunTest, runTest } from './runTest.ts';
import { sideScore } from './score.ts';

export type ScanOptions = Pick<
  GateOptions,
  'significance' | 'conditions' | 'minErrorRateIncrease' | 'minNewFailures' | 'regions'
>;

export interface ScanInput {
  readonly groups: readonly PairedGroup[];
  /** Names of images, by the rows that `PairedGroup.rows` hold. */
  readonly images: readonly string[];
  /** The same, but of each image the first of its copies: copies fail together, so one choice is drawn for all of them. Left out: none has copies. */
  readonly drawnAs?: readonly string[];
  /** Features an image, image properties included. */
  readonly dimensions: number;
  /** First feature that is an image property: by those before it images are alike. Left out: none is. */
  readonly properties?: number;
  readonly options: ScanOptions;
  /** Of the run's level, what this scan may use up where it is one of several; left out: all. Its p-values are told as the run's: divided by it. */
  readonly share?: number;
  readonly readColumns: ReadColumns;
  /** How hard a group's images are; null where nothing tells. */
  readonly difficultyOf: (group: PairedGroup) => Promise<Difficulty | null>;
  /** Most draws. */
  readonly draws: number;
  readonly run: RunTask;
  readonly onProgress: OnProgress;
}

/** A group made ready: all that depends on where images are open, and not on who failed. */
export interface PreparedGroup {
  readonly group: PairedGroup;
  readonly open: OpenImages;
  readonly scored: ScoredGroup;
}

/** A region in which the candidate newly fails. */
export interface ScannedCluster {
  readonly prepared: PreparedGroup;
  readonly region: number;
  /** Its conditions; none where it is the whole group or a neighbourhood. */
  readonly rule: Region;
  readonly neighbours: Neighbours | null;
  readonly score: number;
  /** Of the whole run. */
  readonly pValue: number;
  /** Positions in the group of the newly failed images that it brings: those that no earlier cluster of the group has. */
  readonly newlyFailed: Uint32Array;
  /** Positions of all newly failed images of the group that no earlier cluster has. */
  readonly unclaimed: Uint32Array;
}

/** What a scan found. */
export interface Scanned {
  /** The highest score first; empty where the run does not fail. */
  readonly clusters: readonly ScannedCluster[];
  readonly test: RunTest;
  readonly prepared: readonly PreparedGroup[];
}

const GROUPS_AT_ONCE = 3;
/** Clusters of one group; each brings `minNewFailures` images or more that no other has. */
const CLUSTERS_A_GROUP = 10;

/** Makes the groups ready in which a cluster could show at all, in their order. */
export async function prepareGroups(input: ScanInput): Promise<PreparedGroup[]> {
  const { groups, options, dimensions, readColumns, run, onProgress } = input;
  const opened = groups.map((group) => ({ group, open: openImages(group.outcomes) }));
  const able = opened.filter(({ open }) => open.positions.length >= Math.max(1, options.minNewFailures));
  const buffers = sharedBuffers();
  let done = 0;
  const families = await boundedMap(able, GROUPS_AT_ONCE, async ({ group, open }) => {
    const expected = expectedOpen(openFlags(open, group.rows.length), await input.difficultyOf(group));
    const source = { rows: group.rows, dimensions, readColumns, buffers, run, open, expected };
    const family = await openFamily({ ...source, options: familyOptions(input) });
    onProgress('scan', ++done, able.length);
    return { group, open, family };
  });
  return numbered(families.filter(({ family }) => family.regions > 0));
}

/** Gives the images that are drawn for, those that are open in one of the groups, numbers without a gap. */
function numbered(groups: readonly { group: PairedGroup; open: OpenImages; family: Family }[]): PreparedGroup[] {
  const numbers = new Map<number, number>();
  const numberOf = (row: number) => {
    const number = numbers.get(row) ?? numbers.size;
    numbers.set(row, number);
    return number;
  };
  return groups.map(({ group, open, family }) => {
    const numbersAt = (positions: Uint32Array) => positions.map((at) => numberOf(entry(group.rows, at)));
    const { lone, loneRight } = open;
    const [image, rightImage] = [numbersAt(open.positions), numbersAt(open.rightPositions)];
    return { group, open, scored: { family, image, rightImage, lone, loneRight } };
  });
}

/**
 * The scan for new clusters: the best material region of each group by S + H, judged together by one test of the run, then
 * further ones while they reach the same critical value.
 */
export async function scanPrepared(
  prepared: readonly PreparedGroup[],
  {
    options,
    images,
    drawnAs = images,
    share = 1,
    draws,
    run,
    onProgress,
  }: Pick<ScanInput, 'options' | 'images' | 'drawnAs' | 'share' | 'draws' | 'run' | 'onProgress'>,
): Promise<Scanned> {
  const accepted = prepared[0]?.open.accepted ?? 1;
  const best = prepared.map((each) => candidates(each, accepted).next().value ?? null);
  const observed = best.reduce((most, each) => Math.max(most, each?.score ?? 0), 0);
  const significance = share * options.significance;
  const test = await runTest({
    groups: prepared.map(({ scored }) => scored),
    names: namesDrawn(prepared, drawnAs),
    ...{ accepted, observed, draws, run, significance },
    onProgress: (done, total) => onProgress('draws', done, total),
  });
  if (test.pValue > significance) return { clusters: [], test, prepared };
  const clusters = prepared.flatMap((each) => {
    const found: ScannedCluster[] = [];
    for (const candidate of candidates(each, accepted)) {
      // The run's own p-value is of its best score; one as great has it too.
      const pValue = candidate.score >= observed ? test.pValue : Math.max(test.pValue, test.pValueOf(candidate.score));
      if (pValue > significance || found.length === CLUSTERS_A_GROUP) break;
      found.push({ ...candidate, pValue: pValue / share });
    }
    return found;
  });
  return { clusters: clusters.toSorted((a, b) => b.score - a.score), test, prepared };
}

/** The best region of a group, then the best without the newly failed images of those before, and so on. */
function* candidates(prepared: PreparedGroup, accepted: number): Generator<Omit<ScannedCluster, 'pValue'>> {
  const { open, scored } = prepared;
  const claimed = new Uint8Array(open.positions.length);
  const score = sideScore(accepted, open.positions.length);
  for (;;) {
    const best = bestRegion(scored, claimed, score, accepted);
    if (best === null) return;
    yield {
      ...{ prepared, region: best.region, score: best.score },
      ...{ rule: ruleOf(scored.family, best.region), neighbours: neighboursOf(scored.family, best.region) },
      newlyFailed: Uint32Array.from(best.newlyFailed, (at) => entry(open.positions, at)),
      unclaimed: open.positions.filter((_, at) => open.lone[at] === 0 && claimed[at] === 0),
    };
    for (const at of best.newlyFailed) claimed[at] = 1;
  }
}

/** Names of the images that are drawn for, by their numbers. */
function namesDrawn(prepared: readonly PreparedGroup[], images: readonly string[]): string[] {
  const names: string[] = [];
  for (const { group, open, scored } of prepared) {
    for (const [at, number] of scored.image.entries())
      names[number] = entry(images, entry(group.rows, entry(open.positions, at)));
    for (const [at, number] of scored.rightImage.entries())
      names[number] = entry(images, entry(group.rows, entry(open.rightPositions, at)));
  }
  return Array.from(names.keys(), (number) => entry(names, number));
}

/** Just what the family needs: a task is copied to its thread. */
function familyOptions({ options, dimensions, properties = dimensions }: ScanInput): FamilyOptions {
  const { conditions, regions, minErrorRateIncrease, minNewFailures } = options;
  return {
    conditions: regions.includes('boxes') ? conditions : 0,
    neighbours: regions.includes('neighbours') ? properties : 0,
    ...{ minErrorRateIncrease, minNewFailures },
  };
}
