import type { BaselineStore } from '../baseline/store.ts';
import { UserError } from '../errors.ts';
import { readUtf8 } from '../evalset/textFile.ts';
import { type ConditionTerms, featuresIn, holdsFor, parseCondition } from '../gate/condition.ts';
import type { BaselineEvent } from '../records/baseline.ts';
import type { FailureEvent } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { EvalSet } from '../records/evalSet.ts';
import type { FeatureNames, ReadColumns } from '../records/features.ts';
import type { Result } from '../records/result.ts';
import type { Slice, SliceOptions } from '../records/slices.ts';
import { namesOf, readNames } from './featureNames.ts';
import type { Features } from './read.ts';
import type { Run } from './request.ts';

/** What slices are looked up in: the images of a run, all that have features. */
interface Sliced {
  readonly evalSet: EvalSet;
  readonly dimensions: number;
  readonly read: ReadColumns;
  readonly names: FeatureNames;
  /** The config's file, for messages. */
  readonly config: string;
}

/** The watched slices of a run: those of its config, then the events that its store watches. */
export async function watchedSlices(run: Run, features: Features, store: BaselineStore | null): Promise<Slice[]> {
  const { config, request } = run;
  const { evalSet, file, read } = features;
  const names = namesOf(await readNames(config), config, file.model.fingerprint, request.onNotice);
  const sliced = { evalSet, dimensions: file.dimensions, read, names, config: config.file };
  const events = store === null ? [] : await store.watched();
  return slicesOf(config.slices, events, sliced, config.evalSet.columns.label);
}

/**
 * Has the events that failed a run, or would have but for an entry of the config, watched from now on, where the run may write
 * baselines: what once broke is not forgotten, and what was accepted for a while is judged again when that ends.
 * What hinders that takes nothing from the verdict.
 */
export async function watchBroken(
  { config, request }: Run,
  store: BaselineStore | null,
  result: Result,
): Promise<void> {
  const mayWrite = request.record || (request.pictureAddress ?? null) !== null;
  const events = eventsToWatch(result, new Set(config.gate.accepted.map(({ event }) => event)));
  if (store === null || events.length === 0 || !mayWrite) return;
  try {
    await store.watch(events);
    request.onNotice(`Watched from now on, until dropped: ${events.map(({ id }) => id).join(', ')}.`);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    request.onNotice(`The events of this run are not watched: ${thrown.what}. ${thrown.fix}.`);
  }
}

/** The events of a result whose checks failed or that are accepted, each id once. */
function eventsToWatch(
  { checkpoints, commit }: Pick<Result, 'checkpoints' | 'commit'>,
  accepted: ReadonlySet<string>,
): BaselineEvent[] {
  const failed = checkpoints.flatMap(({ events, slices, verdict }) => {
    const subjects = new Set(verdict?.checks.filter(({ passed }) => !passed).map(({ subject }) => subject));
    const watched = new Set(slices.filter(({ source }) => source === 'event').map(({ name }) => name));
    return events.flatMap((event) => {
      const { id, known, clusters } = event;
      if (known !== null && watched.has(known)) return [];
      const name = [id, ...clusters].find((each) => accepted.has(each));
      // Under the id by which it is accepted, so that the acceptance is found when it has ended.
      return name !== undefined ? [{ ...event, id: name }] : subjects.has(id) ? [event] : [];
    });
  });
  // Two events of a checkpoint may be one of another's, whose id they have.
  const byId = new Map<string, BaselineEvent>();
  for (const event of failed.map((each) => eventOf(each, commit))) {
    const images = new Set([...(byId.get(event.id)?.images ?? []), ...event.images]);
    byId.set(event.id, { ...event, ...byId.get(event.id), images: [...images].toSorted() });
  }
  return [...byId.values()];
}

/** An event as it is watched. */
export function eventOf({ id, title, images }: FailureEvent, commit: string | null): BaselineEvent {
  return { id, title, images: images.map(({ name }) => name).toSorted(), since: commit ?? '' };
}

/**
 * The watched slices with their images: those of the config first, then the events that once failed a run.
 * @param label what the column of true labels is called in conditions.
 * @throws UserError where a condition cannot be read, a file of names cannot be, names images that are not there, or a
 *   slice of the config holds no image.
 */
async function slicesOf(
  options: readonly SliceOptions[],
  events: readonly BaselineEvent[],
  sliced: Sliced,
  label: string,
): Promise<Slice[]> {
  const rowOf = new Map(sliced.evalSet.images.map((image, row) => [image, row]));
  const named: Slice[] = [];
  for (const { name, of, maxErrorRate } of options) {
    const where = `${sliced.config}: slices.${name}`;
    const rows = 'where' in of ? await rowsWhere(of.where, sliced, label, where) : await rowsListed(of.images, rowOf);
    if (rows.length === 0) {
      const fix = 'Mend the condition or the list, or remove the slice: one without images watches nothing';
      throw new UserError({ what: `no image is in the slice ${JSON.stringify(name)}`, where, fix });
    }
    named.push({ name, source: 'config', rows, maxErrorRate, since: null, gone: 0 });
  }
  // Of an event of long ago, the images that are still there.
  const broken = events.map(({ id, images, since }): Slice => {
    const rows = Uint32Array.from(images.flatMap((image) => rowOf.get(image) ?? [])).sort();
    return { name: id, source: 'event', rows, maxErrorRate: null, since, gone: images.length - rows.length };
  });
  return [...named, ...broken];
}

async function rowsWhere(text: string, sliced: Sliced, label: string, where: string): Promise<Uint32Array> {
  const { evalSet, dimensions, read, names } = sliced;
  const labels = Array.from(evalSet.labels, (index) => entry(evalSet.classes, index));
  const terms: ConditionTerms = {
    columns: new Map([[label, labels], ...evalSet.columns]),
    dimensions,
    names: new Map([...names].map(([feature, { name }]) => [name, feature])),
  };
  const condition = parseCondition(text, terms, where);
  const all = Uint32Array.from(evalSet.images.keys());
  const features = new Map<number, Float32Array>();
  for (const feature of featuresIn(condition)) {
    features.set(feature, (await read(all, feature, feature + 1)).values.subarray(0, all.length));
  }
  const holds = holdsFor(condition, all.length, terms.columns, features);
  return all.filter((row) => holds[row] === 1);
}

async function rowsListed(file: string, rowOf: ReadonlyMap<string, number>): Promise<Uint32Array> {
  const text = await readUtf8(file).catch((cause: unknown) => {
    if (cause instanceof UserError) throw cause;
    throw new UserError({
      what: 'the list of images cannot be read',
      where: file,
      fix: 'Check the path of the slice; it is relative to the config',
      cause,
    });
  });
  const rows = new Set<number>();
  for (const [index, line] of text.toString('utf8').split(/\r?\n/).entries()) {
    const name = line.trim();
    if (name === '') continue;
    const row = rowOf.get(name);
    if (row === undefined) {
      throw new UserError({
        what: `there is no image ${JSON.stringify(name)} in the eval set`,
        where: `${file}:${index + 1}`,
        fix: 'Write names as the manifest does, one per line, and take out those that are gone',
      });
    }
    rows.add(row);
  }
  return Uint32Array.from(rows).sort();
}
