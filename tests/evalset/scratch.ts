import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { ColumnNames } from '../../src/records/evalSet.ts';

/** The default names of the columns. */
export const columns: ColumnNames = {
  image: 'image',
  label: 'label',
  prediction: 'prediction',
  failed: 'failed',
  confidence: 'confidence',
};

/** A folder that goes when the test file ends, and a function that writes files into it and gives their paths. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'barlow-evalset-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, data: string | Uint8Array): string => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data);
    return file;
  };
  return { folder, write };
}

/** What is refused, the scratch folder taken out of `where`. */
export async function refusal(attempt: Promise<unknown>, folder: string) {
  const thrown: unknown = await attempt.then(
    (value) => new Error(`accepted: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof UserError)) throw thrown;
  const { what, where, fix } = thrown;
  return { what: what.replaceAll(`${folder}/`, ''), where: where.replaceAll(`${folder}/`, ''), fix };
}

/** A CSV file's text by RFC 4180, with every field in quotes. */
export function csvText(rows: readonly (readonly string[])[], newline = '\r\n'): string {
  const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
  return rows.map((row) => row.map(quoted).join(',') + newline).join('');
}
