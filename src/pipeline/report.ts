import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import type { BaselineStore } from '../baseline/store.ts';
import { UserError } from '../errors.ts';
import { contactSheet } from '../pictures/contactSheet.ts';
import type { HistoryRow } from '../records/baseline.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import type { Result } from '../records/result.ts';
import { closingLines } from '../report/closingLines.ts';
import { confusionsOf } from '../report/confusions.ts';
import { renderHtml } from '../report/html.ts';
import { junitXml } from '../report/junit.ts';
import { COMMENT_LIMIT, renderMarkdown } from '../report/markdown.ts';
import { metricsJson } from '../report/metrics.ts';
import { keyOf, type LinkedSheet } from '../report/pictures.ts';
import { resultJson } from '../report/resultJson.ts';
import { FULL_DETAIL } from '../report/shedding.ts';
import { buildView } from '../report/view.ts';
import { namesOf } from './featureNames.ts';
import { picturesOf } from './pictures.ts';
import type { Features } from './read.ts';
import type { Run } from './request.ts';
import { readTemplates } from './templates.ts';

/** What to tell people of a run: on a terminal, in a job summary and in a comment. */
export interface Told {
  readonly lines: readonly string[];
  /** The report as Markdown that fits a job summary and a comment on GitHub. */
  readonly summary: string;
  readonly comment: string;
}

/** Writes every report. */
export async function report(
  run: Run,
  features: Features,
  checkpoints: readonly Checkpoint[],
  result: Result,
  store: BaselineStore | null,
): Promise<Told> {
  const { config, request } = run;
  const featureNames = await namesOf(config, features.file.model.fingerprint, request.onNotice);
  const view = buildView({
    result,
    featureNames,
    pictures: await picturesOf(run, features, checkpoints, result),
    sheets: await publishSheets(run, features.evalSet, result, store),
    confusions: confusionsOf(result, features.evalSet, checkpoints),
    history: await historyOf(store, request.onNotice),
    configText: readFileSync(config.file, 'utf8'),
  });
  const file = (name: string) => join(request.out, name);
  await writeFileAtomic(file('result.json'), resultJson(result));
  const templates = await readTemplates();
  const summary = renderMarkdown(view, templates);
  await writeFileAtomic(file('report.md'), summary);
  await writeFileAtomic(file('report.html'), renderHtml(view, templates));
  await writeFileAtomic(file('junit.xml'), junitXml(result));
  await writeFileAtomic(file('metrics.json'), metricsJson(result));
  const limit = { ...COMMENT_LIMIT, size: COMMENT_LIMIT.size - (request.commentReserve ?? 0) };
  const lines = closingLines(result, featureNames, file('report.html'));
  return { lines, summary, comment: renderMarkdown(view, templates, limit) };
}

/** The trend over checkpoints; it only decorates, and what hinders it takes nothing from the report. */
async function historyOf(
  store: BaselineStore | null,
  onNotice: (line: string) => void,
): Promise<readonly HistoryRow[]> {
  try {
    return store === null ? [] : await store.history(onNotice);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    onNotice(`No trend over checkpoints: ${thrown.what} (${thrown.where}). ${thrown.fix}.`);
    return [];
  }
}

/** Keeps a contact sheet of each new cluster's failing images in the baseline branch; by `keyOf`. */
async function publishSheets(
  { request }: Run,
  { folder }: EvalSet,
  result: Result,
  store: BaselineStore | null,
): Promise<ReadonlyMap<string, LinkedSheet>> {
  const { pictureAddress } = request;
  const shown = result.checkpoints.flatMap(({ name, comparison }) =>
    (comparison?.clusters ?? [])
      .filter(({ status }) => status === 'new')
      .slice(0, FULL_DETAIL.contactSheets)
      .map(({ id, images }) => ({ key: keyOf(name, id), images })),
  );
  if (!pictureAddress || store === null || folder === null || result.commit === null) return new Map();
  const made = [];
  for (const { key, images } of shown) {
    const sheet = await contactSheet(folder, images);
    if (sheet) made.push({ ...sheet, key, name: `${createHash('sha256').update(key).digest('hex').slice(0, 16)}.png` });
  }
  if (made.length === 0) return new Map();
  try {
    const { revision, paths } = await store.attach(result.commit, result.createdAt, made);
    if (revision === null) return new Map();
    return new Map(
      made.map(({ key, width, height }, i) => [key, { url: pictureAddress(revision, entry(paths, i)), width, height }]),
    );
  } catch (thrown) {
    // The verdict stands without pictures.
    if (!(thrown instanceof UserError)) throw thrown;
    request.onNotice(`No pictures in the comment: ${thrown.what}. ${thrown.fix}.`);
    return new Map();
  }
}
