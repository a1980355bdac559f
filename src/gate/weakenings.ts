import type { PairedGroup, Weakening } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import { groupOfId } from '../records/groupKinds.ts';
import { fitGumbelTail, gumbelTail } from '../statistics/gumbel.ts';
import { boundedMap } from './boundedMap.ts';
import { DRAWS_A_BLOCK } from './draws.ts';
import { expectedOpen } from './expectedOpen.ts';
import { openImages } from './open.ts';
import { openFlags } from './regionFamily.ts';
import type { ScanInput } from './scan.ts';
import { type WeakeningOutcome, weakeningWorker } from './weakeningTask.ts';

export interface WeakeningsInput
  extends Pick<ScanInput, 'groups' | 'images' | 'drawnAs' | 'dimensions' | 'readColumns' | 'run'> {
  readonly difficultyOf: ScanInput['difficultyOf'];
  readonly significance: number;
  /** Of the candidate, then of the accepted checkpoints, 0 to 1, by row; null where one has none. */
  readonly confidences: readonly Float64Array[] | null;
}

const BLOCKS = 8;
/** Values of a group that are held at once: 128 MB. */
const VALUES = 2 ** 25;
/** Additions of a run, some 20 s of CPU: with more features than that allows each group looks at the densest. */
const ADDITIONS = 2e10;
const GROUPS_AT_ONCE = 3;
/** Right answers that a group must have. */
const LEAST_STEADY = 20;
/** A mean confidence that fell by less is not worth words. */
const LEAST_FALL_TOLD = 0.01;
/** Log-odds beyond this are rounding. */
const CLEAR = 1e-4;

/**
 * Regions where answers that are still right became less sure than the rest of their group's: a sign of what errors do not show yet.
 * Judged together by draws of who the candidate is, those of the scan. It decides nothing.
 */
export async function weakenings(input: WeakeningsInput, values = VALUES): Promise<Weakening[]> {
  const { confidences } = input;
  if (confidences === null) return [];
  const steadies = input.groups
    .filter(({ id }) => groupOfId(id).kind.mistake === 'other class')
    .map((group) => ({ group, steady: steadyIn(group) }))
    .filter(({ steady }) => steady.length >= LEAST_STEADY);
  const images = steadies.reduce((sum, { steady }) => sum + steady.length, 0);
  const most = Math.max(16, Math.floor(ADDITIONS / (images * BLOCKS * DRAWS_A_BLOCK)));
  const found = await boundedMap(steadies, GROUPS_AT_ONCE, async ({ group, steady }) => ({
    group,
    ...(await weakestOf(group, steady, confidences, { most, values }, input)),
  }));
  const maxima = new Float64Array(BLOCKS * DRAWS_A_BLOCK);
  for (const { maxima: own } of found) {
    for (const [draw, score] of own.entries()) maxima[draw] = Math.max(entry(maxima, draw), score);
  }
  return found
    .flatMap(({ group, best }) => {
      if (best === null) return [];
      const pValue = pValueOf(best.score, maxima);
      if (pValue > input.significance) return [];
      // Not the median: where some of the region fell far and the rest did not, it stays.
      const of = (side: number) =>
        best.positions.reduce((sum, at) => sum + entry(entry(confidences, side), entry(group.rows, at)), 0) /
        best.positions.length;
      const { positions, condition } = best;
      const [before, after] = [of(1), of(0)];
      // Where only the rest became surer nothing here became less sure.
      if (before - after < LEAST_FALL_TOLD) return [];
      return [{ group: group.id, rule: [condition], size: positions.length, before, after, pValue }];
    })
    .toSorted((a, b) => a.pValue - b.pValue);
}

/** Positions of the images that every checkpoint has right. */
function steadyIn({ rows, outcomes }: PairedGroup): Uint32Array {
  return Uint32Array.from(rows.keys()).filter((at) => outcomes.every((failed) => failed[at] === 0));
}

/** A group's features, some at a time. */
async function weakestOf(
  group: PairedGroup,
  steady: Uint32Array,
  confidences: readonly Float64Array[],
  { most, values }: { readonly most: number; readonly values: number },
  { dimensions, readColumns, run, images, drawnAs = images, difficultyOf }: WeakeningsInput,
): Promise<WeakeningOutcome> {
  const open = openFlags(openImages(group.outcomes), group.rows.length);
  const expected = expectedOpen(open, await difficultyOf(group));
  const names = Array.from(steady, (at) => entry(drawnAs, entry(group.rows, at)));
  const margins = confidences.map((of) => Float64Array.from(steady, (at) => logOdds(entry(of, entry(group.rows, at)))));
  const task = { open, expected, steady, names, changes: changesOf(margins), blocks: BLOCKS };
  const span = Math.max(1, Math.floor(values / group.rows.length));
  let all: WeakeningOutcome | null = null;
  for (let from = 0; from < dimensions; from += span) {
    const to = Math.min(from + span, dimensions);
    const columns = await readColumns(group.rows, from, to);
    const share = Math.max(1, Math.ceil((most * (to - from)) / dimensions));
    const some: WeakeningOutcome = await run(weakeningWorker, { ...task, columns, most: share });
    all = all === null ? some : better(all, some);
  }
  return all ?? { best: null, maxima: new Float64Array(BLOCKS * DRAWS_A_BLOCK) };
}

function better(one: WeakeningOutcome, other: WeakeningOutcome): WeakeningOutcome {
  return {
    best: (other.best?.score ?? 0) > (one.best?.score ?? 0) ? other.best : one.best,
    maxima: one.maxima.map((score, draw) => Math.max(score, entry(other.maxima, draw))),
  };
}

function logOdds(confidence: number): number {
  const inside = Math.min(1 - CLEAR, Math.max(CLEAR, confidence));
  return Math.log(inside / (1 - inside));
}

/** Of each checkpoint: its margins centred over the group, less the mean of the others'. */
function changesOf(margins: readonly Float64Array[]): Float64Array[] {
  const centred = margins.map((of) => {
    const mean = of.reduce((sum, each) => sum + each, 0) / of.length;
    return of.map((each) => each - mean);
  });
  const others = margins.length - 1;
  return centred.map((own, side) =>
    own.map((each, at) => {
      let sum = 0;
      for (const [other, of] of centred.entries()) if (other !== side) sum += entry(of, at);
      return each - sum / others;
    }),
  );
}

function pValueOf(score: number, maxima: Float64Array): number {
  const asGood = maxima.reduce((sum, each) => sum + Number(each >= score), 0);
  const plain = (1 + asGood) / (1 + maxima.length);
  const fit = asGood === 0 ? fitGumbelTail(maxima) : null;
  return fit === null ? plain : Math.min(plain, gumbelTail(fit, score));
}
