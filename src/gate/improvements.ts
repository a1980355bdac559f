import type { Cluster, PairedGroup } from '../records/comparison.ts';
import { eventsOf, type Happening } from './events.ts';
import { type NewClustersInput, newClustersOf } from './newClusters.ts';
import { type PreparedGroup, prepareGroups } from './scan.ts';

/** What got better. */
export interface Improvements {
  readonly clusters: readonly Cluster[];
  readonly happenings: readonly Happening[];
}

/** Draws suffice for what decides nothing. */
const DRAWS = 999;

/**
 * Regions in which the candidate is newly right: the scan with right and wrong exchanged. With one accepted checkpoint the
 * same images are open, and the families serve again.
 */
export async function improvements(prepared: readonly PreparedGroup[], input: NewClustersInput): Promise<Improvements> {
  const exchanged = { ...input, groups: input.groups.map(exchange), draws: DRAWS };
  const ready =
    (prepared[0]?.open.accepted ?? 1) === 1 ? prepared.map(exchangePrepared) : await prepareGroups(exchanged);
  const { parts } = await newClustersOf(ready, exchanged);
  const clusters = parts.map(({ cluster }) => ({
    ...cluster,
    status: 'improved' as const,
    ...{ newlyFailed: cluster.newlyFixed, newlyFixed: cluster.newlyFailed },
    ...{ baselineErrorRate: 1 - cluster.baselineErrorRate, errorRate: 1 - cluster.errorRate },
  }));
  return { clusters, happenings: eventsOf(parts, []) };
}

/** Whoever was right now fails, and the other way round. */
function exchange(group: PairedGroup): PairedGroup {
  return { ...group, outcomes: group.outcomes.map((each) => each.map((failed) => 1 - failed)) };
}

function exchangePrepared({ group, open, scored }: PreparedGroup): PreparedGroup {
  const lone = open.lone.map((each) => 1 - each);
  return { group: exchange(group), open: { ...open, lone }, scored: { ...scored, lone } };
}
