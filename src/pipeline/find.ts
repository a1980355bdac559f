import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { configFile, configWithout } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { readEvalSet } from '../evalset/evalSet.ts';
import { imagesBelow } from '../evalset/imageFolder.ts';
import { contactSheet } from '../pictures/contactSheet.ts';
import type { Cluster, FailureEvent } from '../records/comparison.ts';
import type { Config } from '../records/config.ts';
import type { FeatureFile } from '../records/features.ts';
import type { Result } from '../records/result.ts';
import { count, counted } from '../records/words.ts';
import { type FoundImage, foundCsv } from '../report/foundCsv.ts';
import { neededResult } from './lastResult.ts';
import { notInLastRun } from './notInLastRun.ts';
import { extract } from './read.ts';
import { refuseExisting } from './refuseExisting.ts';
import { inRun, inRunOf, type Request, type Run, type Said } from './request.ts';
import { looksOf, openPoolOf, searchPool } from './searchPool.ts';

/** Which event's kind of images to look for, and where. */
export interface FindRequest {
  /** Id of the event. */
  readonly event: string;
  /** Folder of images without labels, at any depth; null: the config's. */
  readonly pool: string | null;
  /** The CSV; the contact sheet lies beside it. */
  readonly to: string;
  /** Images to keep, at most; all that lie in the region are counted. */
  readonly most: number;
  readonly force: boolean;
  /** The eval set of a run that had no config, as `compare` was told it; null: the config says it. */
  readonly evalSet: { readonly images: string; readonly manifest: string | null } | null;
}

/**
 * Finds the images of a pool that lie where an event of the last run is (in `request.out`): in the region of one of its clusters, the most
 * typical first; where one has no rule, as near to the event's images as most of these. A pool has no labels, so that what holds of a class is looked for in all images; what each looks like is told beside it.
 * The pool's features are kept (`.barlow/pool`), and read a chunk at a time.
 */
export function findAlike(request: Request, asked: FindRequest): Promise<Said> {
  const { evalSet } = asked;
  if (evalSet === null) {
    refuseNoConfig(request.config);
    return inRun(request, (run) => findInPool(run, asked));
  }
  const given = { ...evalSet, classes: null, preprocess: null, checkpoints: [] };
  return inRunOf(configWithout(resolve('the command line'), given), request, (run) => findInPool(run, asked));
}

function refuseNoConfig(file: string): void {
  if (existsSync(configFile(file))) return;
  throw new UserError({
    what: 'there is no config that says which images the last run had',
    where: file,
    fix: 'After barlow compare give --images, and --manifest, as it was given them; else name the config with --config',
  });
}

async function findInPool(run: Run, asked: FindRequest): Promise<Said> {
  const sheetPath = `${asked.to}.png`;
  const result = neededResult(run.request.out, '--from');
  const { event, clusters } = eventIn(result, asked.event, run.request.out);
  refuseExisting([asked.to, sheetPath], asked.force);
  const pool = poolOf(asked, run.config);
  const names = await imagesBelow(pool);
  const { evalSet } = await readEvalSet(run.config.evalSet);
  const features = await extract(run, evalSet);
  refuseOtherFeatures(features.file, result, run.config.file);
  const opened = await openPoolOf(run, pool, names);
  const { images, inside, known, byLikeness } = await searchPool(opened, event, clusters, features, asked.most);
  await writeFileAtomic(asked.to, foundCsv(images));
  const sheet = await contactSheet(
    pool,
    images.map(({ image }) => image),
  );
  if (sheet !== null) await writeFileAtomic(sheetPath, sheet.bytes);
  const { images: looked, unusable } = opened;
  const told = {
    ...{ event: event.id, pool: asked.pool ?? pool, images: looked.length, unusable, known, inside },
    byLikeness,
  };
  return {
    json: { ...told, written: images.length, csv: asked.to, sheet: sheet && sheetPath },
    lines: linesOf(told, event, images, asked, sheet && sheetPath),
    passed: true,
  };
}

function poolOf({ pool }: FindRequest, config: Config): string {
  if (pool !== null) return resolve(pool);
  if (config.pool !== null) return config.pool.images;
  throw new UserError({
    what: 'nothing says where to look',
    where: config.file,
    fix: 'Name the folder of a pool of images by --in, or in barlow.yml under `pool`',
  });
}

function eventIn(
  result: Result,
  id: string,
  out: string,
): { readonly event: FailureEvent; readonly clusters: readonly Cluster[] } {
  for (const { events, comparison } of result.checkpoints) {
    const event = events.find((each) => each.id === id);
    if (event === undefined) continue;
    return { event, clusters: (comparison?.clusters ?? []).filter((each) => event.clusters.includes(each.id)) };
  }
  const ids = result.checkpoints.flatMap(({ events }) => events.map((each) => each.id));
  throw notInLastRun(id, ids, { of: 'event', out, flag: '--from' });
}

function refuseOtherFeatures({ model }: FeatureFile, { featureModel }: Result, config: string): void {
  if (model.engine === 'file') {
    throw new UserError({
      what: 'features are given as a file, so there is no network to look at other images with',
      where: config,
      fix: 'Name the network under featureModel in place of features',
    });
  }
  if (model.fingerprint === featureModel.fingerprint) return;
  throw new UserError({
    what: 'the last run used another feature model or preprocessing: its rules mean nothing to this one',
    where: config,
    fix: 'Run barlow run again with this config, or take the config of that run',
  });
}

function linesOf(
  {
    images,
    unusable,
    known,
    inside,
    byLikeness,
  }: {
    readonly images: number;
    readonly unusable: number;
    readonly known: number;
    readonly inside: number;
    readonly byLikeness: boolean;
  },
  { title }: FailureEvent,
  found: readonly FoundImage[],
  { to }: FindRequest,
  sheet: string | null,
): string[] {
  const like = looksOf(found)
    .slice(0, 5)
    .map(({ className, images: of }) => `${count(of)} ${JSON.stringify(className)}`);
  return [
    `${title}: ${count(inside)} of ${counted(images, 'image')} of the pool lie there.`,
    ...(byLikeness
      ? ["No rule tells the event's images: taken are those as near to their mean as nine in ten of them are."]
      : []),
    ...(unusable > 0 ? [`Skipped: ${counted(unusable, 'image')} that cannot be read.`] : []),
    ...(known > 0 ? [`Left out: ${counted(known, 'image')} that the eval set holds too.`] : []),
    ...(like.length > 0
      ? [`By the most alike images of the eval set, of the ${count(found.length)} most typical: ${like.join(', ')}.`]
      : []),
    `Written: ${to} (${counted(found.length, 'image')}, the most typical first)${sheet === null ? '' : ` and ${sheet}`}`,
  ];
}
