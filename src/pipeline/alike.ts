import { distance, type Whitened, whitening } from '../gate/typicality.ts';
import type { FailureEvent } from '../records/comparison.ts';
import { entry, lookUp } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import { spread } from '../records/spread.ts';
import type { Features } from './read.ts';

/** Which images show an event: rows of the eval set. */
export interface EventRows {
  /** Newly failed ones, the most typical first; limited in number. */
  readonly failing: readonly number[];
  /** Right ones of the same classes, the most alike first. */
  readonly right: readonly number[];
  /** For each newly failed one: the right images of its class that are most alike. */
  readonly neighbours: ReadonlyMap<number, readonly number[]>;
}

/** The most images of an event, right ones that they are compared with, and neighbours of each; and the share of an event from which a class counts as one of its classes. */
const MOST = { failing: 120, candidates: 3_000, neighbours: 3 };
const OWN_CLASS = 0.2;

/**
 * The images that show an event, beside those of its classes that the checkpoint has right and that are most like them, in
 * features whitened as for `typicality`.
 *
 * @param most right images
 */
export async function eventRows(
  { images }: FailureEvent,
  { evalSet, file, properties, read }: Features,
  { failed }: Checkpoint,
  most: number,
): Promise<EventRows> {
  const rowOf = new Map(evalSet.images.map((image, row) => [image, row]));
  const failing = images.slice(0, MOST.failing).map(({ name }) => lookUp(rowOf, name));
  const labelOf = (row: number) => entry(evalSet.labels, row);
  const counts = Map.groupBy(failing, labelOf);
  const own = new Set(
    [...counts].filter(([, { length }]) => length >= OWN_CLASS * failing.length).map(([label]) => label),
  );
  const rights = [...evalSet.labels.keys()].filter((row) => counts.has(labelOf(row)) && entry(failed, row) === 0);
  const candidates = spread(rights, MOST.candidates);
  if (failing.length === 0 || candidates.length === 0) {
    return { failing, right: [], neighbours: new Map(failing.map((row) => [row, []])) };
  }
  const columns = await read(Uint32Array.from([...failing, ...candidates]), 0, file.dimensions + properties.length);
  const space = whitening(columns, Uint32Array.from(failing.keys()));
  const pointsOf = (rows: readonly number[], from: number) =>
    rows.map((row, at) => ({ row, point: space.at(from + at) }));
  const others = pointsOf(candidates, failing.length);
  const nearest = (point: Float64Array, some: typeof others, count: number) =>
    some
      .map(({ row, point: other }) => ({ row, far: distance(point, other) }))
      .sort((a, b) => a.far - b.far || a.row - b.row)
      .slice(0, count)
      .map(({ row }) => row);
  const points = pointsOf(failing, 0);
  const sameClass = Map.groupBy(others, ({ row }) => labelOf(row));
  return {
    failing,
    right: nearest(
      meanOf(points, space),
      others.filter(({ row }) => own.has(labelOf(row))),
      most,
    ),
    neighbours: new Map(
      // Of a class that is all wrong, or of which none was drawn, there are none.
      points.map(({ row, point }) => [row, nearest(point, sameClass.get(labelOf(row)) ?? [], MOST.neighbours)]),
    ),
  };
}

/** The mean of some points. */
export function meanOf(points: readonly { readonly point: Float64Array }[], { size }: Whitened): Float64Array {
  const sumAt = (of: number) => points.reduce((sum, { point }) => sum + entry(point, of), 0);
  return Float64Array.from({ length: size }, (_, of) => sumAt(of) / points.length);
}
