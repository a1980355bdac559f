import { compileSchema, firstProblem } from '../adapters/jsonSchema.ts';
import type { BaselineRecord, HistoryRow } from '../records/baseline.ts';
import { mean, total } from '../statistics/sums.ts';

const count = { type: 'integer', minimum: 0 };
/** What rows of before there was a sequence lack. */
const early = { sequence: 0, pruned: false };
const schema = compileSchema<Omit<HistoryRow, keyof typeof early> & Partial<HistoryRow>>({
  type: 'object',
  // A newer version may add figures: a row is then still a row.
  additionalProperties: true,
  required: ['commit', 'checkpoint', 'createdAt', 'images', 'failures', 'meanAler'],
  properties: {
    commit: { type: 'string', minLength: 1 },
    checkpoint: { type: 'string' },
    createdAt: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' },
    images: count,
    failures: count,
    meanAler: { type: ['number', 'null'] },
    sequence: count,
    pruned: { type: 'boolean' },
  },
});

/** The row a baseline leaves in the history; `sequence` 0 where its place there is not known. */
export function rowOf(record: BaselineRecord, sequence = 0): HistoryRow {
  return {
    commit: record.commit,
    checkpoint: record.checkpoint,
    createdAt: record.createdAt,
    images: record.failed.length,
    failures: total(record.failed),
    meanAler: mean(record.groups.map(({ aler }) => aler)),
    sequence,
    pruned: false,
  };
}

/** @throws Error where the bytes are no row. */
export function parseHistoryRow(bytes: Uint8Array): HistoryRow {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString());
  if (schema.accepts(value)) return { ...early, ...value };
  throw new Error(firstProblem(schema, value));
}
