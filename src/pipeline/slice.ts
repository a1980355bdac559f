import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';
import type { BaselineEvent } from '../records/baseline.ts';
import type { Config } from '../records/config.ts';
import { counted } from '../records/words.ts';
import { baselinesOf } from './baseline.ts';
import { neededResult } from './lastResult.ts';
import { notInLastRun } from './notInLastRun.ts';
import { inRun, type Request, type Said } from './request.ts';
import { eventOf } from './watchedSlices.ts';

/** The slices that every run tests: those of the config, and the events that are watched, with how the last accepted checkpoints did. */
export function listSlices(request: Request): Promise<Said> {
  return inRun(request, async (run) => {
    const store = await baselinesOf(run);
    const events = await store.watched();
    const named = run.config.slices.map(({ name, of }) => ({ name, ...of }));
    const records = await Promise.all((await store.list()).slice(0, 10).map(({ commit }) => store.show(commit)));
    const history = (name: string) =>
      records.flatMap(({ commit, slices }) =>
        slices
          .filter((slice) => slice.name === name)
          .map(({ failures, images }) => ({ commit, failures, images: images.length })),
      );
    const json = [
      ...named.map((slice) => ({ ...slice, source: 'config', history: history(slice.name) })),
      ...events.map(({ id, title, images, since }) => ({
        ...{ name: id, title, images, since, source: 'event', history: history(id) },
      })),
    ];
    return { json, lines: linesOf(named, events, history), passed: true };
  });
}

type History = (name: string) => readonly { commit: string; failures: number; images: number }[];

function linesOf(
  named: readonly { readonly name: string }[],
  events: readonly BaselineEvent[],
  history: History,
): readonly string[] {
  const past = (name: string) =>
    history(name).map(({ commit, failures, images }) => `    ${commit.slice(0, 12)}  ${failures} of ${images} fail`);
  const lines = [
    ...named.flatMap(({ name }) => [`slice ${JSON.stringify(name)} of the config`, ...past(name)]),
    ...events.flatMap(({ id, title, images, since }) => [
      `event ${JSON.stringify(id)}: ${title} (${counted(images.length, 'image')}, broke at ${since.slice(0, 12) || 'a run without a commit'})`,
      ...past(id),
    ]),
  ];
  return lines.length === 0
    ? ['No slice is watched: name some under slices in the config, or barlow slice add EVENT.']
    : lines;
}

/** Watches an event of the last run from now on, though the run did not. */
export function addSlice(request: Request, id: string): Promise<Said> {
  return inRun(request, async (run) => {
    const { out } = request;
    const result = neededResult(out, '--out');
    const events = result.checkpoints.flatMap((checkpoint) => checkpoint.events);
    const event = events.find((each) => each.id === id);
    if (event === undefined) {
      const ids = events.map((each) => each.id);
      throw notInLastRun(id, ids, { of: 'event', out, flag: '--out' });
    }
    const watched = eventOf(event, result.commit);
    await (await baselinesOf(run, { make: true })).watch([watched]);
    return { json: watched, lines: [`Watched from now on: ${event.title}`], passed: true };
  });
}

/** Watches an event no longer. */
export function dropSlice(request: Request, id: string): Promise<Said> {
  return inRun(request, async (run) => {
    const store = await baselinesOf(run);
    if (!(await store.drop(id))) throw notWatched(id, run.config, await store.watched());
    return { json: { dropped: id }, lines: [`No longer watched: ${id}`], passed: true };
  });
}

function notWatched(id: string, { slices, file }: Config, events: readonly BaselineEvent[]): UserError {
  const isNamed = slices.some(({ name }) => name === id);
  const near = nearestWord(
    id,
    events.map((event) => event.id),
  );
  return new UserError({
    what: isNamed
      ? `the slice ${JSON.stringify(id)} is named by the config`
      : `no event ${JSON.stringify(id)} is watched`,
    where: isNamed ? file : 'barlow slice drop',
    fix: isNamed
      ? 'Take it out of slices there'
      : near === null
        ? 'barlow slice list shows those that are'
        : `Did you mean ${JSON.stringify(near)}?`,
  });
}
