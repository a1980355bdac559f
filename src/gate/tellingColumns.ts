import type { Region } from '../records/analysis.ts';
import type { Columns, ReadColumns } from '../records/features.ts';
import type { Family } from './regionFamily.ts';

/** Features of a run: how many, and the first that is an image property. */
interface Features {
  readonly dimensions: number;
  readonly properties: number;
}

/** Most values of a group that are read to describe a cluster: 128 MB. */
const VALUES = 2 ** 25;

/** Features, ascending, by which a region of a group is told: all, or as many as there is room for, those of the densest regions first. */
export function tellingFeatures(
  { rows, rule, family }: { readonly rows: number; readonly rule: Region; readonly family: Pick<Family, 'feature'> },
  { dimensions, properties }: Features,
  values = VALUES,
): number[] {
  const room = Math.floor(values / rows);
  const every = Array.from({ length: dimensions }, (_, feature) => feature);
  if (dimensions <= room) return every;
  const chosen = new Set([...rule.map(({ feature }) => feature), ...every.slice(properties)]);
  for (const feature of family.feature) {
    if (chosen.size >= room) break;
    if (feature >= 0) chosen.add(feature);
  }
  return [...chosen].sort((a, b) => a - b);
}

/** Some features of a group, ascending, side by side, read a span at a time. */
export async function readSome(
  rows: Uint32Array,
  features: readonly number[],
  { dimensions, readColumns }: Pick<Features, 'dimensions'> & { readonly readColumns: ReadColumns },
  most = VALUES,
): Promise<Columns> {
  if (features.length === dimensions) return readColumns(rows, 0, dimensions);
  const values = new Float32Array(new SharedArrayBuffer(4 * rows.length * features.length));
  const span = Math.max(1, Math.floor(most / rows.length));
  for (let from = 0; from < dimensions; from += span) {
    const to = Math.min(from + span, dimensions);
    if (!features.some((feature) => feature >= from && feature < to)) continue;
    const columns = await readColumns(rows, from, to);
    for (const [at, feature] of features.entries()) {
      if (feature < from || feature >= to) continue;
      const start = (feature - from) * rows.length;
      values.set(columns.values.subarray(start, start + rows.length), at * rows.length);
    }
  }
  return { rows: rows.length, from: 0, to: features.length, values };
}
