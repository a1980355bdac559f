import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../errors.ts';
import { entry } from '../records/entry.ts';
import { interned } from './interned.ts';
import { isImageName } from './isImageName.ts';
import { commentHint, type Table } from './table.ts';
import { readUtf8 } from './textFile.ts';

/** Reads a file as `readCsv`, with tabs between the fields: as pandas writes `sep="\\t"`. */
export function readTsv(file: string): Promise<Table> {
  return readSeparated(file, '\t');
}

/**
 * Reads a CSV file whose first row names the columns; empty lines are passed over. A column without a name (as pandas
 * writes its index) is left out, unless it holds names of images. Fields are separated as the header separates them: by semicolons where a spreadsheet wrote
 * them so, or as a first line `sep=;` says.
 *
 * @throws UserError where the file is not UTF-8, quotes are broken, a name stands twice in the header, or a row has
 *   more or fewer fields than the header
 */
export function readCsv(file: string): Promise<Table> {
  return readSeparated(file, ',');
}

async function readSeparated(file: string, usual: string): Promise<Table> {
  const bytes = await readUtf8(file);
  const { delimiter, isSaid } = separatorOf(bytes, usual);
  let isSkipped = !isSaid;
  let header: readonly string[] | null = null;
  let columns: string[][] = [];
  const lines: number[] = [];
  const intern = interned();
  parseCsv(file, bytes, delimiter, (fields, line) => {
    if (fields.length === 1 && fields[0] === '') return;
    if (!isSkipped) {
      isSkipped = true;
      return;
    }
    if (header === null) {
      refuseTwins(fields, `${file}:${line}`);
      header = fields;
      columns = header.map(() => []);
      return;
    }
    refuseOtherWidth(fields, header, delimiter, `${file}:${line}`);
    lines.push(line);
    for (const [index, field] of fields.entries()) entry(columns, index).push(intern(field));
  });
  const names = namesIn(header ?? [], columns);
  return {
    file,
    rows: lines.length,
    columns: new Map(
      names.map((name, index) => [name, entry(columns, index)] as const).filter(([name]) => name !== ''),
    ),
    nested: new Set(),
    where: (row) => `${file}:${lines[row]}`,
  };
}

/** The names of columns; of one without a name `image` where it holds images, as pandas writes an index of them. */
function namesIn(header: readonly string[], columns: readonly (readonly string[])[]): readonly string[] {
  const cells = columns[header.indexOf('')] ?? [];
  const isOfImages = !header.includes('image') && cells.length > 0 && cells.every(isImageName);
  return isOfImages ? header.map((name) => name || 'image') : header;
}

function refuseTwins(header: readonly string[], where: string): void {
  const seen = new Set<string>();
  const twin = header.find((name) => name !== '' && seen.size === seen.add(name).size);
  if (twin === undefined) return;
  throw new UserError({
    what: `the header names ${JSON.stringify(twin)} twice`,
    where,
    fix: 'Rename one of the columns',
  });
}

/** More than a header ever has. */
const START = 64 * 1024;

/**
 * What separates the fields: what a first line `sep=;` says (`isSaid`; Excel's), else what is usual for the ending, unless the
 * header has none of it and something else that separates.
 */
function separatorOf(bytes: Buffer, usual: string): { readonly delimiter: string; readonly isSaid: boolean } {
  const start = bytes.toString('utf8', 0, START).replace(/^\uFEFF/, '');
  const [header = ''] = start.replace(/^[\r\n]+/, '').split(/[\r\n]/, 1);
  const [, said] = /^"?sep=(.)"?[,;\t]*$/i.exec(header) ?? [];
  if (said !== undefined) return { delimiter: said, isSaid: true };
  const bare = header.replaceAll(/"[^"]*"/g, '');
  const others = [',', ';', '\t'].filter((each) => bare.includes(each));
  const only = others.length === 1 ? others[0] : undefined;
  return { delimiter: only ?? usual, isSaid: false };
}

/** One field that holds what separates those of other files. */
function isSeparatedOtherwise([only = '', ...more]: readonly string[], delimiter: string): boolean {
  return more.length === 0 && [',', ';', '\t'].some((each) => each !== delimiter && only.includes(each));
}

function refuseOtherWidth(
  fields: readonly string[],
  header: readonly string[],
  delimiter: string,
  where: string,
): void {
  const wanted = header.length;
  if (fields.length === wanted) return;
  const separator = new Map([
    [',', 'comma'],
    [';', 'semicolon'],
    ['\t', 'tab'],
  ]);
  const comment = [header, fields].find(([first = '']) => first.startsWith('#'));
  const hint =
    comment !== undefined
      ? commentHint(comment === header)
      : isSeparatedOtherwise(fields, delimiter)
        ? 'Separate its fields as those of the header are'
        : fields.length > wanted
          ? `Put fields that hold a ${separator.get(delimiter) ?? JSON.stringify(delimiter)} in quotes`
          : 'Fill the row up, with empty fields';
  throw new UserError({ what: `the row has ${fields.length} fields, the header ${wanted}`, where, fix: hint });
}

/**
 * Reads records of RFC 4180 (quoted commas and line breaks, a byte order mark, CRLF, LF or CR), one call each with its
 * fields and the line it starts on, from 1.
 *
 * @throws UserError where quotes are broken, with the line on which the record starts
 */
function parseCsv(
  file: string,
  bytes: Buffer,
  delimiter: string,
  onRecord: (fields: readonly string[], line: number) => void,
): void {
  let line = 1;
  try {
    parse(bytes, {
      bom: true,
      delimiter,
      // Any of them, so that files of mixed origin work; the parser would settle on the first it meets.
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      on_record: (fields: string[]) => {
        onRecord(fields, line);
        // Counted here: the parser counts CRLF inside quotes twice.
        line += 1 + fields.reduce((sum, field) => sum + lineBreaks(field), 0);
        return null;
      },
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const unclosed = cause.code === 'CSV_QUOTE_NOT_CLOSED';
    throw new UserError({
      what: unclosed ? 'a quote that opens in this row is never closed' : 'a quote stands where none may',
      where: `${file}:${line}`,
      fix: 'Put quotes around the whole field, and write a quote inside it twice ("")',
      cause,
    });
  }
}

function lineBreaks(field: string): number {
  if (!field.includes('\n') && !field.includes('\r')) return 0;
  return field.match(/\r\n|\n|\r/g)?.length ?? 0;
}
