import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import type { Result } from '../../src/records/result.ts';
import { stream } from '../../src/statistics/random.ts';
import { runHere } from '../inProcess.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow confidence '));
const [IMAGES, DIMENSIONS] = [600, 6];
const { uint32 } = stream('confidence, end to end');
const features = Float32Array.from({ length: IMAGES * DIMENSIONS }, () => uint32() / 2 ** 32);
const high = (row: number) => features[row * DIMENSIONS + 2] > 0.9;

/** Confidences are 0.95 with some noise; of those high in feature 2 as said. */
function predictions(name: string, wrong: (row: number) => boolean, ofHigh: number | null, sure = true): void {
  const lines = Array.from({ length: IMAGES }, (_, row) => {
    const confidence = (high(row) && ofHigh !== null ? ofHigh : 0.95) + 0.04 * (uint32() / 2 ** 32 - 0.5);
    return `${row}.png,${wrong(row) ? 'dog' : 'cat'}${sure ? `,${confidence.toFixed(4)}` : ''}`;
  });
  writeFileSync(join(folder, `${name}.csv`), `image,prediction${sure ? ',confidence' : ''}\n${lines.join('\n')}\n`);
}

async function run(
  name: string,
  commit: string,
  record = false,
): Promise<{ status: number; text: string; result: Result }> {
  const which = ['--commit', commit, '--checkpoint', `${name}=${name}.csv`];
  const args = record ? ['baseline', 'record', ...which] : ['run', ...which];
  const { status, text } = await runHere(folder, args);
  const file = join(folder, 'barlow-report', 'result.json');
  return { status, text, result: record ? null : JSON.parse(readFileSync(file, 'utf8')) };
}
const report = (file: string) => readFileSync(join(folder, 'barlow-report', file), 'utf8');

beforeAll(() => {
  writeFileSync(
    join(folder, 'features.npy'),
    Buffer.concat([formatNpyHeader(IMAGES, DIMENSIONS), new Uint8Array(features.buffer)]),
  );
  const rows = Array.from({ length: IMAGES }, (_, row) => `${row}.png,cat`);
  writeFileSync(join(folder, 'eval.csv'), `image,label\n${rows.join('\n')}\n`);
  writeFileSync(
    join(folder, 'barlow.yml'),
    `version: 1
name: sure
evalSet: {manifest: eval.csv, classes: [dog]}
features: features.npy
groups: [label]
analysis: {shuffles: 0}
baseline: {store: folder, path: baselines}
`,
  );
  const few = (row: number) => row % 31 === 0;
  predictions('accepted', few, null);
  predictions('weaker', few, 0.6);
  predictions('broken', (row) => few(row) || (high(row) && row % 2 === 0), 0.8);
  predictions('silent', (row) => few(row) || (high(row) && row % 2 === 0), null, false);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('confidences of a comparison', () => {
  it('tell where right answers became less sure, and never fail a run', async () => {
    const recorded = await run('accepted', 'one', true);
    expect(recorded.status, recorded.text).toBe(0);
    const { status, text, result } = await run('weaker', 'two');
    expect(status, text).toBe(0);
    const [{ comparison, events, verdict }] = result.checkpoints;
    expect(verdict?.outcome).toBe('passed');
    expect(events).toEqual([]);
    expect(comparison?.weakenings).toMatchObject([{ group: 'label:cat', rule: [{ feature: 2, op: '>' }] }]);
    // The mean over the region shown, which holds more than those high in feature 2.
    const least = comparison?.weakenings[0].rule[0].threshold ?? 0;
    const shown = Array.from({ length: IMAGES }, (_, row) => row).filter(
      (row) => features[row * DIMENSIONS + 2] > least,
    );
    const mean = shown.reduce((sum, row) => sum + (high(row) ? 0.6 : 0.95), 0) / shown.length;
    expect(comparison?.weakenings[0].after).toBeCloseTo(mean, 1);
    expect(comparison?.weakenings[0].before).toBeCloseTo(0.95, 1);
    expect(report('report.md')).toMatch(/Right answers that became less sure \(1; decides nothing\)/);
    expect(report('report.html')).toContain('This decides nothing.');
  }, 120_000);

  it('tell how confidently an event is wrong; without them nothing is said', async () => {
    const { status, text, result } = await run('broken', 'three');
    expect(status, text).toBe(1);
    const [event] = result.checkpoints[0].events;
    expect(event.confidence?.after).toBeCloseTo(0.8, 1);
    expect(event.confidence?.before).toBeCloseTo(0.95, 1);
    expect(report('report.md')).toMatch(
      /wrong with confidence 0\.\d+, where the accepted checkpoint was right with 0\.9\d* /,
    );
    const silent = await run('silent', 'four');
    expect(silent.status, silent.text).toBe(1);
    expect(silent.result.checkpoints[0].events[0].confidence).toBeNull();
    expect(silent.result.checkpoints[0].comparison?.weakenings).toEqual([]);
  }, 120_000);
});
