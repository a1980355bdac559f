import { createHash } from 'node:crypto';
import type { BaselineStore } from '../baseline/store.ts';
import { contactSheet } from '../pictures/contactSheet.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import type { Result } from '../records/result.ts';
import { type EventSheets, keyOf } from '../report/pictures.ts';
import { FULL_DETAIL } from '../report/shedding.ts';
import { eventRows } from './alike.ts';
import type { Features } from './read.ts';
import type { Run } from './request.ts';

/** Images of a contact sheet: two rows, and one below. */
const SHEET = { failing: 12, right: 6 };

/** Keeps contact sheets of each new event in the baseline branch: what newly fails, and what is most like it and right; by `keyOf`. */
export async function publishSheets(
  { request }: Run,
  features: Features,
  checkpoints: readonly Checkpoint[],
  result: Result,
  store: BaselineStore | null,
): Promise<ReadonlyMap<string, EventSheets>> {
  const { pictureAddress } = request;
  const { folder, images } = features.evalSet;
  if (!pictureAddress || store === null || folder === null || result.commit === null) return new Map();
  const made = [];
  for (const [index, { name, events }] of result.checkpoints.entries()) {
    for (const event of events.slice(0, FULL_DETAIL.contactSheets)) {
      const rows = await eventRows(event, features, entry(checkpoints, index), SHEET.right);
      const key = keyOf(name, event.id);
      for (const [kind, most] of [['failing', SHEET.failing] as const, ['right', SHEET.right] as const]) {
        const names = rows[kind].slice(0, most).map((row) => entry(images, row));
        const sheet = await contactSheet(folder, names);
        if (sheet) made.push({ ...sheet, key, kind, name: `${hashed(`${key} ${kind}`)}.png` });
      }
    }
  }
  if (made.length === 0) return new Map();
  const { revision, paths } = await store.attach(result.commit, result.createdAt, made);
  if (revision === null) return new Map();
  const sheets = new Map<string, EventSheets>();
  for (const [i, { key, kind, width, height }] of made.entries()) {
    const sheet = { url: pictureAddress(revision, entry(paths, i)), width, height };
    sheets.set(key, { failing: null, right: null, ...sheets.get(key), [kind]: sheet });
  }
  return sheets;
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
