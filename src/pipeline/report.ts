import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import type { BaselineStore } from '../baseline/store.ts';
import type { NamedFeatures } from '../config/featureNames.ts';
import { messageOf, UserError } from '../errors.ts';
import type { TrainingSet } from '../evalset/trainingSet.ts';
import { contactSheet } from '../pictures/contactSheet.ts';
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
import { buildView, type ReportInput } from '../report/view.ts';
import { namesOf, withPropertyNames } from './featureNames.ts';
import { picturesOf } from './pictures.ts';
import type { Features } from './read.ts';
import type { Run } from './request.ts';
import { readTemplates } from './templates.ts';
import { withTrainingEvidence } from './trainingSet.ts';

/** What to tell people of a run: on a terminal, in a job summary and in a comment. */
export interface Told {
  readonly lines: readonly string[];
  /** The report as Markdown that fits a job summary and a comment on GitHub. */
  readonly summary: string;
  readonly comment: string;
  /** With what is known of causes. */
  readonly result: Result;
  /** Why not all reports could be written; null where they are. The verdict stands. */
  readonly problem: UserError | null;
}

/** What reports are written of. */
interface Reported {
  readonly features: Features;
  readonly checkpoints: readonly Checkpoint[];
  readonly judged: Result;
  readonly training: TrainingSet | null;
  readonly store: BaselineStore | null;
  readonly named: NamedFeatures | null;
}

/**
 * Writes every report: result.json first, then what machines and people read of it, and only then, with pictures and trend, the
 * pages once more. What decorates can fail, and be killed, without taking a report along; a report that cannot be written takes
 * nothing along that has been found.
 */
export async function report(
  run: Run,
  { features, checkpoints, judged, training, store, named }: Reported,
): Promise<Told> {
  const { config, request } = run;
  const file = (name: string) => join(request.out, name);
  const problems: UserError[] = [];
  const writeFile = async (name: string, text: string) => {
    try {
      await writeFileAtomic(file(name), text);
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      problems.push(thrown);
    }
  };
  await writeFile('result.json', resultJson(judged));
  await writeFile('junit.xml', junitXml(judged));
  await writeFile('metrics.json', metricsJson(judged));
  const own = namesOf(named, config, features.file.model.fingerprint, request.onNotice);
  const featureNames = withPropertyNames(own, features);
  const templates = await readTemplates();
  const plain: ReportInput = {
    ...{ result: judged, featureNames, pictures: null, sheets: new Map(), history: [] },
    confusions: confusionsOf(judged, features.evalSet, checkpoints),
    configText: textOf(config.file),
  };
  const write = async (input: ReportInput) => {
    const view = buildView(input);
    await writeFile('report.md', renderMarkdown(view, templates));
    await writeFile('report.html', renderHtml(view, templates));
    return view;
  };
  await write(plain);
  const decorate = decorating(request.onNotice);
  const result = await decorate('causes', judged, () => withCauses(run, features, training, judged));
  if (result !== judged) await writeFile('result.json', resultJson(result));
  const view = await write({
    ...plain,
    result,
    pictures: await decorate('pictures', null, () => picturesOf(run, features, checkpoints, result)),
    sheets: await decorate('pictures in the comment', new Map(), () =>
      publishSheets(run, features.evalSet, result, store),
    ),
    history: await decorate('trend over checkpoints', [], async () => (await store?.history(request.onNotice)) ?? []),
  });
  const limit = { ...COMMENT_LIMIT, size: COMMENT_LIMIT.size - (request.commentReserve ?? 0) };
  const lines = closingLines(result, featureNames, file('report.html'));
  const [problem = null] = problems;
  const summary = renderMarkdown(view, templates);
  return { result, lines, summary, comment: renderMarkdown(view, templates, limit), problem };
}

/** The config as it stands; null where it has gone since it was read. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** Makes what only decorates a report; whatever hinders that is a notice. */
const decorating =
  (onNotice: (line: string) => void) =>
  async <Made>(what: string, none: Made, make: () => Promise<Made>): Promise<Made> => {
    try {
      return await make();
    } catch (thrown) {
      const said = thrown instanceof UserError ? `${thrown.what} (${thrown.where}). ${thrown.fix}` : messageOf(thrown);
      onNotice(`No ${what}: ${said}.`);
      return none;
    }
  };

/** The result with what is known of the causes of its events. */
async function withCauses(run: Run, features: Features, training: TrainingSet | null, result: Result): Promise<Result> {
  return training === null ? result : withTrainingEvidence(run, features, training, result);
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
  const { revision, paths } = await store.attach(result.commit, result.createdAt, made);
  if (revision === null) return new Map();
  return new Map(
    made.map(({ key, width, height }, i) => [key, { url: pictureAddress(revision, entry(paths, i)), width, height }]),
  );
}
