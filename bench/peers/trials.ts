import { pairedGroupsOf } from '../../src/analysis/groups.ts';
import { type PreparedGroup, prepareGroups } from '../../src/gate/scan.ts';
import type { PairedGroup } from '../../src/records/comparison.ts';
import type { Checkpoint } from '../../src/records/evalSet.ts';
import type { RunTask } from '../../src/records/threads.ts';
import { type Bench, scanInput } from '../gateData.ts';
import { criticalOf, type Ground, type Kind, plantedRun, regression } from '../planted.ts';

/** One group that is given to every method. */
export interface Trial {
  /** "5 % boxes", "red cars", "retraining". */
  readonly cell: string;
  /** Rows of the group's images, and which of them newly failed. */
  readonly rows: Uint32Array;
  readonly newlyFailed: Uint8Array;
  /** Positions of the region that broke; empty where nothing did. */
  readonly region: ReadonlySet<number>;
  /** The group made ready for the scan (null where no cluster could show), and the score that fails the run. */
  readonly home: PreparedGroup | null;
  readonly critical: number;
}

const SPECS = ['label', 'prediction', 'all'];

/** A regression planted in a class. */
export async function plantedTrial(
  bench: Bench,
  ground: Ground,
  kind: Kind,
  share: number,
  trial: number,
  run: RunTask,
): Promise<Trial> {
  const made = await regression(bench, ground.trainings, kind, share, trial);
  const { groups, home, critical } = await plantedRun(bench, ground, made, run);
  const group = groups.find(({ id }) => id === `label:${bench.evalSet.classes[made.ofClass]}`);
  if (group === undefined) throw new Error('the class has no group');
  return { cell: `${100 * share} % ${kind}`, ...given(group, new Set(made.region)), home, critical };
}

/** Classes of a real pair of networks: one of them with the region that is known to have broken, or all with none. */
export async function pairTrials(
  bench: Bench,
  candidate: Checkpoint,
  accepted: Checkpoint,
  known: { readonly cell: string; readonly label: string; readonly region: ReadonlySet<number> } | null,
  run: RunTask,
): Promise<Trial[]> {
  const groups = pairedGroupsOf(SPECS, bench.evalSet, [candidate, accepted]);
  const prepared = await prepareGroups(scanInput(bench, groups, run));
  const critical = criticalOf(bench, prepared);
  return groups
    .filter(({ id }) => (known === null ? id.startsWith('label:') : id === `label:${known.label}`))
    .map((group) => ({
      ...given(group, known?.region ?? new Set()),
      cell: known?.cell ?? 'retraining',
      home: prepared.find((each) => each.group === group) ?? null,
      critical,
    }));
}

function given({ rows, outcomes: [candidate, ...accepted] }: PairedGroup, region: ReadonlySet<number>) {
  const newlyFailed = candidate.map((fails, at) => Number(fails === 1 && accepted.every((each) => each[at] === 0)));
  const inside = [...rows.keys()].filter((at) => region.has(rows[at]));
  return { rows, newlyFailed, region: new Set(inside) };
}
