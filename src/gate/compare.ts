import type { AnalysisOptions, GroupAnalysis } from '../records/analysis.ts';
import type { BaselineRecord } from '../records/baseline.ts';
import type { Comparison, FailureEvent, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import { compareGroups } from './compareGroups.ts';
import { type EventPart, eventsOf } from './events.ts';
import { improvements } from './improvements.ts';
import { knownClusters } from './knownClusters.ts';
import { type NewClusters, type NewClustersInput, newClusters } from './newClusters.ts';
import { newlyFailedImages } from './newlyFailed.ts';
import { type TellInput, tellEvents } from './tellEvents.ts';
import { smallestVisible } from './visible.ts';
import { weakenings } from './weakenings.ts';

export interface CompareInput extends Omit<NewClustersInput, 'draws'>, Pick<TellInput, 'metadata' | 'featureNames'> {
  /** The candidate's groups. */
  readonly candidate: readonly GroupAnalysis[];
  /** The accepted baselines, newest first; at least one. */
  readonly baselines: readonly Pick<BaselineRecord, 'commit' | 'checkpoint' | 'groups'>[];
  /** The group `all`, on the images that candidate and baselines have in common. */
  readonly wholeSet: PairedGroup;
  /** The groups to compare, on those same images: every group of the run, whether or not it grew a tree. */
  readonly groups: readonly PairedGroup[];
  readonly failureMode: AnalysisOptions['failureMode'];
  /** Of the candidate and the accepted checkpoints, 0 to 1, by the rows that groups hold; null where one has none. */
  readonly confidences: readonly Float64Array[] | null;
  /** Events of the run's checkpoints before this one. */
  readonly earlier: readonly FailureEvent[];
}

/** A comparison, and what newly fails told as events. */
export interface Compared {
  readonly comparison: Omit<Comparison, 'evalSet' | 'notes'>;
  readonly events: readonly FailureEvent[];
}

const DRAWS = 9999;
/**
 * Of the level, what the scan against the newest accepted checkpoint alone has where older ones are compared with too. With them an image
 * newly fails only where all of them had it right: what an old one got wrong and the newest mended could come back unseen.
 */
export const NEWEST_ALONE = 0.2;

/**
 * Compares a candidate with the accepted baselines (`PairedGroup.outcomes`), on the same images: new clusters, the newest
 * baseline's failure modes, groups and the whole set. Several baselines count for new clusters only, which are sought against all
 * of them and against the newest alone; all else is against the newest.
 */
export async function compare(input: CompareInput): Promise<Compared> {
  const { baselines, candidate, wholeSet, groups } = input;
  const newest = entry(baselines, 0);
  const isWindow = baselines.length > 1;
  const scanned = await newClusters({ ...input, draws: DRAWS, share: isWindow ? 1 - NEWEST_ALONE : 1 });
  const parts = isWindow ? withReturned(scanned.parts, await sinceNewest(input)) : scanned.parts;
  const better = await improvements(scanned.prepared, { ...input, draws: DRAWS });
  const known = await knownClusters({ ...input, baseline: newest.groups });
  const rows = compareGroups(wholeSet, groups, candidate, newest.groups);
  const visible = visibleIn(scanned, input);
  const events = await tellEvents(eventsOf(parts, input.earlier), 'after', input);
  const comparison = {
    baselines: baselines.map(({ commit, checkpoint }) => ({ commit, checkpoint })),
    baseline: { commit: newest.commit, checkpoint: newest.checkpoint, baseErrorRate: entry(rows, 0).baselineErrorRate },
    images: wholeSet.rows.length,
    clusters: [...parts.map(({ cluster }) => cluster), ...known],
    improvements: better.clusters,
    mended: await tellEvents(better.happenings, 'before', input),
    newlyFailed: newlyFailedImages(wholeSet, events, input),
    weakenings: await weakenings({ ...input, significance: input.options.significance }),
    groups: rows.map((row) => ({ ...row, smallestVisible: visible(row.id, row.size) })),
  };
  return { comparison, events };
}

/** New clusters against the newest accepted checkpoint alone. */
async function sinceNewest(input: CompareInput): Promise<readonly EventPart[]> {
  const groups = input.groups.map((group) => ({ ...group, outcomes: group.outcomes.slice(0, 2) }));
  return (await newClusters({ ...input, groups, draws: DRAWS, share: NEWEST_ALONE })).parts;
}

/** What all accepted checkpoints had right, and after it what most of only the newest had: what the window has told of is told once. */
function withReturned(parts: readonly EventPart[], sinceNewest: readonly EventPart[]): readonly EventPart[] {
  const told = new Set(parts.flatMap(({ images }) => images.map(({ name }) => name)));
  const ids = new Set(parts.map(({ cluster }) => cluster.id));
  const returned = sinceNewest.filter(({ cluster, images }) => {
    const fresh = images.filter(({ name }) => !told.has(name)).length;
    return !ids.has(cluster.id) && 2 * fresh > images.length;
  });
  return [...parts, ...returned];
}

/** The smallest cluster that could have shown in a group; null in one that was not scanned. */
function visibleIn({ prepared, test }: NewClusters, { groups, baselines, options }: CompareInput) {
  const scanned = new Set(groups.map(({ id }) => id));
  const ready = new Map(prepared.map((each) => [each.group.id, each]));
  return (id: string, size: number) =>
    scanned.has(id) && test.critical !== null
      ? smallestVisible(size, ready.get(id), baselines.length, test.critical, options)
      : null;
}
