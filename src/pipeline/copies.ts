import { nearCopies } from '../gate/nearCopies.ts';
import type { PairedGroup } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { EvalSet } from '../records/evalSet.ts';
import type { ReadColumns } from '../records/features.ts';
import { spreadPlaces } from '../records/spread.ts';

/** The most images, and values of them, that are looked at; where there are more, an even selection. */
const MOST_IMAGES = 8192;
const MOST_VALUES = 2 ** 25;
/** Images by which features are standardised. */
const SCALED_BY = 2048;
/** Of the images looked at: fewer copies are not worth words. */
const LEAST_SHARE = 0.02;

/** What copies among the images on which checkpoints differ come to. */
interface Copies {
  /** Of each image, by its row, the name of the first of its copies: one choice of who the candidate is is drawn for all of them. */
  readonly drawnAs: readonly string[];
  /** Null where they are few. */
  readonly note: string | null;
}

/**
 * Looks for images on which checkpoints differ and that are nearly copies of each other. Copies fail together, and are no independent
 * evidence.
 *
 * @param evalSet names and labels, by the rows that the group of all images holds. @param dimensions features of the model.
 */
export async function copiesAmong(
  { rows, outcomes }: PairedGroup,
  { images, labels }: Pick<EvalSet, 'images' | 'labels'>,
  dimensions: number,
  readColumns: ReadColumns,
): Promise<Copies> {
  const open = [...rows.keys()].filter((at) => outcomes.some((each) => each[at] !== outcomes[0]?.[at]));
  const count = Math.min(open.length, MOST_IMAGES, Math.floor(MOST_VALUES / dimensions));
  const seen = Uint32Array.from(spreadPlaces(open.length, count), (place) => entry(rows, entry(open, place)));
  const scaledBy = Uint32Array.from(spreadPlaces(rows.length, SCALED_BY), (at) => entry(rows, at));
  const [columns, all] = [await readColumns(seen, 0, dimensions), await readColumns(scaledBy, 0, dimensions)];
  const labelsOfAll = scaledBy.map((row) => entry(labels, row));
  const found = nearCopies(columns, all, labelsOfAll);
  if (found === null) return { drawnAs: images, note: null };
  if (found === 'everywhere') return { drawnAs: images, note: tooClose };
  const drawnAs = [...images];
  for (const [at, first] of found.first.entries()) drawnAs[entry(seen, at)] = entry(images, entry(seen, first));
  if (found.images.length < LEAST_SHARE * count) return { drawnAs, note: null };
  const [one, other] = found.pair.map((at) => JSON.stringify(entry(images, entry(seen, at))));
  const note = `${found.images.length} of ${count} images on which the checkpoints differ are nearly copies of others among them (${one} and ${other}). Copies fail together and tell no more than one of them: the scan for new clusters counts them so, and sees less than with as many different images; the tests of known clusters, groups and slices take each for one of its own.`;
  return { drawnAs, note };
}

const tooClose =
  'In these features images lie so close together that a copy cannot be told from another image: in the scan for new clusters each counts for itself. Where the eval set has bursts or copies of images, these may make false alarms.';
