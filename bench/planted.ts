/** Planted clusters: half the right images of a region made to fail, on images whose trainings were exchanged by coins. */
import { pairedGroupsOf } from '../src/analysis/groups.ts';
import { bestRegion } from '../src/gate/bestRegion.ts';
import { NEWEST_ALONE } from '../src/gate/compare.ts';
import describeCluster from '../src/gate/describeCluster.ts';
import { DRAWS_A_BLOCK, drawBlock } from '../src/gate/draws.ts';
import { maximaOf, type ScoredGroup } from '../src/gate/maxima.ts';
import { openImages } from '../src/gate/open.ts';
import { neighboursOf, ruleOf } from '../src/gate/regionFamily.ts';
import { type PreparedGroup, prepareGroups } from '../src/gate/scan.ts';
import { sideScore } from '../src/gate/score.ts';
import type { PairedGroup } from '../src/records/comparison.ts';
import type { Checkpoint } from '../src/records/evalSet.ts';
import type { RunTask } from '../src/records/threads.ts';
import type { RegionKind } from '../src/records/verdict.ts';
import { type RandomStream, stream } from '../src/statistics/random.ts';
import searchGroup from './firstVersion/searchGroup.ts';
import { type Bench, checkpoint, options, scanInput } from './gateData.ts';

export type Kind = 'boxes' | 'neighbours' | 'colours';

/** How one planted cluster fared. */
export interface Planted {
  /** Images that were made to fail. */
  readonly broken: number;
  /** The run fails by a cluster of whose newly failed images at least 30 % are those, in whatever group. */
  readonly found: boolean;
  /** Precision and recall of the images shown of the best such cluster against the planted region, both at least 0.6. */
  readonly located: boolean;
  /** The same of the best cluster of the class's own group alone. */
  readonly foundAtHome: boolean;
  readonly locatedAtHome: boolean;
  /** The first version's search of the class, with the number of its tests in the run. */
  readonly foundFirst: boolean;
  readonly locatedFirst: boolean;
}

/** Of the committed figures. */
export const SEED = 'planted';
const DRAWS = 999;
const SPECS = ['label', 'prediction', 'all'];

/** What all trials on some trainings share: groups that a planted cluster does not touch, and their scores under the draws. */
export interface Ground {
  readonly trainings: readonly Checkpoint[];
  readonly groups: readonly PreparedGroup[];
  readonly regions: readonly RegionKind[];
}

export async function groundOf(
  bench: Bench,
  trainings: readonly Checkpoint[],
  run: RunTask,
  regions: readonly RegionKind[] = options.regions,
): Promise<Ground> {
  const groups = pairedGroupsOf(SPECS, bench.evalSet, trainings);
  return { trainings, groups: await prepareGroups(scanInput(bench, groups, run, { regions })), regions };
}

/** A candidate with a planted cluster, beside the accepted checkpoints that it is compared with. */
export interface Regression {
  readonly candidate: Checkpoint;
  readonly accepted: readonly Checkpoint[];
  /** The class it lies in, the region's rows, those that were made to fail, and the class they are now taken for. */
  readonly ofClass: number;
  readonly region: readonly number[];
  readonly broken: readonly number[];
  readonly takenFor: number;
}

/** Exchanges the trainings by coins and breaks half the right images of a region; trial n lies in class n modulo their number. */
export async function regression(
  bench: Bench,
  trainings: readonly Checkpoint[],
  kind: Kind,
  share: number,
  trial: number,
  /** In whose features the region lies; the bench's own unless another is given. */
  space: Bench = bench,
  seed = SEED,
): Promise<Regression> {
  const random = stream(`${seed} ${kind} ${share} ${trial} of ${trainings.length}`);
  const { classes, labels } = bench.evalSet;
  const k = trial % classes.length;
  const rows = Uint32Array.from(labels.keys()).filter((row) => labels[row] === k);
  const region = await regionOf(space, kind, rows, share, random);
  const sides = exchanged(bench, trainings, random);
  const wrong = (k + 1 + random.below(classes.length - 1)) % classes.length;
  const predictions = Int32Array.from(sides[0].predictions ?? []);
  const broken = region.filter((row) => predictions[row] === k && random.below(2) === 1);
  for (const row of broken) predictions[row] = wrong;
  const candidate = checkpoint(bench.evalSet, 'planted', predictions);
  return { candidate, accepted: sides.slice(1), ofClass: k, region, broken, takenFor: wrong };
}

/** A scan of a regression: all its groups made ready, the class's own apart, and the score that the best must exceed. */
export interface PlantedRun {
  readonly groups: readonly PairedGroup[];
  /** The groups that its images are in, if not others too; without those in which no cluster could show. */
  readonly touched: readonly PreparedGroup[];
  readonly critical: number;
}

export async function plantedRun(bench: Bench, ground: Ground, planted: Regression, run: RunTask): Promise<PlantedRun> {
  const { classes } = bench.evalSet;
  const name = classes[planted.ofClass];
  const groups = pairedGroupsOf(SPECS, bench.evalSet, [planted.candidate, ...planted.accepted]);
  const touched = new Set([`label:${name}`, `prediction:${name}`, `prediction:${classes[planted.takenFor]}`, 'all']);
  const fresh = await prepareGroups(
    scanInput(
      bench,
      groups.filter(({ id }) => touched.has(id)),
      run,
      { regions: ground.regions },
    ),
  );
  // Families do not depend on who is who: those of untouched groups serve again.
  const kept = ground.groups
    .filter(({ group }) => !touched.has(group.id))
    .map((prepared) =>
      renamed(
        prepared,
        groups.find(({ id }) => id === prepared.group.id),
      ),
    );
  const level = options.significance * (planted.accepted.length > 1 ? 1 - NEWEST_ALONE : 1);
  return { groups, touched: fresh, critical: criticalOf(bench, [...fresh, ...kept], level) };
}

/** The scan that a run with several accepted checkpoints makes beside: against the newest alone, with what is left of the level. */
async function newestAlone(bench: Bench, { regions }: Ground, planted: Regression, run: RunTask): Promise<PlantedRun> {
  const groups = pairedGroupsOf(SPECS, bench.evalSet, [planted.candidate, planted.accepted[0]]);
  const prepared = await prepareGroups(scanInput(bench, groups, run, { regions }));
  return { groups, touched: prepared, critical: criticalOf(bench, prepared, options.significance * NEWEST_ALONE) };
}

export async function plant(
  bench: Bench,
  ground: Ground,
  kind: Kind,
  share: number,
  trial: number,
  withFirst: boolean,
  run: RunTask,
  space: Bench = bench,
  seed = SEED,
): Promise<Planted> {
  const made = await regression(bench, ground.trainings, kind, share, trial, space, seed);
  const { broken } = made;
  const scan = await plantedRun(bench, ground, made, run);
  const planted = new Set(made.region);
  const home = `label:${bench.evalSet.classes[made.ofClass]}`;
  const atHome = ({ group }: PreparedGroup) => group.id === home;
  let [own, hit] = [await hitOf(bench, scan, broken, atHome), await hitOf(bench, scan, broken)];
  if (hit === null && made.accepted.length > 1) {
    const second = await newestAlone(bench, ground, made, run);
    [own, hit] = [await hitOf(bench, second, broken, atHome), await hitOf(bench, second, broken)];
  }
  const first = withFirst
    ? await firstVersion(
        bench,
        scan.groups.find(({ id }) => id === home),
        broken,
        planted,
      )
    : null;
  return {
    broken: broken.length,
    found: hit !== null,
    located: hit !== null && isLocated(hit.rows, planted),
    foundAtHome: own !== null,
    locatedAtHome: own !== null && isLocated(own.rows, planted),
    foundFirst: first?.found ?? false,
    locatedFirst: first?.located ?? false,
  };
}

/** The best of the significant clusters, one a group, of whose newly failed images at least 30 % are those broken. */
async function hitOf(
  bench: Bench,
  { touched, critical }: PlantedRun,
  broken: readonly number[],
  isAsked = (_: PreparedGroup) => true,
): Promise<Told | null> {
  const hits = touched.filter(isAsked).flatMap((prepared) => {
    const { group, open, scored } = prepared;
    const count = open.positions.length;
    const best = bestRegion(scored, new Uint8Array(count), sideScore(open.accepted, count), open.accepted);
    if (best === null || best.score <= critical) return [];
    const those = best.newlyFailed.filter((at) => broken.includes(group.rows[open.positions[at]])).length;
    return those >= 0.3 * best.newlyFailed.length ? [{ prepared, score: best.score }] : [];
  });
  const [first] = hits.toSorted((a, b) => b.score - a.score);
  const [shown] = first === undefined ? [] : await tellBest(bench, first.prepared, critical, 1);
  return shown ?? null;
}

/** Precision and recall of what is shown against the planted region, both at least 0.6. */
export function isLocated(shown: readonly number[], planted: ReadonlySet<number>): boolean {
  const both = shown.filter((row) => planted.has(row)).length;
  return both >= 0.6 * shown.length && both >= 0.6 * planted.size;
}

function renamed(prepared: PreparedGroup, group: PairedGroup | undefined): PreparedGroup {
  if (group === undefined) throw new Error(`${prepared.group.id} is gone`);
  const open = openImages(group.outcomes);
  const { lone, loneRight } = open;
  return { group, open, scored: { ...prepared.scored, lone, loneRight } };
}

/** The score that the run's best must exceed: of 999 draws so few reach it that its p-value is at most the level. */
export function criticalOf(
  bench: Bench,
  prepared: readonly PreparedGroup[],
  significance = options.significance,
): number {
  const numbers = new Map<number, number>();
  const numberOf = (row: number) => {
    const number = numbers.get(row) ?? numbers.size;
    numbers.set(row, number);
    return number;
  };
  const accepted = prepared[0].open.accepted;
  const groups: ScoredGroup[] = prepared.map(({ group, open, scored }) => ({
    ...scored,
    image: Uint32Array.from(open.positions, (at) => numberOf(group.rows[at])),
    rightImage: Uint32Array.from(open.rightPositions, (at) => numberOf(group.rows[at])),
  }));
  const names = [...numbers.keys()].map((row) => bench.evalSet.images[row]);
  const blocks = Array.from({ length: Math.ceil(DRAWS / DRAWS_A_BLOCK) }, (_, block) =>
    maximaOf(groups, drawBlock(names, accepted, block), accepted),
  );
  const drawn = Float64Array.from(blocks.flatMap((block) => [...block])).subarray(0, DRAWS);
  return drawn.toSorted().reverse()[Math.floor(significance * (1 + DRAWS) + 1e-9) - 1];
}

/** A cluster as the report would tell it, in rows of the eval set. */
export interface Told {
  readonly rows: readonly number[];
  /** Of the region found, those that no cluster before has. */
  readonly newlyFailed: readonly number[];
  readonly score: number;
}

/** The best regions of a group, each without the newly failed images of those before, while they exceed the critical value. */
export async function tellBest(
  bench: Bench,
  { group, open, scored }: PreparedGroup,
  critical: number,
  most: number,
): Promise<Told[]> {
  const { rows, positions } = { rows: group.rows, positions: open.positions };
  const columns = await bench.readColumns(rows, 0, bench.dimensions);
  const claimed = new Uint8Array(positions.length);
  const told: Told[] = [];
  while (told.length < most) {
    const best = bestRegion(scored, claimed, sideScore(open.accepted, positions.length), open.accepted);
    if (best === null || best.score <= critical) break;
    const described = describeCluster({
      columns,
      rule: ruleOf(scored.family, best.region),
      neighbours: neighboursOf(scored.family, best.region),
      alikeBy: bench.model,
      newlyFailed: Uint32Array.from(best.newlyFailed, (at) => positions[at]),
      unclaimed: positions.filter((_, at) => open.lone[at] === 0 && claimed[at] === 0),
    });
    told.push({
      rows: Array.from(described.positions, (at) => rows[at]),
      newlyFailed: best.newlyFailed.map((at) => rows[positions[at]]),
      score: best.score,
    });
    for (const at of best.newlyFailed) claimed[at] = 1;
  }
  return told;
}

/** The first version on the class alone, its p-value times the groups of the run. */
async function firstVersion(
  bench: Bench,
  group: PairedGroup | undefined,
  broken: readonly number[],
  planted: ReadonlySet<number>,
) {
  if (group === undefined) return null;
  const columns = await bench.readColumns(group.rows, 0, bench.model);
  const tests = 20;
  const [best] = searchGroup({ group: group.id, columns, outcomes: group.outcomes, tests, options });
  if (best === undefined || best.pValue * tests > options.significance) return { found: false, located: false };
  const rows = Array.from(best.positions, (at) => group.rows[at]);
  const failing = Array.from(best.positions)
    .filter((at) => group.outcomes[0][at] === 1 && group.outcomes.slice(1).every((each) => each[at] === 0))
    .map((at) => group.rows[at]);
  const found = failing.filter((row) => broken.includes(row)).length >= 0.3 * failing.length;
  return { found, located: found && isLocated(rows, planted) };
}

/** The trainings, dealt again on each image. */
export function exchanged(bench: Bench, trainings: readonly Checkpoint[], random: RandomStream): Checkpoint[] {
  const dealt = trainings.map(({ predictions }) => Int32Array.from(predictions ?? []));
  const sure = trainings.flatMap(({ confidence }) => (confidence === null ? [] : Float64Array.from(confidence)));
  for (let row = 0; row < bench.evalSet.labels.length; row++) {
    for (let left = dealt.length - 1; left > 0; left--) {
      const other = random.below(left + 1);
      [dealt[left][row], dealt[other][row]] = [dealt[other][row], dealt[left][row]];
      if (sure.length > 0) [sure[left][row], sure[other][row]] = [sure[other][row], sure[left][row]];
    }
  }
  return dealt.map((predictions, at) => ({
    ...checkpoint(bench.evalSet, `dealt ${at}`, predictions),
    confidence: sure[at] ?? null,
  }));
}

/** A region of a class of about that share, as rows. */
export async function regionOf(
  bench: Bench,
  kind: Kind,
  rows: Uint32Array,
  share: number,
  random: RandomStream,
): Promise<number[]> {
  const wanted = Math.round(share * rows.length);
  if (kind === 'boxes') return cornerOf(bench, rows, wanted, random);
  const distances =
    kind === 'neighbours' ? await distancesIn(bench, rows, random) : bench.colour(rows, random.below(2) === 0);
  const order = [...rows.keys()].sort((a, b) => distances[a] - distances[b] || a - b);
  return order.slice(0, wanted).map((at) => rows[at]);
}

/** Distance of each image to one of them, drawn: by cosine or in standardised features. */
async function distancesIn(bench: Bench, rows: Uint32Array, random: RandomStream): Promise<Float64Array> {
  const { values } = await bench.readColumns(rows, 0, bench.model);
  const n = rows.length;
  const centre = random.below(n);
  const byCosine = random.below(2) === 0;
  const [dots, squares, euclid] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  for (let feature = 0; feature < bench.model; feature++) {
    const column = values.subarray(feature * n, (feature + 1) * n);
    const mean = column.reduce((sum, each) => sum + each, 0) / n;
    const variance = column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / n || 1;
    for (let at = 0; at < n; at++) {
      dots[at] += column[at] * column[centre];
      squares[at] += column[at] * column[at];
      euclid[at] += (column[at] - column[centre]) ** 2 / variance;
    }
  }
  return byCosine ? dots.map((dot, at) => -dot / Math.sqrt(squares[at] * squares[centre])) : euclid;
}

/** The images that lie high or low on two features at once, as near to the number wanted as can be. */
async function cornerOf(bench: Bench, rows: Uint32Array, wanted: number, random: RandomStream): Promise<number[]> {
  for (;;) {
    const [one, two] = [random.below(bench.model), random.below(bench.model)];
    if (one === two) continue;
    const [first, second] = await Promise.all(
      [one, two].map((feature) => ranksOf(bench, rows, feature, random.below(2) === 1)),
    );
    // Both cuts at the same quantile; widen it until the corner is large enough.
    for (let cut = wanted; cut < rows.length; cut++) {
      const region = [...rows].filter((_, at) => first[at] < cut && second[at] < cut);
      if (region.length > 1.1 * wanted) break;
      if (region.length >= wanted && cut > 1.5 * wanted) return region;
    }
  }
}

/** Rank of each row's feature from the low or the high end; equal values share the greatest. */
async function ranksOf(bench: Bench, rows: Uint32Array, feature: number, high: boolean): Promise<number[]> {
  const { values } = await bench.readColumns(rows, feature, feature + 1);
  const sorted = values.toSorted();
  return Array.from(values, (value) => {
    if (!high) return sorted.findLastIndex((each) => each <= value);
    return values.length - 1 - sorted.findIndex((each) => each >= value);
  });
}
