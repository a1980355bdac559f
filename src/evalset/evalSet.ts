import { createHash } from 'node:crypto';
import { UserError } from '../errors.ts';
import type { Config } from '../records/config.ts';
import { lookUp } from '../records/entry.ts';
import type { Checkpoint, EvalSet } from '../records/evalSet.ts';
import { checkpointOf, holdsCheckpoint } from './checkpoint.ts';
import { readClassOrders } from './classOrder.ts';
import { refuseMissingImages } from './imageFiles.ts';
import { readImageFolder } from './imageFolder.ts';
import { listed, rowsByName } from './imageNames.ts';
import { readTable } from './readTable.ts';
import { requiredColumn, type Table } from './table.ts';
import { withUsualColumns } from './usualColumns.ts';

/** An eval set as it was read. */
export interface ReadEvalSet {
  readonly evalSet: EvalSet;
  readonly manifestCheckpoint: Checkpoint | null;
  readonly order: readonly string[] | null;
  /** What was assumed, a sentence each. */
  readonly notices: readonly string[];
}

/**
 * Reads the manifest, or the folder in place of one: images, labels, metadata columns, and the checkpoint whose predictions or failures stand there
 * too, named `manifest`; and `order`, the classes by index of a model's output, where `classes` names them all. Labels are text ("1" and 1 are one class, "01" is another).
 *
 * @throws UserError for what `readTable` refuses; where columns are missing, a name is unfit or stands twice, a label is
 *   empty or looks like another; images are missing or lead out of their folder; and for what `checkpointOf` refuses
 */
export async function readEvalSet(
  options: Omit<Config['evalSet'], 'onBadImage' | 'maxBadImages'>,
): Promise<ReadEvalSet> {
  const { table: read, classes: named, notices: assumed } = await tableOf(options);
  const names = options.columns;
  const { table, notices: taken } = withUsualColumns(read, names, ['image', 'label']);
  const notices = [...assumed, ...taken];
  const images = requiredColumn(table, names.image, 'image');
  rowsByName(table, images);
  const given = requiredColumn(table, names.label, 'label');
  refuseEmptyLabel(table, given);
  refuseLookalikes(table, given);
  if (options.images !== null) await refuseMissingImages(options.images, images, table);
  const orders = typeof options.classes === 'string' ? await readClassOrders(options.classes) : [options.classes];
  const labels = wholeNumbers(given, [...named, ...orders.flat()]);
  const whole = orders.find((order) => holdsAll(order, [...labels, ...named])) ?? null;
  const nearest = whole ?? nearestOrder(orders, labels);
  if (whole === null && typeof options.classes === 'string')
    notices.push(...partialOrder(options.classes, nearest, labels));
  const classes = [...new Set([...labels, ...named, ...nearest])].toSorted();
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const indices = Int32Array.from(labels, (label) => lookUp(indexOf, label));
  const own = new Set([names.image, names.label, names.prediction, names.failed, names.confidence]);
  const evalSet: EvalSet = {
    images,
    folder: options.images,
    classes,
    labels: indices,
    columns: new Map([...table.columns].filter(([name]) => !own.has(name))),
    fingerprint: fingerprintOf(images, indices, classes),
  };
  // Files of predictions may call them as the manifest calls its labels, which are no predictions.
  if (!holdsCheckpoint(table, names) || names.prediction === names.label)
    return { evalSet, manifestCheckpoint: null, order: whole, notices };
  const order = Uint32Array.from(images.keys());
  const manifestCheckpoint = checkpointOf(table, 'manifest', evalSet, names, order, whole);
  return { evalSet, manifestCheckpoint, order: whole, notices };
}

/** Indices that pandas wrote as `3.0` beside a missing value, as `3`, by which predictions call them: as text they sort otherwise too. */
function wholeNumbers(labels: readonly string[], named: readonly string[]): readonly string[] {
  const written = /^(\d{1,15})\.0+$/;
  const isWritten = labels.every((label) => written.test(label)) && !named.some((name) => written.test(name));
  return isWritten ? labels.map((label) => label.replace(written, '$1')) : labels;
}

/** The order that lacks the fewest labels. */
function nearestOrder(orders: readonly (readonly string[])[], labels: readonly string[]): readonly string[] {
  const all = [...new Set(labels)];
  const lacking = orders.map((order) => all.filter((label) => !order.includes(label)).length);
  return orders[lacking.indexOf(Math.min(...lacking))] ?? [];
}

/** What is said of a file of class names that has most of the labels and not all: it was meant to say the order; and of one that has none of them. */
function partialOrder(file: string, order: readonly string[], labels: readonly string[]): readonly string[] {
  const all = [...new Set(labels)];
  const missing = all.filter((label) => !order.includes(label));
  if (missing.length === all.length)
    return [
      `${file} names none of the labels (${listed(all)}): ${listed(order)} ${order.length === 1 ? 'is' : 'are'} taken for classes that no image has.`,
    ];
  if (missing.length === 0 || 2 * missing.length > all.length) return [];
  const what = `does not name the class${missing.length > 1 ? 'es' : ''} ${listed(missing)}`;
  return [`${file} ${what}: it is not taken for the order of all.`];
}

function holdsAll(order: readonly string[], classes: readonly string[]): boolean {
  const names = new Set(order);
  return classes.every((name) => names.has(name));
}

async function tableOf({ manifest, images, columns }: Pick<Config['evalSet'], 'manifest' | 'images' | 'columns'>) {
  if (manifest !== null) return { table: await readTable(manifest), classes: [], notices: [] };
  if (images === null) throw new Error('readConfig lets an eval set pass without manifest and images');
  return readImageFolder(images, columns);
}

function refuseEmptyLabel(table: Table, labels: readonly string[]): void {
  const row = labels.findIndex((label) => label.trim() === '');
  if (row === -1) return;
  throw new UserError({ what: 'the image has no label', where: table.where(row), fix: 'Give its true class' });
}

/** Labels that look alike would be classes of which predictions name one: the images of the other fail for ever, and cannot newly fail. */
function refuseLookalikes(table: Table, labels: readonly string[]): void {
  const known = new Map<string, { readonly label: string; readonly row: number }>();
  const seen = new Set<string>();
  for (const [row, label] of labels.entries()) {
    if (seen.size === seen.add(label).size) continue;
    const plain = label.normalize('NFC').replace(/\s+/gu, ' ').trim();
    const other = known.get(plain);
    known.set(plain, { label, row });
    if (other === undefined) continue;
    throw new UserError({
      what: `the label ${JSON.stringify(label)} differs from ${JSON.stringify(other.label)} (${table.where(other.row)}) only in white space or in the code points of a letter, and would be another class`,
      where: table.where(row),
      fix: 'Write them alike, in predictions too',
    });
  }
}

/** SHA-256 (hex) over the classes and each image's name and class; JSON keeps names apart whatever they hold. */
export function fingerprintOf(images: readonly string[], labels: Int32Array, classes: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(classes));
  for (const [row, image] of images.entries()) hash.update(`\n${labels[row]} ${JSON.stringify(image)}`);
  return hash.digest('hex');
}
