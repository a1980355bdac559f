import type { Cluster, EventImage, FoundRegion, Neighbourhood, PairedGroup } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import { neighbourhoodId, regionId } from '../records/regionId.ts';
import { boundedMap } from './boundedMap.ts';
import { changeIn } from './change.ts';
import { type Described, describeWorker } from './describeCluster.ts';
import type { EventPart } from './events.ts';
import type { Neighbours } from './regionFamily.ts';
import type { RunTest } from './runTest.ts';
import { type PreparedGroup, prepareGroups, type ScanInput, type ScannedCluster, scanPrepared } from './scan.ts';
import { specificWorker } from './specific.ts';
import { readSome, tellingFeatures } from './tellingColumns.ts';

export interface NewClustersInput extends ScanInput {
  /** First feature that is an image property. */
  readonly properties: number;
  /** What is known of an image by itself, by its row. */
  readonly faceOf: (row: number) => Omit<EventImage, 'name' | 'typical'>;
}

/** What a scan found, told. */
export interface NewClusters {
  /** The most surprising first. */
  readonly parts: readonly EventPart[];
  readonly test: RunTest;
  readonly prepared: readonly PreparedGroup[];
}

const CLUSTERS_AT_ONCE = 2;

/** Scans groups for regions in which the candidate newly fails, and tells those that fail the run. */
export async function newClusters(input: NewClustersInput): Promise<NewClusters> {
  return newClustersOf(await prepareGroups(input), input);
}

/** The same in groups that are ready. */
export async function newClustersOf(prepared: readonly PreparedGroup[], input: NewClustersInput): Promise<NewClusters> {
  const { clusters, test } = await scanPrepared(prepared, input);
  const parts = await boundedMap(clusters, CLUSTERS_AT_ONCE, (cluster) => told(cluster, input));
  return { parts: withoutRepeats(parts), test, prepared };
}

/** Two regions of a group may come to one rule: it is told once. */
function withoutRepeats(parts: readonly EventPart[]): EventPart[] {
  return parts.filter(({ cluster }, at) => parts.findIndex((other) => other.cluster.id === cluster.id) === at);
}

async function told(scanned: ScannedCluster, input: NewClustersInput): Promise<EventPart> {
  const { prepared, region, score } = scanned;
  const { group, scored, open } = prepared;
  const described = await describe(scanned, input);
  const seed = `${group.id}/${region}`;
  const specificPValue = await input.run(specificWorker, { seed, group: scored, accepted: open.accepted, score });
  return {
    cluster: clusterOf(scanned, described, specificPValue, input),
    images: Array.from(described.newlyFailed, (at, of) => ({
      name: entry(input.images, entry(group.rows, at)),
      ...input.faceOf(entry(group.rows, at)),
      typical: entry(described.typical, of),
    })),
  };
}

function clusterOf(
  scanned: ScannedCluster,
  { rule, neighbourhood: around, positions }: Described,
  specificPValue: number,
  { images, options }: NewClustersInput,
): Cluster {
  const { prepared, newlyFailed: brought, pValue } = scanned;
  const { group } = prepared;
  const neighbourhood = neighbourhoodOf(around, group, images);
  const newlyFailing = positions.filter((at) => newlyFails(group.outcomes, at));
  const { size, baselineErrorRate, errorRate } = changeIn(group.outcomes, positions);
  const held = new Set(positions);
  const id = neighbourhood === null ? regionId(group.id, rule) : neighbourhoodId(group.id, neighbourhood, size);
  return {
    ...{ id, group: group.id, status: 'new', rule, neighbourhood, size },
    newlyFailed: newlyFailing.length,
    newlyFixed: positions.filter((at) => newlyRight(group.outcomes, at)).length,
    ...{ baselineErrorRate, errorRate, pValue, adjustedPValue: pValue, specificPValue },
    scope: scopeOf(scanned, specificPValue, options),
    images: Array.from(newlyFailing, (at) => entry(images, entry(group.rows, at))),
    found: foundRegion(scanned, images),
    precision: size === 0 ? 0 : newlyFailing.length / size,
    recall: brought.length === 0 ? 0 : brought.filter((at) => held.has(at)).length / brought.length,
    match: null,
  };
}

function newlyFails([candidate, ...accepted]: readonly Uint8Array[], at: number): boolean {
  return candidate?.[at] === 1 && accepted.every((each) => each[at] === 0);
}

function newlyRight([candidate, ...accepted]: readonly Uint8Array[], at: number): boolean {
  return candidate?.[at] === 0 && accepted.every((each) => each[at] === 1);
}

/** A neighbourhood by the names of its images. */
function neighbourhoodOf(
  near: Neighbours | null,
  { rows }: PairedGroup,
  images: readonly string[],
): Neighbourhood | null {
  if (near === null) return null;
  const nameOf = (at: number) => entry(images, entry(rows, at));
  return { around: nameOf(near.around), shape: near.shape, images: Array.from(near.positions, nameOf) };
}

function foundRegion(scanned: ScannedCluster, images: readonly string[]): FoundRegion {
  const { prepared, region, rule, neighbours, score, newlyFailed } = scanned;
  const neighbourhood = neighbourhoodOf(neighbours, prepared.group, images);
  const { open, scored } = prepared;
  const { family } = scored;
  const [list, offsets, lone] =
    open.accepted === 1
      ? [family.members, family.offsets, open.lone.map((each) => (each === 0 ? 1 : 0))]
      : [family.rightMembers, family.rightOffsets, open.loneRight];
  let newlyFixed = 0;
  // Member 0 is no image, and has no checkpoint.
  for (const member of list.subarray(entry(offsets, region), entry(offsets, region + 1))) {
    if (lone[member - 1] === 0) newlyFixed++;
  }
  return {
    rule,
    neighbourhood: neighbourhood && { around: neighbourhood.around, shape: neighbourhood.shape },
    ...{ size: entry(family.size, region), newlyFailed: newlyFailed.length, newlyFixed, score },
  };
}

/**
 * `specific` where the cluster breaks more than the rest of its group does, beyond chance. Where all open images newly fail
 * shuffling cannot tell; the cluster is then specific if the rest of the group did not get materially worse.
 */
function scopeOf(
  { prepared, region, rule, neighbours, newlyFailed }: ScannedCluster,
  specificPValue: number,
  { significance, minErrorRateIncrease }: NewClustersInput['options'],
): 'specific' | 'general' {
  if (rule.length === 0 && neighbours === null) return 'general';
  const { lone } = prepared.open;
  if (lone.some((each) => each !== 0)) return specificPValue <= significance ? 'specific' : 'general';
  const outside = prepared.group.rows.length - entry(prepared.scored.family.size, region);
  return outside > 0 && (lone.length - newlyFailed.length) / outside >= minErrorRateIncrease ? 'general' : 'specific';
}

/** Tells a region by the features of its group: all, or as many as there is room for, those of the densest regions first. */
async function describe(scanned: ScannedCluster, input: NewClustersInput): Promise<Described> {
  const { prepared, rule, neighbours, newlyFailed, unclaimed } = scanned;
  const { scored, group } = prepared;
  const features = tellingFeatures({ rows: group.rows.length, rule, family: scored.family }, input);
  const columns = await readSome(group.rows, features, input);
  const place = new Map(features.map((feature, at) => [feature, at]));
  const described = await input.run(describeWorker, {
    ...{ columns, newlyFailed, unclaimed, neighbours },
    alikeBy: features.length === input.dimensions ? input.properties : 0,
    rule: rule.map((each) => ({ ...each, feature: lookUp(place, each.feature) })),
  });
  return { ...described, rule: described.rule.map((each) => ({ ...each, feature: entry(features, each.feature) })) };
}
