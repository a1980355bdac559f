/** Where right answers became less sure: how often it is told, of red cars in a thinned class and planted in other classes, and by chance. */
import { pairedGroupsOf } from '../src/analysis/groups.ts';
import { restrictCheckpoint } from '../src/evalset/restrict.ts';
import { positionsIn } from '../src/gate/region.ts';
import { weakenings } from '../src/gate/weakenings.ts';
import type { Weakening } from '../src/records/comparison.ts';
import type { Checkpoint } from '../src/records/evalSet.ts';
import type { RunTask } from '../src/records/threads.ts';
import { stream } from '../src/statistics/random.ts';
import { type Bench, options, restrictBench, scanInput } from './gateData.ts';
import { exchanged, type Kind, regionOf } from './planted.ts';

/** Candidate and accepted checkpoint; both bring confidences. */
export type Pair = readonly [candidate: Checkpoint, accepted: Checkpoint];

/** What a run over some groups tells. */
export async function weakeningsOn(
  bench: Bench,
  sides: readonly Checkpoint[],
  groups: readonly string[],
  run: RunTask,
): Promise<Weakening[]> {
  const confidences = sides.flatMap(({ confidence }) => confidence ?? []);
  const input = scanInput(bench, pairedGroupsOf(groups, bench.evalSet, sides), run);
  return weakenings({ ...input, confidences, significance: options.significance });
}

/** The eval set with so many red cars left, and the checkpoints on it. */
export async function thinnedClass(bench: Bench, sides: Pair, left: ReadonlySet<number>, run: RunTask) {
  const { labels } = bench.evalSet;
  const rows = Uint32Array.from(labels.keys()).filter((row) => left.has(row) || !bench.redCars.has(row));
  const thinned = await restrictBench(bench, rows, run);
  // Rows of the whole set, as the thinned one numbers them.
  const red = new Set([...rows.keys()].filter((at) => left.has(rows[at])));
  return { thinned, red, sides: sides.map((side) => restrictCheckpoint(side, rows)) };
}

/** So many of the red cars, drawn. */
export function someRed({ redCars }: Bench, kept: number, random: ReturnType<typeof stream>): Set<number> {
  const left = new Set([...redCars].toSorted((a, b) => a - b));
  while (left.size > kept) left.delete([...left][random.below(left.size)]);
  return left;
}

/** Whether a run tells of the region in its class: it is three times as frequent where the rule holds as in the class, at least. */
export async function tellsOf(
  bench: Bench,
  told: readonly Weakening[],
  name: string,
  region: ReadonlySet<number>,
): Promise<boolean> {
  const { labels, classes } = bench.evalSet;
  const weak = told.find(({ group }) => group === `label:${name}`);
  if (weak === undefined) return false;
  const rows = Uint32Array.from(labels.keys()).filter((row) => classes[labels[row]] === name);
  const inside = positionsIn(weak.rule, await bench.readColumns(rows, 0, bench.dimensions));
  const hits = inside.filter((at) => region.has(rows[at])).length;
  return hits / inside.length >= (3 * region.size) / rows.length;
}

/** How much less sure the candidate is of each red car that both have right than the accepted one, beside other cars: in log-odds. */
export function fallsOfRedCars({ evalSet, redCars }: Bench, [candidate, accepted]: Pair): number[] {
  const automobile = evalSet.classes.indexOf('automobile');
  const steady = [...evalSet.labels.keys()].filter(
    (row) => evalSet.labels[row] === automobile && candidate.failed[row] === 0 && accepted.failed[row] === 0,
  );
  const change = (row: number) => logOdds(candidate.confidence?.[row]) - logOdds(accepted.confidence?.[row]);
  const others = steady.filter((row) => !redCars.has(row)).map(change);
  const usual = others.reduce((sum, each) => sum + each, 0) / others.length;
  return steady.filter((row) => redCars.has(row)).map((row) => change(row) - usual);
}

/**
 * The pair dealt by coins, the candidate's right answers in a region of 50 of class k made less sure, each by one of the falls: no
 * prediction changes, so that errors cannot tell.
 */
export async function plantedFall(
  bench: Bench,
  pair: Pair,
  falls: readonly number[],
  kind: Kind,
  k: number,
  seed: string,
) {
  const random = stream(`${seed} ${kind} ${k}`);
  const { labels } = bench.evalSet;
  const rows = Uint32Array.from(labels.keys()).filter((row) => labels[row] === k);
  const region = await regionOf(bench, kind, rows, 50 / rows.length, random);
  const [candidate, accepted] = exchanged(bench, pair, random);
  const confidence = Float64Array.from(candidate.confidence ?? []);
  for (const row of region) {
    const fall = falls[random.below(falls.length)];
    if (candidate.failed[row] + accepted.failed[row] === 0)
      confidence[row] = 1 / (1 + Math.exp(-logOdds(confidence[row]) - fall));
  }
  return { sides: [{ ...candidate, confidence }, accepted], region: new Set(region) };
}

/** As the run takes confidences: log-odds beyond 1e-4 are rounding. */
function logOdds(confidence = 0.5): number {
  const inside = Math.min(1 - 1e-4, Math.max(1e-4, confidence));
  return Math.log(inside / (1 - inside));
}
