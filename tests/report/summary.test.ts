import { describe, expect, it } from 'vitest';
import { readSchema } from '../../src/adapters/jsonSchema.ts';
import { erredSummaryJson, summaryJson } from '../../src/report/summary.ts';
import { sampleCheck, sampleCheckpoint, sampleEvent, sampleResult } from './sampleResult.ts';

const schema = readSchema<{
  text: string;
  outcome: string;
  checkpoints: { eventsLeftOut: number }[];
  checkpointsLeftOut: number;
}>('summary');
function read(text: string) {
  const summary: unknown = JSON.parse(text);
  expect(schema.problems(summary)).toEqual([]);
  if (!schema.accepts(summary)) throw new Error('unreachable');
  return summary;
}

describe('summary.json', () => {
  it('says the run in a few lines', () => {
    const text = summaryJson(sampleResult());
    expect(text.length).toBeLessThan(2000);
    expect(read(text)).toMatchObject({ outcome: 'failed', checkpointsLeftOut: 0 });
    expect(read(text).text).toBe(`FAILED: cifar10\ncandidate: error 16 % -> 16.8 %\n- ${sampleEvent().title}`);
  });

  it('stays small and in its lines whatever there is', () => {
    const title = `\u202e${'<@U1> "\n'.repeat(50_000)}`;
    const many = Array.from({ length: 1000 }, () => sampleEvent({ title, id: title }));
    const checks = Array.from({ length: 1000 }, () => sampleCheck({ message: title }));
    const checkpoint = sampleCheckpoint({ events: many, verdict: { outcome: 'failed', passed: false, checks } });
    const text = summaryJson(sampleResult({ suite: title, checkpoints: Array.from({ length: 50 }, () => checkpoint) }));
    const summary = read(text);
    expect(Buffer.byteLength(text)).toBeLessThan(64 * 1024);
    expect(summary.text.length).toBeLessThan(40_000); // what Slack takes
    expect(summary.text.split('\n')).toHaveLength(1 + 5 * (1 + 5 + 1));
    expect([summary.checkpointsLeftOut, summary.checkpoints[0].eventsLeftOut]).toEqual([45, 995]);
  });

  it('tells what was compared with nothing', () => {
    const result = sampleResult({ checkpoints: [sampleCheckpoint({ comparison: null, events: [], verdict: null })] });
    expect(read(summaryJson(result))).toMatchObject({
      outcome: 'not compared',
      text: 'NOT COMPARED: cifar10\ncandidate: error 16.8 %',
    });
  });

  it('tells of a run that ended in an error, whatever the error says', () => {
    const now = '2026-11-26T12:00:00.000Z';
    const summary = read(erredSummaryJson('cars', 'bad.csv: there is no such file.\nGive one.', now));
    expect(summary).toMatchObject({
      outcome: 'not judged',
      text: 'NOT JUDGED: cars\nbad.csv: there is no such file.␊Give one.',
    });
    expect(read(erredSummaryJson('s'.repeat(9999), '"<@U1>\u202e'.repeat(99_999), now)).text.length).toBeLessThan(2000);
  });
});
