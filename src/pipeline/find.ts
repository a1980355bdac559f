import { resolve } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { nearestWord } from '../adapters/nearestWord.ts';
import { UserError } from '../errors.ts';
import { readEvalSet } from '../evalset/evalSet.ts';
import { imagesBelow } from '../evalset/imageFolder.ts';
import { type OpenedFeatures, openFeatures } from '../features/openFeatures.ts';
import { distance, type Whitened, whitening } from '../gate/typicality.ts';
import { contactSheet } from '../pictures/contactSheet.ts';
import type { Region } from '../records/analysis.ts';
import type { FailureEvent } from '../records/comparison.ts';
import { entry } from '../records/entry.ts';
import type { FeatureFile, ReadColumns } from '../records/features.ts';
import type { Result } from '../records/result.ts';
import { count, counted } from '../records/words.ts';
import { type FoundImage, foundCsv } from '../report/foundCsv.ts';
import { meanOf, spread } from './alike.ts';
import { neededResult } from './lastResult.ts';
import { extract, type Features, readerOfAll } from './read.ts';
import { refuseExisting } from './refuseExisting.ts';
import { inRun, type Request, type Run, type Said, storeFolder, threadsOf } from './request.ts';
import { positionsInside } from './rowsInside.ts';

/** Which event's kind of images to look for, and where. */
export interface FindRequest {
  /** Id of the event. */
  readonly event: string;
  /** Folder of images without labels, at any depth. */
  readonly pool: string;
  /** The CSV; the contact sheet lies beside it. */
  readonly to: string;
  /** Images to keep, at most; all that lie in the region are counted. */
  readonly most: number;
  readonly force: boolean;
}

/** Images of the pool whose features are in memory at once. */
const CHUNK = 1024;
/** Images of the eval set that stand for it, and how many of them say what an image looks like. */
const REFERENCE = 3000;
const NEIGHBOURS = 10;

/**
 * Finds the images of a pool that lie where an event of the last run is (in `request.out`): in the region of one of its clusters, the most
 * typical first. A pool has no labels, so that what holds of a class is looked for in all images; what each looks like is told beside it.
 * The pool's features are kept (`.barlow/pool`), and read a chunk at a time.
 */
export function findAlike(request: Request, asked: FindRequest): Promise<Said> {
  return inRun(request, async (run) => {
    const sheetPath = `${asked.to}.png`;
    const result = neededResult(request.out);
    const { event, rules } = eventIn(result, asked.event, request.out);
    refuseExisting([asked.to, sheetPath], asked.force);
    const pool = resolve(asked.pool);
    const names = await imagesBelow(pool);
    const { evalSet } = await readEvalSet(run.config.evalSet);
    const features = await extract(run, evalSet);
    refuseOtherFeatures(features.file, result, run.config.file);
    const opened = await poolFeatures(run, pool, names);
    const bad = new Set(opened.unusable.map(({ index }) => index));
    const usable = names.filter((_, index) => !bad.has(index));
    const search = await lookFor(event, rules, features);
    const { inside, kept, known } = await searched(usable, opened, features, search, rules, asked.most);
    const found = kept.map(
      ({ name, far, point }): FoundImage => ({ image: name, distance: far, ...search.looksLike(point) }),
    );
    await writeFileAtomic(asked.to, foundCsv(found));
    const sheet = await contactSheet(
      pool,
      found.map(({ image }) => image),
    );
    if (sheet !== null) await writeFileAtomic(sheetPath, sheet.bytes);
    const told = { event: event.id, pool: asked.pool, images: usable.length, unusable: bad.size, known, inside };
    return {
      json: { ...told, written: found.length, csv: asked.to, sheet: sheet && sheetPath },
      lines: linesOf(told, event, found, asked, sheet && sheetPath),
      passed: true,
    };
  });
}

function eventIn(
  result: Result,
  id: string,
  out: string,
): { readonly event: FailureEvent; readonly rules: readonly Region[] } {
  for (const { events, comparison } of result.checkpoints) {
    const event = events.find((each) => each.id === id);
    if (event === undefined) continue;
    const clusters = (comparison?.clusters ?? []).filter((each) => event.clusters.includes(each.id));
    return { event, rules: clusters.map(({ rule }) => rule) };
  }
  const ids = result.checkpoints.flatMap(({ events }) => events.map((each) => each.id));
  const near = nearestWord(id, ids);
  throw new UserError({
    what: `the last run found no event ${JSON.stringify(id)}${ids.length === 0 ? ', nor any other' : ''}`,
    where: `${out}/result.json`,
    fix:
      near === null
        ? 'Give the id of an event as the report shows it; --from names the folder of the run'
        : `Did you mean ${JSON.stringify(near)}?`,
  });
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

/** What cannot be decoded is counted, not told one by one: of a pool much may be broken. @throws UserError where all of it is */
function poolFeatures(
  { config, request, pool }: Run,
  folder: string,
  images: readonly string[],
): Promise<OpenedFeatures> {
  const { featureModel, engine } = config;
  const { onProgress, onNotice } = request;
  return openFeatures({
    ...{ evalSet: { images, folder }, featureModel, features: null, engine, shard: null, onProgress, onNotice },
    imageColumn: config.evalSet.columns.image,
    onBadImage: 'skip',
    storeFolder: storeFolder(config, 'pool'),
    run: pool.run,
    threads: threadsOf(request),
  });
}

/** How near an image is to an event, and what it looks like. */
interface Search {
  readonly space: Whitened;
  readonly centre: Float64Array;
  readonly looksLike: (point: Float64Array) => Pick<FoundImage, 'looksLike' | 'votes' | 'neighbours'>;
}

async function lookFor(
  { images }: FailureEvent,
  rules: readonly Region[],
  { evalSet, file, properties, read }: Features,
): Promise<Search> {
  const rowOf = new Map(evalSet.images.map((image, row) => [image, row]));
  const failing = images.flatMap(({ name }) => rowOf.get(name) ?? []);
  if (failing.length === 0 || rules.length === 0) {
    throw new UserError({
      what: "none of the event's images is in the eval set",
      where: 'the config',
      fix: 'Take the config of the run that found the event',
    });
  }
  const own = new Set(failing);
  const others = spread(
    [...evalSet.images.keys()].filter((row) => !own.has(row)),
    REFERENCE,
  );
  const rows = [...failing, ...others];
  const columns = await read(Uint32Array.from(rows), 0, file.dimensions + properties.length);
  const space = whitening(columns, Uint32Array.from(failing.keys()));
  const points = rows.map((row, at) => ({
    label: entry(evalSet.classes, entry(evalSet.labels, row)),
    point: space.at(at),
  }));
  return {
    space,
    centre: meanOf(points.slice(0, failing.length), space),
    looksLike: (point) => {
      const nearest = points
        .map(({ label, point: other }, at) => ({ label, far: distance(point, other), at }))
        .sort((a, b) => a.far - b.far || a.at - b.at)
        .slice(0, NEIGHBOURS);
      const votes = [...Map.groupBy(nearest, ({ label }) => label)].map(([label, of]) => ({ label, votes: of.length }));
      const best = votes.reduce((a, b) => (b.votes > a.votes ? b : a), { label: '', votes: 0 });
      return { looksLike: best.label, votes: best.votes, neighbours: nearest.length };
    },
  };
}

/** The most typical images of a pool in the regions: never more than a chunk's features are in memory, and those of the images kept. */
async function searched(
  names: readonly string[],
  opened: OpenedFeatures,
  { hashes, file, properties }: Features,
  { space, centre }: Search,
  rules: readonly Region[],
  most: number,
) {
  const read = readerOfAll(opened);
  const evaluated = new Set(hashes);
  let [inside, known] = [0, 0];
  let kept: { readonly name: string; readonly far: number; readonly point: Float64Array }[] = [];
  const byDistance = (a: (typeof kept)[number], b: (typeof kept)[number]) =>
    a.far - b.far || (a.name < b.name ? -1 : 1);
  for (let from = 0; from < names.length; from += CHUNK) {
    const rows = Uint32Array.from({ length: Math.min(CHUNK, names.length - from) }, (_, i) => from + i);
    const held = await insideAny(rules, rows, read);
    const fresh = held.filter((row) => !evaluated.has(opened.hashes?.[row] ?? ''));
    known += held.length - fresh.length;
    inside += fresh.length;
    if (fresh.length === 0) continue;
    const columns = await read(Uint32Array.from(fresh), 0, file.dimensions + properties.length);
    for (const [at, row] of fresh.entries()) {
      const point = space.of((feature) => entry(columns.values, feature * columns.rows + at));
      kept.push({ name: entry(names, row), far: distance(point, centre), point });
    }
    kept = kept.toSorted(byDistance).slice(0, most);
  }
  return { inside, known, kept };
}

/** Of some rows, those that one of the rules holds, ascending. */
async function insideAny(rules: readonly Region[], rows: Uint32Array, read: ReadColumns): Promise<number[]> {
  const held = new Set<number>();
  for (const rule of rules) for (const at of await positionsInside(rule, rows, read)) held.add(entry(rows, at));
  return [...held].toSorted((a, b) => a - b);
}

function linesOf(
  {
    images,
    unusable,
    known,
    inside,
  }: { readonly images: number; readonly unusable: number; readonly known: number; readonly inside: number },
  { title }: FailureEvent,
  found: readonly FoundImage[],
  { to }: FindRequest,
  sheet: string | null,
): string[] {
  const classes = [...Map.groupBy(found, ({ looksLike }) => looksLike)].toSorted(
    ([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1),
  );
  const like = classes.slice(0, 5).map(([label, of]) => `${count(of.length)} ${JSON.stringify(label)}`);
  return [
    `${title}: ${count(inside)} of ${counted(images, 'image')} of the pool lie there.`,
    ...(unusable > 0 ? [`Skipped: ${counted(unusable, 'image')} that cannot be read.`] : []),
    ...(known > 0 ? [`Left out: ${counted(known, 'image')} that the eval set holds too.`] : []),
    ...(like.length > 0
      ? [`By the most alike images of the eval set, of the ${count(found.length)} most typical: ${like.join(', ')}.`]
      : []),
    `Written: ${to} (${counted(found.length, 'image')}, the most typical first)${sheet === null ? '' : ` and ${sheet}`}`,
  ];
}
