import type { Region } from '../records/analysis.ts';
import type { FeatureName, FeatureNames } from '../records/features.ts';
import { nameText, oneLine } from '../records/names.ts';
import { number } from '../records/words.ts';

/** What a rule says of one feature: at most a lower and an upper bound. */
export interface ConditionView {
  readonly feature: number;
  /** "feature 33", or "buckle (feature 33)". */
  readonly label: string;
  readonly kind: FeatureName['kind'];
  readonly note: string | null;
  /** "feature 33 > 0.41", "0.2 < feature 7 <= 0.5". */
  readonly text: string;
  /** The same at full precision. */
  readonly exact: string;
  /** Whether failures lie where the feature is strong, weak, or between two bounds. */
  readonly side: 'strong' | 'weak' | 'between';
  /** "above 0.41", "at most 0.14", "between 0.2 and 0.5". */
  readonly range: string;
}

export interface RuleView {
  /** All conditions joined by "and"; "the whole group" where there is none. */
  readonly text: string;
  readonly conditions: readonly ConditionView[];
}

/** A region in words. Conditions on one feature merge; features keep the order in which the region names them. */
export function ruleView(region: Region, names: FeatureNames): RuleView {
  const features = [...new Set(region.map((condition) => condition.feature))];
  const conditions = features.map((feature) => conditionView(feature, region, names));
  const text = conditions.length === 0 ? 'the whole group' : conditions.map((each) => each.text).join(' and ');
  return { text, conditions };
}

function conditionView(feature: number, region: Region, names: FeatureNames): ConditionView {
  const bounds = region.filter((condition) => condition.feature === feature);
  const above = bounds.filter((each) => each.op === '>').map((each) => each.threshold);
  const below = bounds.filter((each) => each.op === '<=').map((each) => each.threshold);
  const lower = above.length === 0 ? null : Math.max(...above);
  const upper = below.length === 0 ? null : Math.min(...below);
  const named = names.get(feature);
  const label = featureLabel(feature, names);
  return {
    feature,
    label,
    kind: named?.kind ?? null,
    note: named?.note == null ? null : oneLine(named.note, 300),
    text: bounded(label, lower, upper, digitsFor(lower, upper)),
    range: rangeText(lower, upper, digitsFor(lower, upper)),
    exact: bounded(label, lower, upper, 17),
    side: lower === null ? 'weak' : upper === null ? 'strong' : 'between',
  };
}

/** "feature 33", or "buckle (feature 33)" where it has a name. */
export function featureLabel(feature: number, names: FeatureNames): string {
  const named = names.get(feature);
  if (named === undefined) return `feature ${feature}`;
  return named.isProperty === true ? named.name : `${nameText(named.name)} (feature ${feature})`;
}

function bounded(label: string, lower: number | null, upper: number | null, digits: number): string {
  const text = boundText(digits);
  if (lower === null) return upper === null ? label : `${label} <= ${text(upper)}`;
  return upper === null ? `${label} > ${text(lower)}` : `${text(lower)} < ${label} <= ${text(upper)}`;
}

function rangeText(lower: number | null, upper: number | null, digits: number): string {
  const text = boundText(digits);
  if (lower === null) return upper === null ? 'any' : `at most ${text(upper)}`;
  return upper === null ? `above ${text(lower)}` : `between ${text(lower)} and ${text(upper)}`;
}

function boundText(digits: number): (value: number) => string {
  return (value) => (digits >= 17 ? String(value) : number(value, digits));
}

/** Significant digits: three, and more until two bounds still look as far apart as they are, to a tenth of the gap. */
function digitsFor(lower: number | null, upper: number | null): number {
  if (lower === null || upper === null) return 3;
  const gap = upper - lower;
  for (let digits = 3; digits < 17; digits++) {
    const shown = Number(upper.toPrecision(digits)) - Number(lower.toPrecision(digits));
    if (shown > 0 && Math.abs(shown - gap) <= 0.1 * gap) return digits;
  }
  return 17;
}
