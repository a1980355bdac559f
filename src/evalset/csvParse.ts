import { CsvError, parse } from 'csv-parse/sync';
import { UserError } from '../errors.ts';

/**
 * Reads records of RFC 4180 (quoted commas and line breaks, a byte order mark, CRLF, LF or CR), one call each with its
 * fields and the line it starts on, from 1.
 *
 * @throws UserError where quotes are broken, with the line on which the record starts
 */
export function parseCsv(
  file: string,
  bytes: Buffer,
  onRecord: (fields: readonly string[], line: number) => void,
): void {
  let line = 1;
  try {
    parse(bytes, {
      bom: true,
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
