import type { EventImage, PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import { groupOfId } from '../records/groupKinds.ts';
import { imageProperties } from '../records/imageProperties.ts';
import type { Trait } from './traits.ts';
import { newlyFail } from './words.ts';

/** A class counts as the one taken for another where it makes up this share. */
const MOST = 0.6;

/** Who is taken for whom: "Automobiles taken for trucks: 37 of 38", "Images of many classes taken for trucks: 20 of 24". */
export function eventTitle(images: readonly Pick<EventImage, 'label' | 'after'>[]): string {
  const total = images.length;
  const label = mostOf(images.map((each) => each.label));
  const whose = label.count >= MOST * total ? capital(plural(label.value)) : 'Images of many classes';
  const ofLabel = images.filter((each) => label.count < MOST * total || each.label === label.value);
  const after = mostOf(ofLabel.flatMap((each) => each.after ?? []));
  if (after.count === 0) return `${whose}: ${newlyFail(total)}`;
  if (after.count < MOST * ofLabel.length)
    return `${whose} taken for other classes, most often ${plural(after.value)}: ${after.count} of ${total}`;
  return `${whose} taken for ${plural(after.value)}: ${after.count} of ${total}`;
}

/** "redder in the centre than 93 % of the other automobiles". */
export function traitText({ property, greater, share }: Trait, group: PairedGroup): string {
  const words = entry(imageProperties, property);
  const others = groupOfId(group.id).kind.isClass ? `other ${plural(group.value)}` : "group's other images";
  return `${greater ? words.more : words.less} than ${Math.floor(100 * share)} % of the ${others}`;
}

function mostOf(values: readonly string[]): { value: string; count: number } {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let most = { value: '', count: 0 };
  for (const [value, count] of counts) {
    if (count > most.count || (count === most.count && value < most.value)) most = { value, count };
  }
  return most;
}

/** Of plain English words; any other name is left as it is. */
function plural(name: string): string {
  if (!/^[A-Za-z][a-z]+( [a-z]+)*$/.test(name)) return `"${name}"`;
  if (/(s|x|z|ch|sh)$/.test(name)) return `${name}es`;
  return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
