import type { EventImage, FailureEvent, PairedGroup } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import { groupOfId } from '../records/groupKinds.ts';
import type { Happening } from './events.ts';
import { type Beside, type TraitSource, traitsOf } from './eventTraits.ts';
import { confusionOf, eventTitle, type Side } from './eventWords.ts';

export interface TellInput extends TraitSource {
  /** Names of images, by their rows. */
  readonly images: readonly string[];
  /** All images that are compared, and the groups that were scanned. */
  readonly wholeSet: PairedGroup;
  readonly groups: readonly PairedGroup[];
  readonly faceOf: (row: number) => Pick<EventImage, 'label'>;
}

/** Fewer images of a class beside those of the event tell nothing. */
const LEAST_OTHERS = 20;

/** Tells events in words. @param side of mended images the baseline's word counts. */
export async function tellEvents(
  happenings: readonly Happening[],
  side: Side,
  input: TellInput,
): Promise<FailureEvent[]> {
  const rowOf = new Map(Array.from(input.wholeSet.rows, (row) => [entry(input.images, row), row]));
  const ofClass = new Map<string, number[]>();
  for (const row of input.wholeSet.rows) {
    const { label } = input.faceOf(row);
    const rows = ofClass.get(label) ?? [];
    if (rows.length === 0) ofClass.set(label, rows);
    rows.push(row);
  }
  const told: FailureEvent[] = [];
  for (const { groups, ...event } of happenings) {
    const { images } = event;
    const confusion = confusionOf(images, side);
    const rows = images.map(({ name }) => lookUp(rowOf, name));
    const sides = sidesOf(rows, confusion.label, ofClass, groups, input);
    const traits = [confusion, ...(await traitsOf(sides, input))];
    told.push({
      ...{ ...event, title: eventTitle(traits), traits, known: null },
      ...{ trainingSet: null, pool: null, counterfactual: null, actions: [] },
      others: { images: [], leftOut: 0 },
    });
  }
  return told;
}

/** The images of an event beside the rest of their class, where most are of one; else beside the rest of the group that it shows in. */
function sidesOf(
  rows: readonly number[],
  label: string | null,
  ofClass: ReadonlyMap<string, readonly number[]>,
  groups: readonly string[],
  { groups: scanned, wholeSet }: TellInput,
): Beside {
  const inEvent = new Set(rows);
  const beside = (group: string, members: Iterable<number>): Beside => {
    const all = [...members];
    return {
      group,
      own: Uint32Array.from(all.filter((row) => inEvent.has(row))),
      others: Uint32Array.from(all.filter((row) => !inEvent.has(row))),
    };
  };
  const ofLabel = label === null ? null : beside(`label:${label}`, lookUp(ofClass, label));
  if (ofLabel !== null && ofLabel.others.length >= LEAST_OTHERS) return ofLabel;
  const home = groups.find((id) => groupOfId(id).kind.name !== 'all') ?? entry(groups, 0);
  const byId = new Map([wholeSet, ...scanned].map((group) => [group.id, group]));
  return beside(home, lookUp(byId, home).rows);
}
