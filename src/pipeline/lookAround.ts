import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { schemaDefaults } from '../config/config.ts';
import { isPredictionFile } from '../evalset/checkpoint.ts';
import { isTableFile, readTable } from '../evalset/readTable.ts';
import { withUsualColumns } from '../evalset/usualColumns.ts';
import { describeModel } from '../models/describeModel.ts';

/** What a folder holds of what a config names, each as it is written there; null or empty: nothing was seen. */
export interface Surroundings {
  readonly images: string | null;
  /** Null: the folder of the images says the labels, or nothing does. */
  readonly manifest: string | null;
  readonly featureModel: string | null;
  /** Predictions, that of the checkpoint in use before that which is newer. */
  readonly checkpoints: readonly string[];
  /** A file of class names. */
  readonly classes: string | null;
  /** How each was told, a sentence each. */
  readonly seen: readonly string[];
}

const ending = /\.(jpe?g|png|webp|bmp|gif|tiff?|avif|ppm|pgm)$/i;
const likelyFolders = ['val', 'valid', 'validation', 'test', 'eval', 'evaluation', 'images', 'data'];
const classFiles =
  /^(class_to_idx|idx_to_class|class_indices|imagenet_class_index|classes|labels|class_names)\.(json|txt)$/i;
const older = /(^|[^a-z])(old|base|baseline|prod|production|current|accepted|before|in-use|main|previous)([^a-z]|$)/i;
const newer = /(^|[^a-z])(new|candidate|after|next|challenger|retrained|latest)([^a-z]|$)/i;
/** A folder with more files is data, and no place to look for tables. */
const MANY = 1000;

/** Looks at a folder, and those that hold predictions and models in it: writes nothing, and passes over what it cannot read. */
export async function lookAround(folder: string): Promise<Surroundings> {
  const files = await filesNear(folder);
  const { images, hasClasses, said } = await imagesIn(folder);
  const tables = await tablesAmong(folder, files);
  const labelled = tables.filter(({ hasLabels }) => hasLabels);
  // Where nothing else says the labels, a table of predictions that has them too does.
  const own = labelled.find(({ isPredicted }) => !isPredicted) ?? (hasClasses ? undefined : labelled[0]);
  const manifest = own?.path ?? null;
  const predictions = tables.filter(({ isPredicted }) => isPredicted).map(({ path }) => path);
  const { checkpoints, why } = await inOrder(folder, predictions);
  const [classes = null] = files.filter((path) => classFiles.test(path.slice(path.lastIndexOf('/') + 1)));
  const [featureModel = null] = files.filter((path) => /\.onnx$/i.test(path) && /robust|feature/i.test(path));
  const labels = manifest ?? (hasClasses ? null : undefined);
  return {
    images: labels === undefined ? null : images,
    manifest,
    featureModel,
    checkpoints,
    classes,
    seen: [
      ...(images === null || labels === undefined ? [] : [said]),
      ...(manifest === null ? [] : [`${manifest} has a column of labels: it is the manifest.`]),
      ...(classes === null ? [] : [`${classes} names the classes in the order of the model's outputs.`]),
      ...(featureModel === null ? [] : [await modelSaid(folder, featureModel)]),
      ...why,
    ],
  };
}

async function filesNear(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const below of ['', 'predictions/', 'models/']) {
    const entries = await entriesOf(join(folder, below));
    if (entries.length > MANY) continue;
    for (const entry of entries) if (!entry.isFolder) found.push(`${below}${entry.name}`);
  }
  return found;
}

async function imagesIn(folder: string): Promise<{ images: string | null; hasClasses: boolean; said: string }> {
  const names = (await entriesOf(folder)).filter((entry) => entry.isFolder).map(({ name }) => name);
  const rank = (name: string) => {
    const place = likelyFolders.indexOf(name.slice(name.lastIndexOf('/') + 1));
    return place < 0 ? likelyFolders.length : place;
  };
  // Parts of a data set lie in a folder of their own: data/val beside data/train.
  const parts: string[] = [];
  for (const name of names) {
    const inside = (await entriesOf(join(folder, name))).filter((entry) => entry.isFolder);
    for (const part of inside) if (likelyFolders.includes(part.name)) parts.push(`${name}/${part.name}`);
  }
  const byRank = (all: readonly string[]) => all.toSorted((a, b) => rank(a) - rank(b));
  let flat: string | null = null;
  for (const name of [...byRank(names), ...byRank(parts)]) {
    const inside = await entriesOf(join(folder, name));
    const metadata = inside.find((entry) => /^metadata\.(csv|jsonl|parquet)$/.test(entry.name));
    if (metadata !== undefined) {
      return { images: name, hasClasses: true, said: `${name}/${metadata.name} says the labels of the images.` };
    }
    const classes = inside.filter((entry) => entry.isFolder);
    let withImages = 0;
    for (const { name: below } of classes.slice(0, 20)) {
      if ((await entriesOf(join(folder, name, below))).some((entry) => ending.test(entry.name))) withImages += 1;
    }
    if (withImages >= 2) {
      return { images: name, hasClasses: true, said: `${name}/ has one folder per class (${classes.length}).` };
    }
    if (flat === null && inside.some((entry) => !entry.isFolder && ending.test(entry.name))) flat = name;
  }
  return { images: flat, hasClasses: false, said: `${flat}/ holds the images.` };
}

/** A table that was seen: whether it has the labels of images, and what a checkpoint predicts of them. */
interface SeenTable {
  readonly path: string;
  readonly hasLabels: boolean;
  readonly isPredicted: boolean;
}

async function tablesAmong(folder: string, files: readonly string[]): Promise<SeenTable[]> {
  const tables: SeenTable[] = [];
  const names = schemaDefaults().evalSet.columns;
  for (const path of files) {
    const file = join(folder, path);
    if (!(await isPredictionFile(file))) continue;
    if (!(await isTableFile(file))) {
      tables.push({ path, hasLabels: false, isPredicted: true });
      continue;
    }
    const columns = await readTable(file).then(
      (table) => withUsualColumns(table, names, ['image', 'label', 'prediction', 'failed']).table.columns,
      () => new Map<string, readonly string[]>(),
    );
    if (!columns.has(names.image)) continue;
    const isPredicted = columns.has(names.prediction) || columns.has(names.failed);
    const hasLabels = columns.has(names.label);
    if (hasLabels || isPredicted) tables.push({ path, hasLabels, isPredicted });
  }
  return tables;
}

/** Which of two is in use: what their names say, else the file that was written first. */
async function inOrder(folder: string, paths: readonly string[]): Promise<{ checkpoints: string[]; why: string[] }> {
  const times = new Map<string, number>();
  for (const path of paths) times.set(path, (await stat(join(folder, path))).mtimeMs);
  const age = (path: string) => Number(newer.test(path)) - Number(older.test(path));
  const sorted = paths.toSorted((a, b) => age(a) - age(b) || (times.get(a) ?? 0) - (times.get(b) ?? 0));
  const [old, candidate] = sorted;
  if (old === undefined) return { checkpoints: [], why: [] };
  if (candidate === undefined) return { checkpoints: sorted, why: [`${old} is the checkpoint to judge.`] };
  if (sorted.length > 2) {
    return {
      checkpoints: sorted,
      why: [`Of ${sorted.length} files of predictions, ${sorted.at(-1)} is the one to judge.`],
    };
  }
  const by = age(old) === age(candidate) ? 'it was written first' : 'by their names';
  return { checkpoints: sorted, why: [`${old} is the checkpoint in use, ${candidate} the one to judge (${by}).`] };
}

async function modelSaid(folder: string, path: string): Promise<string> {
  const shape = await describeModel(join(folder, path)).then(
    ({ layers }) => layers.input.shape.map((length) => length ?? '?').join(' x '),
    () => null,
  );
  return `${path} is the feature model${shape === null ? '' : `, which takes ${shape}`}.`;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** What a folder holds, links followed; nothing where it cannot be read. */
async function entriesOf(folder: string): Promise<Entry[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => []);
  const entries: Entry[] = [];
  for (const each of found) {
    const target = each.isSymbolicLink() ? await stat(join(folder, each.name)).catch(() => each) : each;
    entries.push({ name: each.name, isFolder: target.isDirectory() });
  }
  const seen = entries.filter(({ name }) => !name.startsWith('.') && !['node_modules', 'barlow-report'].includes(name));
  return seen.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
