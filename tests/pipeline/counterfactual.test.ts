import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Counterfactual } from '../../src/records/causes.ts';
import { imageProperties } from '../../src/records/imageProperties.ts';
import type { Result } from '../../src/records/result.ts';
import { example, robust } from '../features/extraction.ts';
import { runHere } from '../inProcess.ts';
import { ModelUnderTest } from '../models/onnxModel.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow counterfactual '));
const IMAGES = 500;

const barlow = (...args: readonly string[]) => runHere(folder, args);

/** A model that takes for a truck whatever is redder than green, on the whole, by more than a threshold. */
function rednessModel(threshold: number, side = 32): Uint8Array {
  const model = new ModelUnderTest();
  const mean = model.add('GlobalAveragePool', ['image']);
  const flat = model.add('Flatten', [mean]);
  const weight = model.floats([3, 2], [0, 100, 0, -100, 0, 0]);
  const scores = model.add('Gemm', [flat, weight, model.floats([2], [0, -100 * threshold])]);
  return model.bytes([scores], ['N', 3, side, side], 17);
}

const config = `version: 1
evalSet: {images: images, manifest: eval.csv, classes: [truck]}
featureModel: {path: robust.onnx}
checkpointModel: {classes: [automobile, truck]}
groups: [label]
analysis: {shuffles: 0}
baseline: {store: folder, path: baselines}
report: {images: 2, attack: {steps: 0}}
`;

async function judged(text: string, model: string, ...more: readonly string[]): Promise<Counterfactual | null> {
  writeFileSync(join(folder, 'barlow.yml'), text);
  const { status, text: said } = await barlow('run', '--commit', 'two', '--checkpoint', `red=${model}`, ...more);
  expect(status, said).toBe(1);
  const result: Result = JSON.parse(readFileSync(join(folder, 'barlow-report', 'result.json'), 'utf8'));
  return result.checkpoints[0].events[0].counterfactual;
}
const page = (name: string) => readFileSync(join(folder, 'barlow-report', name), 'utf8');

beforeAll(async () => {
  symlinkSync(join(example, 'images'), join(folder, 'images'));
  cpSync(robust, join(folder, 'robust.onnx'));
  const [, ...all] = readFileSync(join(example, 'eval.csv'), 'utf8').trim().split('\n');
  const rows = all.filter((row) => row.endsWith(',automobile')).slice(0, IMAGES);
  writeFileSync(join(folder, 'eval.csv'), `image,label\n${rows.join('\n')}\n`);
  writeFileSync(join(folder, 'right.csv'), `image,prediction\n${rows.join('\n')}\n`);
  // About one automobile in fifteen is as red.
  writeFileSync(join(folder, 'red.onnx'), rednessModel(0.1));
  writeFileSync(join(folder, 'large.onnx'), rednessModel(0.1, 64));
  writeFileSync(join(folder, 'barlow.yml'), config);
  expect((await barlow('baseline', 'record', '--commit', 'one', '--checkpoint', 'right=right.csv')).status).toBe(0);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a checkpoint that fails because of redness alone', () => {
  const redness = imageProperties.findIndex(({ name }) => name === 'redness (a*)');

  it('mends where redness is taken away, breaks where it is given, and neither at random; the same by any workers', async () => {
    const found = await judged(config, 'red.onnx', '--workers', '1');
    expect(found?.features).toContain(128 + redness);
    const { mend, breaks } = found ?? {};
    expect(mend?.images).toBeGreaterThan(15);
    expect(mend?.crossed).toBe(mend?.images);
    expect(mend?.turned).toBe(mend?.images);
    expect(mend?.turnedAtRandom).toBeLessThan(0.3 * (mend?.images ?? 0));
    expect(mend?.pValue).toBeLessThan(0.001);
    // a* is not quite red less green, so not each is red enough.
    expect(breaks?.turned).toBeGreaterThan(0.5 * (breaks?.images ?? 0));
    expect(breaks?.pValue).toBeLessThan(0.001);
    expect(breaks?.turnedAtRandom).toBeLessThan(0.3 * (breaks?.images ?? 0));
    for (const name of ['report.md', 'report.html'])
      expect(page(name)).toContain(
        `${mend?.turned} of ${mend?.images} come right again (changed as far along random features: ${mend?.turnedAtRandom})`,
      );
    const { document } = parseHTML(page('report.html'));
    const shown = document.querySelector('[aria-label="Images changed to see whether they mend"]');
    const captions = [...(shown?.querySelectorAll('.strip') ?? [])].map((strip) =>
      [...strip.querySelectorAll('li')].map((item) => item.textContent?.trim()),
    );
    // Each of six as a truck before, and as an automobile after.
    expect(captions).toEqual([Array(6).fill('→ truck'), Array(6).fill('→ automobile')]);
    const first = page('result.json');
    await judged(config, 'red.onnx', '--workers', '3');
    expect(page('result.json').replace(/"createdAt": "[^"]+"/, '')).toBe(first.replace(/"createdAt": "[^"]+"/, ''));
  }, 400_000);

  it('that sees images in another size is tried as well', async () => {
    const found = await judged(config, 'large.onnx');
    expect(found?.mend?.turned).toBeGreaterThan(0.9 * (found?.mend?.images ?? 0));
    expect(found?.mend?.turnedAtRandom).toBeLessThan(0.3 * (found?.mend?.images ?? 0));
  }, 120_000);

  it('that sees another part of an image is not, and that is said', async () => {
    const cropped = config.replace('truck]}\ngroups', 'truck], preprocess: {resize: 40, crop: 32}}\ngroups');
    expect(cropped).not.toBe(config);
    expect(await judged(cropped, 'red.onnx')).toMatchObject({
      mend: null,
      untested: expect.stringContaining('another part'),
    });
    expect(page('report.md')).toContain('Whether they mend was not tried');
  }, 120_000);

  it('is not tried where that is turned off', async () => {
    expect(await judged(`${config}counterfactual: false\n`, 'red.onnx')).toBeNull();
  }, 120_000);
});
