import { damagedParquet, openParquet, readFlatColumns } from '../adapters/parquetFile.ts';
import { lookUp } from '../records/entry.ts';
import { cellText } from './cell.ts';
import type { Table } from './table.ts';

/**
 * Reads the flat columns of a Parquet file, one row group at a time; columns of lists, structs and bytes are left out.
 * Pages may be uncompressed or packed by Snappy, gzip, Brotli or Zstandard.
 *
 * @throws UserError where the file is not Parquet or is damaged, a column is packed by another codec, or two columns
 *   have one name
 */
export async function readParquet(file: string): Promise<Table> {
  const parquet = await openParquet(file);
  const isFlat = ({ kind }: (typeof parquet.columns)[number]) => kind === 'flat' || kind === 'float';
  const nested = new Set(parquet.columns.filter((column) => !isFlat(column)).map(({ name }) => name));
  const columns = new Map(parquet.columns.filter(isFlat).map(({ name }): [string, string[]] => [name, []]));
  await readFlatColumns(parquet, [...columns.keys()], (name, values) => {
    const column = lookUp(columns, name);
    for (const value of values) {
      const cell = cellText(value);
      if (cell === null) nested.add(name);
      column.push(cell ?? '');
    }
  });
  const { rows } = parquet;
  for (const name of nested) columns.delete(name);
  for (const [name, column] of columns) {
    if (column.length !== rows)
      throw damagedParquet(file, `column ${JSON.stringify(name)} has ${column.length} of ${rows} rows`);
  }
  return { file, rows, columns, nested, where: (row) => `${file}, row ${row + 1}` };
}
