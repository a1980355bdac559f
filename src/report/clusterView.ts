import type { Cluster, ClusterStatus } from '../records/comparison.ts';
import type { FeatureNames } from '../records/features.ts';
import { groupIdText, neighbourhoodText, oneLine } from '../records/names.ts';
import { count, howSure, howSureShort, number, percent, points, pValue } from '../records/words.ts';
import { type RuleView, ruleView } from './rule.ts';

export interface ClusterView {
  readonly id: string;
  readonly groupId: string;
  /** "images of automobile". */
  readonly group: string;
  readonly status: ClusterStatus;
  readonly rule: RuleView;
  readonly size: number;
  /** "341". */
  readonly images: string;
  readonly newlyFailed: number;
  readonly newlyFixed: number;
  /** "36 of 341 images newly fail, 2 are newly right". */
  readonly what: string;
  readonly beforeRate: number;
  readonly afterRate: number;
  readonly before: string;
  readonly after: string;
  /** "+20.8 points". */
  readonly change: string;
  readonly adjustedPValue: number;
  readonly howSure: string;
  readonly sure: string;
  /** What tells a specific cluster from a general decline; null where it was not asked. */
  readonly scope: string | null;
  readonly scopeKind: Cluster['scope'];
  /** How well the rule tells the images that newly fail; null where it was not asked. */
  readonly telling: string | null;
  /** The same as a number: the harmonic mean of precision and recall; 0 where it was not asked. */
  readonly f1: number;
  /** How it lies in the candidate's own failure modes; null where none matches. */
  readonly match: string | null;
  /** Names of newly failing images. */
  readonly imageNames: readonly string[];
}

/** A cluster in words. */
export function clusterView(cluster: Cluster, names: FeatureNames): ClusterView {
  const { baselineErrorRate: before, errorRate: after } = cluster;
  return {
    id: cluster.id,
    groupId: cluster.group,
    group: groupIdText(cluster.group),
    status: cluster.status,
    rule: whereView(cluster, names),
    size: cluster.size,
    images: count(cluster.size),
    newlyFailed: cluster.newlyFailed,
    newlyFixed: cluster.newlyFixed,
    what: whatHappened(cluster),
    beforeRate: before,
    afterRate: after,
    before: percent(before),
    after: percent(after),
    change: points(before, after),
    adjustedPValue: cluster.adjustedPValue,
    howSure: howSure(cluster.adjustedPValue),
    sure: howSureShort(cluster.adjustedPValue),
    scope: scopeText(cluster),
    scopeKind: cluster.scope,
    telling: tellingText(cluster),
    f1: f1Of(cluster),
    match: matchText(cluster),
    imageNames: cluster.images.map((image) => oneLine(image)),
  };
}

/** The rule of a cluster; of a neighbourhood, which has none, what it is. */
function whereView({ rule, neighbourhood, size }: Cluster, names: FeatureNames): RuleView {
  return neighbourhood === null
    ? ruleView(rule, names)
    : { text: neighbourhoodText(neighbourhood, size), conditions: [] };
}

function whatHappened({ newlyFailed, newlyFixed, size }: Cluster): string {
  const of = `of ${count(size)} ${size === 1 ? 'image' : 'images'}`;
  const fails = newlyFailed === 1 ? 'fails' : 'fail';
  const failed = newlyFailed === 0 ? `none ${of} newly fails` : `${count(newlyFailed)} ${of} newly ${fails}`;
  if (newlyFixed === 0) return newlyFailed === 0 ? failed : `${failed}, none is newly right`;
  return `${failed}, ${count(newlyFixed)} ${newlyFixed === 1 ? 'is' : 'are'} newly right`;
}

function f1Of({ precision, recall }: Cluster): number {
  if (precision === null || recall === null || precision + recall === 0) return 0;
  return (2 * precision * recall) / (precision + recall);
}

function scopeText(cluster: Cluster): string | null {
  if (cluster.scope === null) return null;
  const p = pValue(cluster.specificPValue);
  if (cluster.scope === 'specific') return `Specific: these images got worse than the rest of their group (${p}).`;
  return `General: it may be the whole group that got worse, and these images only the most visibly (${p}).`;
}

function tellingText({ precision, recall, neighbourhood }: Cluster): string | null {
  if (precision === null || recall === null) return null;
  if (neighbourhood !== null)
    return `They are told by how alike they are: no rule on features fits them better. Of these images ${percent(precision)} newly fail (precision); they hold ${percent(recall)} of those that newly fail in the region found (recall).`;
  return `Of the images of this rule ${percent(precision)} newly fail (precision); it holds ${percent(recall)} of those that newly fail in the region found (recall).`;
}

function matchText({ match }: Cluster): string | null {
  if (match === null) return null;
  const values = `importance ${number(match.baselineImportanceValue)} before, ${number(match.importanceValue)} now`;
  return `Shares ${percent(match.jaccard)} of its images with a failure mode of this checkpoint (${values}).`;
}
