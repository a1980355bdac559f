import type { Region } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { ReadColumns } from '../records/features.ts';
import { imageProperties } from '../records/imageProperties.ts';
import type { Features } from './read.ts';

/** Properties that depend on an image's size in pixels: of sets of different sizes they tell nothing. */
const OF_SIZE = new Set(['sharpness', 'edge density', 'aspect ratio', 'pixels', 'bytes a pixel']);
/** Medians of pixels that differ by this factor are of different sizes. */
const OTHER_SIZE = 1.1;

/** Whether a rule names a property that depends on the images' size, and the sizes of the eval set's `own` rows and of others' rows differ. */
export async function differInSize(
  rule: Region,
  { file, properties, read }: Pick<Features, 'file' | 'properties' | 'read'>,
  own: Uint32Array,
  readOthers: ReadColumns,
  others: Uint32Array,
): Promise<boolean> {
  if (!rule.some(({ feature }) => OF_SIZE.has(properties[feature - file.dimensions] ?? ''))) return false;
  const pixels = file.dimensions + imageProperties.findIndex(({ name }) => name === 'pixels');
  const median = async (reader: ReadColumns, rows: Uint32Array) => {
    const { values } = await reader(rows, pixels, pixels + 1);
    return entry(values.slice(0, rows.length).sort(), rows.length >> 1);
  };
  const [a, b] = [await median(read, own), await median(readOthers, others)];
  return Math.max(a, b) > OTHER_SIZE * Math.min(a, b);
}
