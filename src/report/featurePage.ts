import type { Region } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { FeatureModelInfo, FeatureNames } from '../records/features.ts';
import { groupIdText, nameText, oneLine } from '../records/names.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { count, counted, number, percent } from '../records/words.ts';
import { KIND } from './actions.ts';
import { pagePolicy } from './html.ts';
import type { FeaturePictures } from './pictures.ts';
import { valuesPlot } from './plots/valuesPlot.ts';
import { featureLabel, ruleView } from './rule.ts';
import { featureStrips } from './strip.ts';
import { renderTemplate, type Templates, templateText } from './template.ts';

/** What the page of one feature is made from. */
export interface FeaturePage {
  readonly suite: string;
  readonly feature: number;
  readonly names: FeatureNames;
  /** The network that `feature` is a number of. */
  readonly featureModel: FeatureModelInfo;
  /** Id of the group that the images are of: `label:cat`, `all`. */
  readonly group: string;
  /** Every image of the group, by name, and the feature's value of each. */
  readonly images: readonly string[];
  readonly values: Float32Array;
  /** Of images of the group; null where there are none to show: the page says so. */
  readonly pictures: FeaturePictures | null;
  /** A run whose rules may use the feature; null where none is known. */
  readonly result: Result | null;
}

/** Images listed by value where no pictures say how many, and rules listed. */
const MOST = { strongest: 12, rules: 50 };

/**
 * feature.html: what one feature looks for, in one self-contained page like report.html, without script. Every text from data is
 * escaped.
 */
export function renderFeaturePage(page: FeaturePage, templates: Templates): string {
  const { feature, names, featureModel, pictures } = page;
  const style = templateText(templates, 'report.css');
  const named = names.get(feature);
  const label = featureLabel(feature, names);
  const rules = rulesWith(page);
  const data = {
    ...{ style, policy: pagePolicy(style, null), title: `${nameText(page.suite)}: ${label}` },
    ...{ suite: nameText(page.suite), feature, label, group: groupIdText(page.group) },
    heading: label.charAt(0).toUpperCase() + label.slice(1),
    named: named !== undefined,
    kind: named?.kind == null ? null : `It is marked ${KIND[named.kind]}`,
    note: named?.note == null ? null : oneLine(named.note, 2_000),
    ...valuesPart(page, rules.thresholds),
    rows: featureStrips(pictures ?? undefined),
    missing: missing(page),
    asked: page.result !== null,
    ...{ rules: rules.shown, moreRules: rules.more },
    made: [
      { term: 'Feature', detail: `${feature} of ${count(featureModel.dimensions)}, counted from 0` },
      { term: 'Network', detail: `fingerprint ${oneLine(featureModel.fingerprint)}` },
      { term: 'Computed by', detail: oneLine(featureModel.engine) },
    ],
  };
  return renderTemplate(templates, 'feature.html', data, 'html');
}

/** The feature's values in the group: how they lie, and the images with the greatest. */
function valuesPart({ images, values, pictures, group }: FeaturePage, thresholds: readonly number[]) {
  const rows = images
    .map((image, row) => ({ image, value: entry(values, row) }))
    .filter(({ value }) => Number.isFinite(value));
  const sorted = rows.toSorted((a, b) => b.value - a.value);
  if (sorted.length === 0) return { plot: null, spread: null, strongest: [] };
  const pictured = new Set(pictures?.mostActivating.map(({ image }) => image));
  const strongest =
    pictured.size > 0 ? sorted.filter(({ image }) => pictured.has(image)) : sorted.slice(0, MOST.strongest);
  const marked = { images: strongest.map(({ value }) => value), thresholds };
  return {
    plot: valuesPlot(
      sorted.map(({ value }) => value),
      marked,
      `Values of the feature in ${counted(rows.length, 'image')}`,
    ),
    spread: spreadText(
      sorted.map(({ value }) => value),
      groupIdText(group),
    ),
    strongest: strongest.map(({ image, value }) => ({ image: oneLine(image), value: number(value, 4) })),
  };
}

/** @param falling values, greatest first */
function spreadText(falling: readonly number[], group: string): string {
  const [most, least] = [entry(falling, 0), entry(falling, falling.length - 1)];
  const median = entry(falling, Math.floor(falling.length / 2));
  const absent = falling.filter((value) => value === 0).length;
  const where = `Over ${group} (${count(falling.length)})`;
  if (most === least) return `${where} it is ${number(most)} everywhere.`;
  const half = median === least ? '' : `; half of them have ${number(median)} or more`;
  const none = absent === 0 ? '' : `. In ${percent(absent / falling.length)} it is 0, that is, absent`;
  return `${where} it goes from ${number(least)} to ${number(most)}${half}${none}.`;
}

/** What there is no picture of, and why that may be. */
function missing({ pictures }: FeaturePage): string[] {
  if (pictures === null || pictures.mostActivating.length === 0)
    return [
      'There are no pictures: there are no images beside the features, none of those to show can be read, or report.images is 0.',
    ];
  return [
    ...(pictures.heatmaps.length === 0
      ? ['Where it sees it is not shown: for that the network must be run, and its feature map be known.']
      : []),
    ...(pictures.attacks.length === 0
      ? [
          'Images made as strong as it gets are not shown: attacks are turned off, or the network cannot be run with its gradient.',
        ]
      : []),
  ];
}

/** Clusters and failure modes whose rules use the feature; thresholds of those in the group. */
function rulesWith({ result, feature, names, group }: FeaturePage) {
  const found = (result?.checkpoints ?? [])
    .flatMap((checkpoint) => told(checkpoint))
    .filter(({ rule }) => uses(rule, feature));
  const here = found
    .filter((each) => each.group === group)
    .flatMap(({ rule }) => rule.filter((each) => each.feature === feature));
  return {
    thresholds: [...new Set(here.map(({ threshold }) => threshold))].sort((a, b) => a - b),
    shown: found.slice(0, MOST.rules).map((each) => ({
      ...{ checkpoint: nameText(each.checkpoint), what: each.what, group: groupIdText(each.group) },
      ...{ text: ruleView(each.rule, names).text, error: percent(each.errorRate), usual: percent(each.usual) },
    })),
    more: found.length > MOST.rules ? count(found.length - MOST.rules) : null,
  };
}

function uses(rule: Region, feature: number): boolean {
  return rule.some((condition) => condition.feature === feature);
}

/** Clusters first, then failure modes, as they come; `usual` is the baseline's error rate or the group's. */
function told({ name: checkpoint, comparison, groups }: CheckpointResult) {
  const clusters = (comparison?.clusters ?? []).map(({ status, group, rule, baselineErrorRate: usual, errorRate }) => ({
    ...{ checkpoint, what: `${status} cluster`, group, rule, usual, errorRate },
  }));
  const modes = groups.flatMap(({ id: group, baseErrorRate: usual, leaves }) =>
    leaves
      .filter((leaf) => leaf.failureMode)
      .map(({ rule, errorRate }) => ({ checkpoint, what: 'failure mode', group, rule, usual, errorRate })),
  );
  return [...clusters, ...modes];
}
