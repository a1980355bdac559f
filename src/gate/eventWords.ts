import { pluralOf } from '../adapters/plural.ts';
import type { ConfusionTrait, DifferenceTrait, EventImage, EventTrait, MetadataTrait } from '../records/comparison.ts';
import { groupOfId } from '../records/groupKinds.ts';
import { nameText } from '../records/names.ts';
import { count } from '../records/words.ts';
import { newlyFail } from './words.ts';

/** A class counts as the one taken for another where it makes up this share. */
const MOST = 0.6;
/** User-perceived characters of a name in a title. */
const NAME = 40;

/** Of newly failed images what the candidate takes them for; of mended ones what the baseline took them for. */
export type Side = 'after' | 'before';

/** Who is taken for whom: "Automobiles taken for trucks: 37 of 38", "Images of many classes taken for trucks: 20 of 24". */
export function confusionOf(
  images: readonly Pick<EventImage, 'label' | 'before' | 'after'>[],
  side: Side,
): ConfusionTrait {
  const of = images.length;
  const most = mostOf(images.map((each) => each.label));
  const label = most.count >= MOST * of ? most.value : null;
  const counted = images.filter((each) => label === null || each.label === label);
  const taken = mostOf(counted.flatMap((each) => each[side] ?? []));
  const prediction = taken.count === 0 ? null : taken.value;
  const whose = label === null ? 'Images of many classes' : capital(plural(label));
  const verb = side === 'after' ? 'taken for' : 'no longer taken for';
  const common = { kind: 'confusion', label, prediction, of } as const;
  if (prediction === null) {
    const what = side === 'after' ? newlyFail(of) : `${count(of)} newly right`;
    return { ...common, images: counted.length, text: `${whose}: ${what}` };
  }
  const whom =
    taken.count < MOST * counted.length ? `other classes, most often ${plural(prediction)}` : plural(prediction);
  return { ...common, images: taken.count, text: `${whose} ${verb} ${whom}: ${count(taken.count)} of ${count(of)}` };
}

/** Who is taken for whom, and the most telling of what else they share. */
export function eventTitle(traits: readonly EventTrait[]): string {
  return traits
    .slice(0, 2)
    .map(({ text }) => text)
    .join('; ');
}

/** "time = night in 30 of 38 (else in 112 of 962)". */
export function metadataText(trait: Omit<MetadataTrait, 'kind' | 'text'>): string {
  const { column, value, images, of, others, ofOthers } = trait;
  const what = value === '' ? `no ${nameText(column, NAME)}` : `${nameText(column, NAME)} = ${nameText(value, NAME)}`;
  return `${what} in ${count(images)} of ${count(of)} (else in ${count(others)} of ${count(ofOthers)})`;
}

/** "redder in the centre than 9 in 10 other automobiles"; `words`: "redder in the centre". */
export function differenceText(words: string, { group, share }: Pick<DifferenceTrait, 'group' | 'share'>): string {
  return `${words} than ${outOf(share)} ${othersOf(group)}`;
}

/** What people call a feature or a column, in a text. */
export function inQuotes(name: string): string {
  return `"${nameText(name, NAME)}"`;
}

/** A share of at least three quarters, never made greater: "9 in 10", "all". */
function outOf(share: number): string {
  if (share === 1) return 'all';
  if (share >= 0.99) return '99 in 100';
  if (share >= 0.95) return '19 in 20';
  return share >= 0.8 ? `${Math.floor(10 * share)} in 10` : '3 in 4';
}

function othersOf(group: string): string {
  const { kind, value, column } = groupOfId(group);
  if (kind.isClass) return `other ${plural(value)}`;
  if (kind.name === 'all') return 'other images';
  const name = nameText(value, NAME);
  if (column === null) return `other ${kind.words(name)}`;
  const of = nameText(column, NAME);
  return `other ${kind.words(value === '' ? `no ${of}` : `${of} = ${name}`)}`;
}

function mostOf(values: readonly string[]): { value: string; count: number } {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let most = { value: '', count: 0 };
  for (const [value, times] of counts) {
    if (times > most.count || (times === most.count && value < most.value)) most = { value, count: times };
  }
  return most;
}

/** Of names in small letters, which are taken for English; any other name is left as it is. */
function plural(name: string): string {
  return name.length <= NAME && /^[a-z]{2,}([ -][a-z]+)*$/.test(name) ? pluralOf(name) : inQuotes(name);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
