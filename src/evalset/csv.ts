import { UserError } from '../errors.ts';
import { parseCsv } from './csvParse.ts';
import type { Table } from './table.ts';
import { readUtf8 } from './textFile.ts';

/**
 * Reads a CSV file whose first row names the columns; empty lines are passed over. A column without a name (as pandas
 * writes its index) is left out.
 *
 * @throws UserError where the file is not UTF-8, quotes are broken, a name stands twice in the header, or a row has
 *   more or fewer fields than the header
 */
export async function readCsv(file: string): Promise<Table> {
  const bytes = await readUtf8(file);
  let header: readonly string[] | null = null;
  let columns: string[][] = [];
  const lines: number[] = [];
  parseCsv(file, bytes, (fields, line) => {
    if (fields.length === 1 && fields[0] === '') return;
    if (header === null) {
      refuseTwins(fields, `${file}:${line}`);
      header = fields;
      columns = header.map(() => []);
      return;
    }
    refuseOtherWidth(fields, header.length, `${file}:${line}`);
    lines.push(line);
    for (const [index, field] of fields.entries()) columns[index].push(field);
  });
  const names: readonly string[] = header ?? [];
  return {
    file,
    rows: lines.length,
    columns: new Map(names.map((name, index) => [name, columns[index]] as const).filter(([name]) => name !== '')),
    nested: new Set(),
    where: (row) => `${file}:${lines[row]}`,
  };
}

function refuseTwins(header: readonly string[], where: string): void {
  const twin = header.find((name, index) => name !== '' && header.indexOf(name) < index);
  if (twin === undefined) return;
  throw new UserError({
    what: `the header names ${JSON.stringify(twin)} twice`,
    where,
    fix: 'Rename one of the columns',
  });
}

function refuseOtherWidth(fields: readonly string[], wanted: number, where: string): void {
  if (fields.length === wanted) return;
  const hint = fields.length > wanted ? 'Put fields that hold a comma in quotes' : 'Fill the row up, with empty fields';
  throw new UserError({ what: `the row has ${fields.length} fields, the header ${wanted}`, where, fix: hint });
}
