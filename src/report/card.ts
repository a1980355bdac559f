import type { CheckpointResult } from '../records/result.ts';
import { count } from '../records/words.ts';
import { choices, findings } from './actions.ts';
import type { ClusterView } from './clusterView.ts';
import type { FailureModeView } from './groupView.ts';
import { type ImageBrowser, modeBrowser } from './imageBrowser.ts';
import { type ImagePictures, keyOf } from './pictures.ts';
import { changePlot } from './plots/changePlot.ts';
import type { RuleView } from './rule.ts';
import { failingCaption, featureStrips, type Strip, strip } from './strip.ts';
import type { ReportInput } from './view.ts';

/** One cluster or failure mode, told with pictures and advice. */
export interface Card {
  readonly anchor: string;
  readonly id: string;
  /** "images of automobile". */
  readonly group: string;
  readonly rule: RuleView;
  readonly before: string;
  readonly after: string;
  readonly change: string;
  /** SVG text, safe to place in a page. */
  readonly plot: string;
  readonly what: string;
  readonly howSure: string;
  readonly notes: readonly string[];
  readonly failing: Strip | null;
  readonly right: Strip | null;
  readonly features: readonly FeatureBlock[];
  readonly findings: readonly string[];
  readonly choices: readonly string[];
  /** Whether anything can be said of what to do. */
  readonly next: boolean;
  /** Of a failure mode: its failing images by name; null where they are not known, and for clusters. */
  readonly browser: ImageBrowser | null;
  readonly imageNames: string | null;
  readonly imageCount: string;
  /** Whether it can be named under `gate.accepted`. */
  readonly acceptable: boolean;
}

interface FeatureBlock {
  readonly label: string;
  readonly text: string;
  readonly exact: string;
  readonly kind: string | null;
  readonly note: string | null;
  /** Where in the page the feature was shown already; null where it is shown here. */
  readonly seen: string | null;
  readonly anchor: string;
  readonly rows: readonly Strip[];
  /** Shown without attacks, though others have some. */
  readonly notAttacked: boolean;
}

/** What cards are made from. */
export interface Ground {
  readonly input: ReportInput;
  readonly result: CheckpointResult;
  /** Features that are shown already, with the place. */
  readonly shown: Map<number, string>;
}

const MOST_NAMES = 200;

/** The card of a cluster of the comparison. */
export function clusterCard(cluster: ClusterView, ground: Ground, anchor: string): Card {
  const toDo = choices(cluster.rule, cluster.groupId);
  const acceptable = cluster.status === 'new' || cluster.status === 'worsened';
  const { before, after, beforeRate, afterRate } = cluster;
  const { pictures, confusions } = ground.input;
  const group = ground.result.comparison?.groups.find((each) => each.id === cluster.groupId);
  const key = keyOf(ground.result.name, cluster.id);
  const titles = [failingTitle('Newly fail', cluster.groupId), 'Same group, still right'] as const;
  return {
    ...{ anchor, id: cluster.id, group: cluster.group, rule: cluster.rule },
    ...{ before, after, change: cluster.change, what: cluster.what, howSure: cluster.howSure },
    plot: changePlot(beforeRate, afterRate, `Error rate before ${before}, now ${after}`),
    notes: [cluster.telling, cluster.scope, cluster.match].filter((note) => note !== null),
    ...strips(pictures?.clusters.get(key), titles, cluster.groupId),
    features: featureBlocks(cluster.rule, ground, anchor),
    findings: findings({
      ...{ rule: cluster.rule, scope: cluster.scopeKind, size: cluster.size, failing: cluster.newlyFailed },
      ...{ group: cluster.groupId, groupSize: group?.size ?? null },
      confusions: confusions.get(key) ?? [],
    }),
    ...{ choices: toDo, next: acceptable || toDo.length > 0, acceptable },
    browser: null,
    ...names(cluster.imageNames),
  };
}

/** The card of a failure mode of a checkpoint that was not compared: usual in its group -> here. */
export function failureModeCard(mode: FailureModeView, ground: Ground, anchor: string): Card {
  const toDo = choices(mode.rule, mode.groupId);
  const { pictures, confusions } = ground.input;
  const key = keyOf(ground.result.name, mode.id);
  const titles = [failingTitle('Fail', mode.groupId), 'Same group, right'] as const;
  return {
    ...{ anchor, id: mode.id, group: mode.group, rule: mode.rule },
    ...{ before: mode.usual, after: mode.error, change: mode.muchMore, what: mode.what, howSure: mode.howSure },
    plot: changePlot(mode.usualRate, mode.errorRate, `Error rate in the group ${mode.usual}, here ${mode.error}`),
    notes: [`They are ${mode.covers}.`],
    ...strips(pictures?.leaves.get(key), titles, mode.groupId),
    features: featureBlocks(mode.rule, ground, anchor),
    findings: findings({
      ...{ rule: mode.rule, scope: null, size: mode.size, failing: mode.failures },
      ...{ group: mode.groupId, groupSize: mode.groupSize },
      confusions: confusions.get(key) ?? [],
    }),
    ...{ choices: toDo, next: toDo.length > 0, acceptable: false },
    browser: modeBrowser(ground.input.modes.get(key), anchor),
    ...names([]),
  };
}

/** In a group of one predicted class, the caption below each image is its label: the title says so. */
function failingTitle(title: string, groupId: string): string {
  return failingCaption(groupId) === 'label' ? `${title}, and what they are` : title;
}

function names(imageNames: readonly string[]) {
  const more =
    imageNames.length > MOST_NAMES ? ` and ${count(imageNames.length - MOST_NAMES)} more in result.json` : '';
  const shown = imageNames.length === 0 ? null : `${imageNames.slice(0, MOST_NAMES).join(', ')}${more}`;
  return { imageNames: shown, imageCount: count(imageNames.length) };
}

function strips(pictures: ImagePictures | undefined, [failing, right]: readonly [string, string], groupId: string) {
  return {
    failing: strip(failing, pictures?.failing ?? [], failingCaption(groupId)),
    right: strip(right, pictures?.right ?? [], 'none'),
  };
}

function featureBlocks(rule: RuleView, { input, shown }: Ground, anchor: string): FeatureBlock[] {
  return rule.conditions.map((condition) => {
    const here = `${anchor}-f${condition.feature}`;
    const seen = shown.get(condition.feature) ?? null;
    const rows = seen === null ? featureStrips(input.pictures?.features.get(condition.feature)) : [];
    if (rows.length > 0) shown.set(condition.feature, here);
    const { label, text, exact, kind, note } = condition;
    return {
      label,
      text,
      exact,
      kind,
      note,
      seen,
      anchor: here,
      rows,
      notAttacked: notAttacked(condition.feature, input),
    };
  });
}

function notAttacked(feature: number, { pictures }: ReportInput): boolean {
  const attacked = [...(pictures?.features ?? [])]
    .filter(([, { attacks }]) => attacks.length > 0)
    .map(([each]) => each);
  return attacked.length > 0 && !attacked.includes(feature);
}
