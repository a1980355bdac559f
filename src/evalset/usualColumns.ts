import type { ColumnNames } from '../records/evalSet.ts';
import type { Table } from './table.ts';

/** A column that can be had under another name. */
type Role = 'image' | 'label' | 'prediction' | 'failed' | 'confidence';

/** What people call a column whose name the config leaves as it is: in any case, with `_`, `-` or a space between words. */
const usual: Readonly<Record<Role, readonly string[]>> = {
  image: [
    ...['image', 'images', 'img', 'file', 'filename', 'filenames', 'file_name', 'filepath', 'file_path', 'path'],
    ...['image_path', 'image_name', 'image_file', 'img_path', 'img_name'],
  ],
  label: ['label', 'labels', 'class', 'class_name', 'target', 'true_label', 'y_true', 'ground_truth', 'gt'],
  prediction: [
    ...['prediction', 'predictions', 'pred', 'preds', 'predicted', 'predicted_label', 'predicted_class', 'y_pred'],
    ...['pred_label', 'pred_class', 'pred_name'],
  ],
  failed: ['failed'],
  confidence: ['confidence', 'confidences', 'conf'],
};

/** A table, with a sentence for each column that was taken under another name. */
export interface CalledTable {
  readonly table: Table;
  readonly notices: readonly string[];
}

/**
 * The table with columns under the names that are wanted, where it has them under one that means the same. A name that the
 * config sets is taken to the letter, and where two columns could be meant none is.
 */
export function withUsualColumns(table: Table, names: ColumnNames, roles: readonly Role[]): CalledTable {
  const columns = new Map(table.columns);
  const taken = roles.flatMap((role) => {
    const name = names[role];
    // The default names are those that stand first.
    if (columns.has(name) || table.nested.has(name) || name !== usual[role][0]) return [];
    const found = [...columns.keys()].filter((column) => usual[role].includes(plain(column)));
    const exact = found.filter((column) => plain(column) === name);
    const [column, ...more] = exact.length > 0 ? exact : found;
    if (column === undefined || more.length > 0) return [];
    const cells = columns.get(column) ?? [];
    columns.delete(column);
    // Where somebody writes ", " between fields, the space is no part of them.
    columns.set(name, column.startsWith(' ') ? cells.map((cell) => cell.replace(/^ +/, '')) : cells);
    return plain(column) === name ? [] : [`${JSON.stringify(column)} as ${name}`];
  });
  return {
    table: { ...table, columns },
    notices: taken.length === 0 ? [] : [`${table.file}: takes the column ${taken.join(' and ')}.`],
  };
}

function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}
