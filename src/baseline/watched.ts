import { compileSchema, firstProblem } from '../adapters/jsonSchema.ts';
import { messageOf, UserError } from '../errors.ts';
import type { BaselineEvent } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { Medium, Snapshot } from './medium.ts';
import { safeName } from './safeName.ts';
import type { SuitePlace } from './suiteFiles.ts';

const watchedName = /^watched\/[a-z0-9._-]+\.json$/;

const schema = compileSchema<BaselineEvent>({
  type: 'object',
  required: ['id', 'title', 'images', 'since'],
  properties: {
    id: { type: 'string', minLength: 1 },
    title: { type: 'string' },
    images: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
    since: { type: 'string' },
  },
});

/** Watches events of a suite; of one that is watched already the images of both are watched, since whenever it was. */
export async function watchEvents({ medium, suite }: SuitePlace, events: readonly BaselineEvent[]): Promise<void> {
  await medium.update({
    message: `Watch ${events.length} event(s) of ${JSON.stringify(suite)}`,
    files: async (before) => {
      const known = new Map((await readWatched(medium, before)).map((event) => [event.id, event]));
      const fresh = events.filter(({ id, images }) => !images.every((name) => known.get(id)?.images.includes(name)));
      return new Map(fresh.map((event) => [watchedPath(event.id), encodeWatched(both(known.get(event.id), event))]));
    },
    tidy: async () => ({ files: new Map(), remove: [] }),
  });
}

/** An event with the images that it had before. */
function both(before: BaselineEvent | undefined, event: BaselineEvent): BaselineEvent {
  if (before === undefined) return event;
  return { ...before, images: [...new Set([...before.images, ...event.images])].toSorted() };
}

/** Watches an event of a suite no longer; false where none has the id. */
export async function unwatchEvent({ medium, suite }: SuitePlace, id: string): Promise<boolean> {
  const path = watchedPath(id);
  if (!(await medium.snapshot()).paths.includes(path)) return false;
  await medium.update({
    message: `Watch an event of ${JSON.stringify(suite)} no longer`,
    files: async () => new Map(),
    tidy: async ({ paths }) => ({ files: new Map(), remove: paths.filter((each) => each === path) }),
  });
  return true;
}

/** Where an event that is watched lies in its suite's folder: a file each, so that two runs can add theirs at once. */
const watchedPath = (id: string) => `watched/${safeName(id)}.json`;

/** The bytes of the file of an event. */
function encodeWatched(event: BaselineEvent): Uint8Array {
  return Buffer.from(`${JSON.stringify(event, null, 1)}\n`);
}

/**
 * The events that are watched, by id.
 * @throws UserError for a damaged file: a slice that is lost would watch nothing.
 */
export async function readWatched(medium: Medium, snapshot: Snapshot): Promise<readonly BaselineEvent[]> {
  const paths = snapshot.paths.filter((path) => watchedName.test(path)).toSorted();
  const contents = await snapshot.read(paths);
  const events = contents.map((bytes, i) => decodeWatched(medium, entry(paths, i), bytes));
  return events.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function decodeWatched(medium: Medium, path: string, bytes: Uint8Array): BaselineEvent {
  const damaged = (why: string) =>
    new UserError({
      what: `the file of a watched event is damaged: ${why}`,
      where: medium.where(path),
      fix: medium.fixDamaged(path),
    });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch (thrown) {
    throw damaged(messageOf(thrown));
  }
  if (!schema.accepts(value)) throw damaged(firstProblem(schema, value));
  if (watchedPath(value.id) !== path) throw damaged(`it is of ${JSON.stringify(value.id)}, under another's name`);
  return value;
}
