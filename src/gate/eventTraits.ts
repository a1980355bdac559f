import type { DifferenceTrait, EventTrait, MetadataTrait } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { Columns, FeatureNames, ReadColumns } from '../records/features.ts';
import { imageProperties } from '../records/imageProperties.ts';
import { holm, holmOverTestable } from '../statistics/holm.ts';
import { hypergeometricCdf } from '../statistics/hypergeometric.ts';
import { mannWhitney } from '../statistics/mannWhitney.ts';
import { differenceText, inQuotes, metadataText } from './eventWords.ts';

/** Where traits are looked for. */
export interface TraitSource {
  /** Columns of the manifest: one text per row. */
  readonly metadata: ReadonlyMap<string, readonly string[]>;
  /** What people call features of the model. */
  readonly featureNames: FeatureNames;
  /** First feature that is an image property. */
  readonly properties: number;
  readonly dimensions: number;
  readonly readColumns: ReadColumns;
}

/** The images of an event beside others. */
export interface Beside {
  /** Id of the group that the others are of. */
  readonly group: string;
  /** Rows of the eval set. */
  readonly own: Uint32Array;
  readonly others: Uint32Array;
}

/** Holm's level for each kind of trait. */
const SIGNIFICANCE = 0.01;
/** The median of an event's images must exceed, or stay below, this share of the others to be worth words. */
const LEAST_SHARE = 0.75;
/** A value that fewer of an event's images have does not tell what they share; nor one nearly as common among the others. */
const LEAST_COMMON = 0.25;
const LEAST_ODDS = 3;
/** A column of numbers with fewer different ones is told by its values. */
const LEAST_NUMBERS = 12;
const MOST_TRAITS = 20;

type Told = Exclude<EventTrait, { kind: 'confusion' }>;

/** A trait with how far it sets the event's images apart: 0 not at all, 1/2 wholly. */
interface Weighed {
  readonly trait: Told;
  readonly weight: number;
}

/**
 * In what the images of an event differ from others of a group: values of metadata that are over-represented (Fisher's exact
 * test), and image properties, named features and columns of numbers (Mann and Whitney's), each kind by Holm; the most telling
 * first. The event was found by features, so that p-values tell a difference from chance, and no more.
 */
export async function traitsOf(sides: Beside, source: TraitSource): Promise<Told[]> {
  if (sides.own.length === 0 || sides.others.length === 0) return [];
  const { metadata, properties, dimensions, featureNames } = source;
  const numeric = new Set([...metadata.keys()].filter((column) => isNumbers(lookUp(metadata, column), sides)));
  const worded = [...metadata.keys()].filter((column) => !numeric.has(column));
  const named = [...featureNames.keys()].filter((feature) => feature < properties).sort((a, b) => a - b);
  const weighed = [
    ...overRepresented(worded, sides, metadata),
    ...differing(await measuresOf('property', properties, dimensions, sides, source), sides),
    ...differing(await namedMeasures(named, sides, source), sides),
    ...differing(
      [...numeric].map((column) => numbersOf(column, sides, metadata)),
      sides,
    ),
  ];
  return weighed
    .toSorted((a, b) => rankOf(a) - rankOf(b) || b.weight - a.weight)
    .slice(0, MOST_TRAITS)
    .map(({ trait }) => trait);
}

/** Values that some images have, and others, rising. */
interface Measured extends Pick<DifferenceTrait, 'kind' | 'name' | 'feature'> {
  readonly own: Float64Array;
  readonly others: Float64Array;
  /** "redder", "greener". */
  readonly more: string;
  readonly less: string;
}

/** What changes along with light or colour is told after them, contrast before what changes with it too (`bench:words`). */
function rankOf({ trait }: Weighed): number {
  if (trait.kind !== 'property') return 0;
  if (/spread of (redness|yellowness)$|^sharpness$|^edge density$/.test(trait.name)) return 2;
  return /spread of lightness$/.test(trait.name) ? 1 : 0;
}

async function namedMeasures(features: readonly number[], sides: Beside, source: TraitSource): Promise<Measured[]> {
  const each: Measured[] = [];
  for (const feature of features) each.push(...(await measuresOf('feature', feature, feature + 1, sides, source)));
  return each;
}

/** Features `from`..`to` (exclusive). */
async function measuresOf(
  kind: 'property' | 'feature',
  from: number,
  to: number,
  { own, others }: Beside,
  source: TraitSource,
): Promise<Measured[]> {
  if (from === to) return [];
  const [mine, theirs] = [await source.readColumns(own, from, to), await source.readColumns(others, from, to)];
  return Array.from({ length: to - from }, (_, at) => ({
    ...{ kind, feature: from + at, ...wordsOf(kind, from + at, source) },
    ...{ own: risingColumn(mine, at), others: risingColumn(theirs, at) },
  }));
}

function risingColumn({ rows, values }: Columns, at: number): Float64Array {
  return Float64Array.from(values.subarray(at * rows, (at + 1) * rows)).sort();
}

function wordsOf(kind: 'property' | 'feature', feature: number, { properties, featureNames }: TraitSource) {
  if (kind === 'property') return entry(imageProperties, feature - properties);
  const name = featureNames.get(feature)?.name ?? `feature ${feature}`;
  return { name, more: `more ${inQuotes(name)}`, less: `less ${inQuotes(name)}` };
}

function numbersOf(column: string, { own, others }: Beside, metadata: TraitSource['metadata']): Measured {
  const texts = lookUp(metadata, column);
  const of = (rows: Uint32Array) => Float64Array.from(rows, (row) => Number(texts[row])).sort();
  const [more, less] = [`greater in ${inQuotes(column)}`, `less in ${inQuotes(column)}`];
  return { kind: 'number', name: column, feature: null, own: of(own), others: of(others), more, less };
}

/** What differs of measures that are one family. */
function differing(measured: readonly Measured[], { group }: Beside): Weighed[] {
  const tests = measured.map((each) => mannWhitney(each.own, each.others));
  const adjusted = holm(tests.map(({ pValue }) => pValue));
  return measured.flatMap(({ kind, name, feature, own, others, more, less }, at) => {
    const [{ superiority }, pValue] = [entry(tests, at), entry(adjusted, at)];
    const greater = superiority > 0.5;
    const median = entry(own, Math.floor((own.length - 1) / 2));
    const beyond = others.filter((value) => (greater ? value < median : value > median)).length;
    const share = beyond / others.length;
    if (pValue > SIGNIFICANCE || share < LEAST_SHARE) return [];
    const text = differenceText(greater ? more : less, { group, share });
    const trait = { kind, text, group, name, feature, greater, share, pValue };
    return [{ trait, weight: Math.abs(superiority - 0.5) }];
  });
}

/** Values of columns that the event's images have more often than the others. */
function overRepresented(columns: readonly string[], sides: Beside, metadata: TraitSource['metadata']): Weighed[] {
  const { group } = sides;
  const [of, ofOthers] = [sides.own.length, sides.others.length];
  const total = of + ofOthers;
  // Values that none of the event's images has are tested too, or what is tested would hang on the outcome.
  const values = columns.flatMap((column) => {
    const texts = lookUp(metadata, column);
    const [mine, theirs] = [timesOf(texts, sides.own), timesOf(texts, sides.others)];
    return [...new Set([...mine.keys(), ...theirs.keys()])].map((value) => ({
      ...{ group, column, value, images: mine.get(value) ?? 0, of, others: theirs.get(value) ?? 0, ofOthers },
    }));
  });
  const pValues = values.map(({ images, others }) => atLeast(images, of, images + others, total));
  const least = values.map(({ images, others }) => {
    const all = images + others;
    return atLeast(Math.min(all, of), of, all, total);
  });
  const adjusted = holmOverTestable(pValues, least, SIGNIFICANCE);
  return values.flatMap((each, at) => {
    const pValue = entry(adjusted, at);
    return pValue <= SIGNIFICANCE && isTelling(each) ? [weighedValue({ ...each, pValue })] : [];
  });
}

/** P(at least `found` of the `drawn` are marked), which is P(at most `drawn - found` of them are not). */
function atLeast(found: number, drawn: number, marked: number, total: number): number {
  return hypergeometricCdf(drawn - found, total, total - marked, drawn);
}

function weighedValue(each: Omit<MetadataTrait, 'kind' | 'text'>): Weighed {
  const trait: MetadataTrait = { kind: 'metadata', text: metadataText(each), ...each };
  return { trait, weight: (each.images / each.of - each.others / each.ofOthers) / 2 };
}

function isTelling({ images, of, others, ofOthers }: Omit<MetadataTrait, 'kind' | 'text' | 'pValue'>): boolean {
  return images >= LEAST_COMMON * of && images * (ofOthers - others) >= LEAST_ODDS * (of - images) * others;
}

function timesOf(texts: readonly string[], rows: Uint32Array): Map<string, number> {
  const times = new Map<string, number>();
  for (const row of rows) {
    const text = entry(texts, row);
    times.set(text, (times.get(text) ?? 0) + 1);
  }
  return times;
}

/** Whether a column holds nothing but numbers, and many different ones. */
function isNumbers(texts: readonly string[], { own, others }: Beside): boolean {
  const seen = new Set<string>();
  for (const rows of [own, others]) {
    for (const row of rows) {
      const text = entry(texts, row);
      if (text.trim() === '' || !Number.isFinite(Number(text))) return false;
      seen.add(text);
    }
  }
  return seen.size >= LEAST_NUMBERS;
}
