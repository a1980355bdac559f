import { count } from '../records/words.ts';
import type { ClusterView } from './clusterView.ts';

/** What is said of an event, taken from one of its clusters. */
export interface EventLead {
  readonly cluster: ClusterView;
  readonly before: string;
  readonly after: string;
  /** "among 69 images of automobile that are alike". */
  readonly among: string;
  /** "34 of these newly fail, 1 is newly right". */
  readonly what: string;
}

/** The cluster whose rule tells an event's images best (F1 of precision and recall, then size): its figures stand for the event's. */
export function eventLead(clusters: readonly ClusterView[]): EventLead | null {
  const [cluster] = clusters.toSorted((a, b) => b.f1 - a.f1 || b.newlyFailed - a.newlyFailed);
  if (cluster === undefined) return null;
  const { newlyFailed, newlyFixed, group, groupId, images } = cluster;
  const fail = `${count(newlyFailed)} of these newly ${newlyFailed === 1 ? 'fails' : 'fail'}`;
  const right = `${newlyFixed === 0 ? 'none' : count(newlyFixed)} ${newlyFixed > 1 ? 'are' : 'is'} newly right`;
  const which = groupId === 'all' ? `${images} images` : `${images} ${group}`;
  return {
    ...{ cluster, before: cluster.before, after: cluster.after },
    among: `among ${which} that are alike`,
    what: `${fail}, ${right}`,
  };
}
