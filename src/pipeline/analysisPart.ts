import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFileAtomic } from '../adapters/atomicFile.ts';
import { compileSchema, readSchemaText } from '../adapters/jsonSchema.ts';
import { adjustGroups } from '../analysis/analyseGroups.ts';
import { messageOf, UserError } from '../errors.ts';
import type { Group, GroupAnalysis } from '../records/analysis.ts';
import { entry } from '../records/entry.ts';
import type { Checkpoint } from '../records/evalSet.ts';
import { jsonOrNull } from '../records/json.ts';
import { spreadPlaces } from '../records/spread.ts';
import { analyseCheckpoint, extract, type Features, groupsAnalysed, openCheckpoints, readInputs } from './read.ts';
import { inRun, type Request, type Run, type Said } from './request.ts';
import { tool } from './tool.ts';

/*
 * What can be divided among machines: a group's mutual information, tree, leaves and p-value depend on its images, features and failures
 * alone, with random numbers seeded by its id. What cannot: Holm's adjustment over all groups, the scan's maxima over all groups,
 * events and verdict. So a part holds the analyses of every n-th group, and one run joins them and does the rest.
 */

/** Analyses of some groups, made on one machine for a run on another. */
interface AnalysisPart {
  readonly schemaVersion: 1;
  readonly index: number;
  readonly count: number;
  /** What the analyses depend on, by kind: SHA-256 (hex), or plain text. */
  readonly madeOf: Readonly<Record<string, string>>;
  readonly checkpoints: readonly { readonly name: string; readonly groups: readonly GroupAnalysis[] }[];
}

/** A part as it lies in its file, with the SHA-256 (hex) of its text. */
interface PartFile {
  readonly sha256: string;
  readonly part: string;
}

const text = { type: 'string' };
const number = { type: 'integer', minimum: 1 };
const fileSchema = compileSchema<PartFile>({
  type: 'object',
  required: ['sha256', 'part'],
  properties: { sha256: text, part: text },
});
const partSchema = compileSchema<AnalysisPart>({
  definitions: definitionsOf(JSON.parse(readSchemaText('result'))),
  type: 'object',
  required: ['schemaVersion', 'index', 'count', 'madeOf', 'checkpoints'],
  properties: {
    schemaVersion: { const: 1 },
    ...{ index: number, count: number },
    madeOf: { type: 'object', additionalProperties: text },
    checkpoints: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'groups'],
        properties: { name: text, groups: { type: 'array', items: { $ref: '#/definitions/group' } } },
      },
    },
  },
});

function definitionsOf(schema: { readonly definitions?: unknown }): unknown {
  return schema.definitions;
}

/** Analyses the index-th of `count` parts of the groups, and writes them into the folder for reports. */
export function analysePart(request: Request, { index, count }: { index: number; count: number }): Promise<Said> {
  const file = join(request.out, `part-${index}-of-${count}.json`);
  return inRun(request, async (run) => {
    // One that errs must not leave an older one behind.
    await rm(file, { force: true });
    const { evalSet, given } = await readInputs(run);
    const features = await extract(run, evalSet);
    const checkpoints = await openCheckpoints(run, given, features);
    const analysed = [];
    let [mine, all] = [0, 0];
    for (const checkpoint of checkpoints) {
      const groups = groupsAnalysed(run, features.evalSet, checkpoint);
      const own = groups.filter((_, at) => at % count === index - 1);
      const found = await analyseCheckpoint(run, features, checkpoint, own);
      analysed.push({ name: checkpoint.name, groups: found.map((group) => ({ ...group, adjustedPValue: null })) });
      mine += own.length;
      all += groups.length;
    }
    const madeOf = await sources(run, features, checkpoints);
    const part: AnalysisPart = { schemaVersion: 1, index, count, madeOf, checkpoints: analysed };
    const written = JSON.stringify(part);
    await writeFileAtomic(file, JSON.stringify({ sha256: sha256(written), part: written }));
    const json = { part: index, parts: count, groups: mine, file };
    return { json, lines: [`${mine} of ${all} groups analysed in ${file}`], passed: true };
  });
}

/**
 * The analyses of each checkpoint, in order, joined from parts in folders.
 *
 * @throws UserError where a folder cannot be read or holds no part; a part is damaged, of another version, of other
 *   images, features, predictions or options, or stands twice; or one is missing
 */
export async function joinParts(
  run: Run,
  features: Features,
  checkpoints: readonly Checkpoint[],
  folders: readonly string[],
): Promise<readonly (readonly GroupAnalysis[])[]> {
  const parts = new Map<number, { part: AnalysisPart; file: string }>();
  const madeOf = await sources(run, features, checkpoints);
  for (const file of (await Promise.all(folders.map(partFiles))).flat()) {
    const part = await readPart(file);
    refuseOther(part, madeOf, file);
    const [other] = parts.values();
    if (other !== undefined && other.part.count !== part.count) {
      const what = `it is one of ${part.count} parts, and ${other.file} one of ${other.part.count}`;
      throw new UserError({ what, where: file, fix: 'Give the parts of one division' });
    }
    const same = parts.get(part.index);
    if (same !== undefined) {
      const what = `part ${part.index} of ${part.count} is given twice, first in ${same.file}`;
      throw new UserError({ what, where: file, fix: 'Give each part once' });
    }
    parts.set(part.index, { part, file });
  }
  const count = entry([...parts.values()], 0).part.count;
  refuseMissing(parts, count, folders);
  return checkpoints.map((checkpoint, place) => {
    const groups = groupsAnalysed(run, features.evalSet, checkpoint);
    const joined = groups.map((group, at) => {
      const { part, file } = entry(
        [...parts.values()].filter(({ part: { index } }) => index - 1 === at % count),
        0,
      );
      const found = part.checkpoints[place]?.groups[Math.floor(at / count)];
      if (found?.id === group.id) return found;
      throw damagedPart(file, `group ${JSON.stringify(group.id)} is not where it belongs`);
    });
    return adjustGroups(joined);
  });
}

function refuseMissing(parts: ReadonlyMap<number, unknown>, count: number, folders: readonly string[]): void {
  const missing = Array.from({ length: count }, (_, at) => at + 1).filter((index) => !parts.has(index));
  if (missing.length === 0) return;
  throw new UserError({
    what: `of ${count} parts ${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ', ...' : ''} ${missing.length === 1 ? 'is' : 'are'} missing`,
    where: folders.join(', '),
    fix: 'Look whether the runner that makes it failed, and give its folder too: `barlow run --shard i/n` writes a part',
  });
}

function refuseOther(part: AnalysisPart, madeOf: AnalysisPart['madeOf'], file: string): void {
  const kinds = new Set([...Object.keys(madeOf), ...Object.keys(part.madeOf)]);
  const others = [...kinds].filter((kind) => madeOf[kind] !== part.madeOf[kind]);
  if (others.length === 0) return;
  throw new UserError({
    what: `the part was not made of what this run judges: it differs in ${others.join(', ')}`,
    where: file,
    fix: 'Make all parts by one version, from the same config, images, features and checkpoints, and judge them with these',
  });
}

/** What analyses depend on. */
async function sources(run: Run, { evalSet, file, read, skipped }: Features, checkpoints: readonly Checkpoint[]) {
  const { analysis, name } = run.config;
  // Features of one model can differ from machine to machine by rounding: some rows tell.
  const rows = Uint32Array.from(spreadPlaces(evalSet.images.length, 16));
  const { values } = await read(rows, 0, file.dimensions);
  const predictions = checkpoints.map((checkpoint): [string, string] => [
    `checkpoint ${JSON.stringify(checkpoint.name)}`,
    sha256(...groupsAnalysed(run, evalSet, checkpoint).flatMap(bytesOf)),
  ]);
  return {
    version: tool.version,
    suite: name,
    images: sha256(evalSet.fingerprint, JSON.stringify(skipped)),
    features: sha256(file.model.fingerprint, new Uint8Array(values.slice().buffer)),
    'options of the analysis': sha256(JSON.stringify(analysis)),
    ...Object.fromEntries(predictions),
  };
}

function bytesOf({ id, rows, failed }: Group): (string | Uint8Array)[] {
  return [JSON.stringify([id, rows.length]), new Uint8Array(rows.slice().buffer), failed];
}

function sha256(...pieces: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

async function partFiles(folder: string): Promise<string[]> {
  const names = await readdir(resolve(folder)).catch((cause: unknown) => {
    const what = `the folder of a part cannot be read (${messageOf(cause)})`;
    throw new UserError({ what, where: folder, fix: 'Name the folder in which `barlow run --shard i/n` wrote', cause });
  });
  const files = names.filter((each) => /^part-\d+-of-\d+\.json$/.test(each)).toSorted();
  if (files.length > 0) return files.map((each) => join(folder, each));
  const what = 'there is no part in the folder';
  const fix = 'Look whether the runner that should have written it failed: `barlow run --shard i/n` writes a part';
  throw new UserError({ what, where: folder, fix });
}

async function readPart(file: string): Promise<AnalysisPart> {
  const value = await readFile(file, 'utf8').then(jsonOrNull);
  if (!fileSchema.accepts(value)) throw damagedPart(file, 'it is no part, or is cut short');
  if (sha256(value.part) !== value.sha256) throw damagedPart(file, 'its checksum is another');
  const part = jsonOrNull(value.part);
  if (partSchema.accepts(part)) return part;
  const what = 'the part is of another version of the tool';
  throw new UserError({ what, where: file, fix: 'Make and judge all parts by one version' });
}

function damagedPart(where: string, why: string): UserError {
  return new UserError({ what: `the part is damaged (${why})`, where, fix: 'Make it again, or copy it again' });
}
