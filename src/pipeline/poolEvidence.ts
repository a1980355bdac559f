import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { UserError } from '../errors.ts';
import { contactSheet } from '../pictures/contactSheet.ts';
import type { FailureEvent } from '../records/comparison.ts';
import type { PoolEvidence } from '../records/pool.ts';
import type { CheckpointResult, Result } from '../records/result.ts';
import { count, counted } from '../records/words.ts';
import { foundCsv } from '../report/foundCsv.ts';
import { keyOf } from '../report/pictures.ts';
import type { Features } from './read.ts';
import type { Request, Run } from './request.ts';
import { type FoundInPool, type ImagePool, looksOf, openPoolOf, searchPool } from './searchPool.ts';

/** The most events of a run that are looked for, images listed for each, and images named in result.json. */
const MOST = { events: 10, listed: 1000, typical: 12 };

/** A list or a contact sheet that a run wrote. */
const OWN_FILE = /^pool-[\da-f]{16}\.(?:csv|csv\.png)$/;

/**
 * Says of the first events what the pool has of their kind, and lists it beside the reports. The pool is read only where something newly
 * fails; its features are kept, so that only new images cost much.
 *
 * @param names images of the pool
 * @throws UserError where no image of it can be used, or a list cannot be written: what a report says without it still holds
 */
export async function withPoolEvidence(
  run: Run,
  features: Features,
  names: readonly string[],
  result: Result,
): Promise<Result> {
  const { config, request } = run;
  const found = result.checkpoints.flatMap(({ name, events }) => events.map(({ id }) => keyOf(name, id)));
  if (config.pool === null || found.length === 0) return result;
  const sought = new Set(found.slice(0, MOST.events));
  request.onNotice(`Looking for images as those that newly fail among ${count(names.length)} of the pool.`);
  const pool = await openPoolOf(run, config.pool.images, names);
  if (pool.unusable > 0) request.onNotice(`Pool: ${counted(pool.unusable, 'image')} left out that cannot be read.`);
  const told: CheckpointResult[] = [];
  for (const checkpoint of result.checkpoints) {
    const events: FailureEvent[] = [];
    for (const event of checkpoint.events) {
      const key = keyOf(checkpoint.name, event.id);
      events.push(
        sought.has(key) ? { ...event, pool: await evidenceOf(run, features, pool, checkpoint, event) } : event,
      );
    }
    told.push({ ...checkpoint, events });
  }
  return { ...result, checkpoints: told };
}

async function evidenceOf(
  { request }: Run,
  features: Features,
  pool: ImagePool,
  { name, comparison }: CheckpointResult,
  event: FailureEvent,
): Promise<PoolEvidence | null> {
  const clusters = (comparison?.clusters ?? []).filter(
    ({ id, rule, neighbourhood }) => event.clusters.includes(id) && (rule.length > 0 || neighbourhood !== null),
  );
  if (clusters.length === 0) return null;
  const found = await foundOrTold(request, () => searchPool(pool, event, clusters, features, MOST.listed));
  if (found === null) return null;
  const names = found.images.map(({ image }) => image);
  const hash = createHash('sha256').update(keyOf(name, event.id)).digest('hex').slice(0, 16);
  const table = `pool-${hash}.csv`;
  if (names.length > 0) await writeFileAtomic(join(request.out, table), foundCsv(found.images));
  const sheet = await contactSheet(pool.folder, names);
  if (sheet !== null) await writeFileAtomic(join(request.out, `${table}.png`), sheet.bytes);
  return {
    ...{ images: pool.images.length, inside: found.inside, listed: names.length },
    looksLike: looksOf(found.images),
    typical: names.slice(0, MOST.typical),
    table: names.length > 0 ? table : null,
    sheet: sheet && `${table}.png`,
  };
}

/** What was found; null, and a notice, where these images cannot be searched for this event. */
async function foundOrTold({ onNotice }: Request, search: () => Promise<FoundInPool>): Promise<FoundInPool | null> {
  try {
    return await search();
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    onNotice(`Pool not looked through: ${thrown.what} (${thrown.where}). ${thrown.fix}.`);
    return null;
  }
}

/** Removes the lists of the run before from the reports' folder; nothing else goes by such a name. */
export async function removeOldLists(out: string): Promise<void> {
  for (const name of await readdir(out)) if (OWN_FILE.test(name)) await rm(join(out, name), { force: true });
}
