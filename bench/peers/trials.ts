import { pairedGroupsOf } from '../../src/analysis/groups.ts';
import type { PairedGroup } from '../../src/records/comparison.ts';
import type { Checkpoint } from '../../src/records/evalSet.ts';
import { type Bench, readPredictions } from '../gateData.ts';
import { type Kind, regression } from '../planted.ts';

/** What a group's checkpoints are: a planted cluster, by its number, or networks as they are. */
export type Source =
  | { readonly kind: Kind; readonly share: number; readonly number: number }
  | { readonly candidate: string; readonly accepted: string; readonly label: string };

/** One group that is given to every method. */
export interface Trial {
  /** "5 % boxes 3" */
  readonly id: string;
  /** "5 % boxes", "red cars", "retraining". */
  readonly cell: string;
  readonly source: Source;
  /** Rows of the group's images in the eval set, and 1 for those that newly failed. */
  readonly rows: readonly number[];
  readonly failed: readonly number[];
  /** Positions of the region that broke; empty where nothing did. */
  readonly region: readonly number[];
}

const cells = ([0.05, 0.08] as const).flatMap((share) =>
  (['boxes', 'neighbours', 'colours'] as const).map((kind) => ({ share, kind, cell: `${100 * share} % ${kind}` })),
);
export const cellNames = [...cells.map(({ cell }) => cell), 'red cars'];
const trainings = ['baseline', 'retrained', 'retrained-2'];
/** Settings are chosen on trials from this number on, in other classes for each cell; nothing is judged by them. */
const FIRST_TUNING = 1000;

/** Planted in each cell: those that settings are chosen by. */
export async function tuningTrials(bench: Bench, folder: string, each: number): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const [place, { share, kind, cell }] of cells.entries()) {
    for (let at = 0; at < each; at++) {
      const number = FIRST_TUNING + place * each + at;
      trials.push(await trialOf(bench, folder, cell, at, { kind, share, number }));
    }
  }
  return trials;
}

/** Planted in each cell, the same trials as `bench:gate`'s first; the network trained without red cars; each training against the next. */
export async function judgedTrials(bench: Bench, folder: string, each: number): Promise<Trial[]> {
  const trials: Trial[] = [];
  const label = 'automobile';
  for (const [at, accepted] of trainings.entries()) {
    const source = { candidate: 'candidate-red-cars-missing', accepted, label };
    trials.push(await trialOf(bench, folder, 'red cars', at, source));
  }
  for (let number = 0; number < each; number++)
    for (const { share, kind, cell } of cells)
      trials.push(await trialOf(bench, folder, cell, number, { kind, share, number }));
  for (const [at, candidate] of trainings.entries()) {
    for (const [k, name] of bench.evalSet.classes.entries()) {
      const source = { candidate, accepted: trainings[(at + 1) % 3], label: name };
      trials.push(await trialOf(bench, folder, 'retraining', 10 * at + k, source));
    }
  }
  return trials;
}

/** The two trainings that clusters are planted on. */
export function plantedOn(bench: Bench, folder: string): Checkpoint[] {
  return trainings.slice(0, 2).map((name) => readPredictions(folder, bench, name));
}

/** Candidate and accepted checkpoint of a trial, the class it is about, and the region's rows. */
export async function sidesOf(bench: Bench, folder: string, source: Source) {
  if (!('kind' in source)) {
    const sides = [source.candidate, source.accepted].map((name) => readPredictions(folder, bench, name));
    return {
      sides,
      label: source.label,
      region: source.candidate.endsWith('missing') ? bench.redCars : new Set<number>(),
    };
  }
  const made = await regression(bench, plantedOn(bench, folder), source.kind, source.share, source.number);
  const sides = [made.candidate, ...made.accepted];
  return { sides, label: bench.evalSet.classes[made.ofClass], region: new Set(made.region) };
}

async function trialOf(bench: Bench, folder: string, cell: string, at: number, source: Source): Promise<Trial> {
  const { sides, label, region } = await sidesOf(bench, folder, source);
  const [group]: PairedGroup[] = pairedGroupsOf([`label:${label}`], bench.evalSet, sides);
  const [candidate, accepted] = group.outcomes;
  return {
    ...{ id: `${cell} ${at}`, cell, source },
    rows: [...group.rows],
    failed: Array.from(candidate, (fails, place) => Number(fails === 1 && accepted[place] === 0)),
    region: [...group.rows.keys()].filter((place) => region.has(group.rows[place])),
  };
}
