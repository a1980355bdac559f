import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { meantPath, reasonUnread } from '../adapters/regularFile.ts';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import type { ColumnNames } from '../records/evalSet.ts';
import { isImageName } from './isImageName.ts';
import { readTable } from './readTable.ts';
import type { Table } from './table.ts';

/** Deeper lies no data set; a link that leads back up does. */
const maxDepth = 32;

/** The images that a folder holds, as a manifest, and every class that it names. */
export interface FolderTable {
  readonly table: Table;
  readonly classes: readonly string[];
  /** What was assumed, a sentence each. */
  readonly notices: readonly string[];
}

/** Hugging Face's names of a table in the folder; the first that is there is read. */
const metadataNames = ['metadata.csv', 'metadata.jsonl', 'metadata.parquet'] as const;

/**
 * Reads a folder as an eval set: Hugging Face's `metadata.csv`, `metadata.jsonl` or `metadata.parquet` in it (`file_name` is the image), else
 * one folder per class as torchvision's ImageFolder: the first folder of an image's path is its class, however deep it lies.
 * Hidden files and those with no image's ending are passed over. Images are in ImageFolder's order, so that
 * scores written row by row from its loader fit: by class, folder, then name, each by code unit.
 *
 * @throws UserError where the folder cannot be read or holds no images in folders, or images lie beside the classes'
 *   folders; and for what `readTable` refuses of metadata
 */
export async function readImageFolder(folder: string, columns: ColumnNames): Promise<FolderTable> {
  const top = await namesIn(folder);
  const [metadata, ...others] = metadataNames.filter((name) => top.includes(name));
  if (metadata !== undefined) {
    const table = withImages(await readTable(join(folder, metadata)), columns);
    const notices = others.map((name) => `${join(folder, metadata)} says the labels; ${name} beside it is not read.`);
    return { table, classes: [], notices };
  }
  const classes: string[] = [];
  const images: string[] = [];
  const stray: string[] = [];
  for (const name of top) {
    if ((await found(join(folder, name)))?.isDirectory()) {
      classes.push(name);
      await collect(folder, name, images, 1);
    } else if (isImageName(name)) stray.push(name);
  }
  refuseOthers(folder, images, stray);
  refuseSplits(folder, classes);
  images.sort(asImageFolder);
  const labels = images.map((image) => image.slice(0, image.indexOf('/')));
  return {
    classes,
    notices: [],
    table: {
      file: folder,
      rows: images.length,
      columns: new Map([
        [columns.image, images],
        [columns.label, labels],
      ]),
      nested: new Set(),
      where: (row) => join(folder, entry(images, row)),
    },
  };
}

/** By class, then folder, then name: "cat/x" stands before "cat-2/x", which as whole paths sort the other way. */
function asImageFolder(a: string, b: string): number {
  const [inA, inB] = [a, b].map((path) => path.slice(0, path.lastIndexOf('/')));
  const [classA, classB] = [a, b].map((path) => path.slice(0, path.indexOf('/')));
  return byCodeUnit(classA, classB) || byCodeUnit(inA, inB) || byCodeUnit(a, b);
}

function byCodeUnit(a = '', b = ''): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * Every image below a folder, whatever it shows, in order of names by code unit; hidden files are passed over.
 *
 * @throws UserError where the folder cannot be read or has no image
 */
export async function imagesBelow(folder: string): Promise<readonly string[]> {
  const images: string[] = [];
  for (const name of await namesIn(folder)) {
    if ((await found(join(folder, name)))?.isDirectory()) await collect(folder, name, images, 1);
    else if (isImageName(name)) images.push(name);
  }
  if (images.length > 0) return images.toSorted();
  throw new UserError({
    what: 'there is no image in it',
    where: folder,
    fix: 'Name a folder with images, at any depth',
  });
}

/** What the parts of a data set are called; the likeliest evaluation set first. */
const splits = ['val', 'valid', 'validation', 'test', 'testing', 'eval', 'dev', 'train', 'training'];

/** Taken for classes, parts would make every prediction wrong. */
function refuseSplits(folder: string, classes: readonly string[]): void {
  const part = splits.find((name) => classes.some((each) => each.toLowerCase() === name));
  if (part === undefined || !classes.every((name) => splits.includes(name.toLowerCase()))) return;
  throw new UserError({
    what: `its folders are parts of a data set (${classes.join(', ')}), not classes`,
    where: folder,
    fix: `Name the part that is the evaluation set, such as ${join(folder, classes.find((name) => name.toLowerCase() === part) ?? part)}`,
  });
}

function refuseOthers(folder: string, images: readonly string[], stray: readonly string[]): void {
  const [first] = stray;
  if (images.length > 0 && first === undefined) return;
  const lie = images.length === 0 ? 'lie in no folder of a class' : 'lie beside the folders of the classes';
  const beside = `${stray.length} images ${lie}, the first ${JSON.stringify(first)}`;
  throw new UserError({
    what: first === undefined ? 'there is no image in its folders' : `nothing says the class of images: ${beside}`,
    where: folder,
    fix: 'Put images in one folder per class, or name a manifest (a table of image and label): evalSet.manifest, or --manifest',
  });
}

/** Hugging Face calls the image `file_name`; a label that it leaves out is the image's folder. */
function withImages(table: Table, columns: ColumnNames): Table {
  const all = new Map(table.columns);
  const images = all.get(columns.image) ?? all.get('file_name');
  if (images === undefined) return table;
  all.delete('file_name');
  all.set(columns.image, images);
  const folders = images.map((image) => image.slice(0, image.indexOf('/') + 1).slice(0, -1));
  if (!all.has(columns.label) && folders.every((name) => name !== '')) all.set(columns.label, folders);
  return { ...table, columns: all };
}

async function collect(root: string, below: string, into: string[], depth: number): Promise<void> {
  if (depth > maxDepth) {
    throw new UserError({
      what: `folders lie more than ${maxDepth} deep: a link may lead back up`,
      where: join(root, below),
      fix: 'Remove the link, or name a manifest',
    });
  }
  for (const name of await namesIn(join(root, below))) {
    const path = `${below}/${name}`;
    // A link that leads nowhere is kept under its name, for the check of the images to say so.
    if (isImageName(name) && !(await found(join(root, path)))?.isDirectory()) into.push(path);
    else if ((await found(join(root, path)))?.isDirectory()) await collect(root, path, into, depth + 1);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.')).toSorted();
  } catch (cause) {
    throw new UserError({
      what: `the folder of the images cannot be read (${reasonUnread(cause)})`,
      where: folder,
      fix: `${await meantPath(folder)}Check \`evalSet.images\` (in a config relative to it) or --images: a folder`,
      cause,
    });
  }
}

function found(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null);
}
