import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'csv-parse/sync';
import { parseHTML } from 'linkedom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { type ExportRequest, exportImages } from '../../src/pipeline/export.ts';
import { completeRequest } from '../../src/pipeline/library.ts';
import type { Result } from '../../src/records/result.ts';
import { stream } from '../../src/statistics/random.ts';
import { hasPython, python } from '../extras.ts';
import { runHere } from '../inProcess.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow export '));
const IMAGES = 800;
const DIMENSIONS = 6;
const { uint32 } = stream('export');
const features = Float32Array.from({ length: IMAGES * DIMENSIONS }, () => uint32() / 2 ** 32);
/** Class names and image names as nobody should choose them. */
const CAT = '=cmd|"/C calc"!A1';
const DOG = 'كلب, <b>&"dog"';
const nameOf = (row: number) =>
  row % 5 === 0 ? `=1+${row}.png` : row % 5 === 1 ? `sub dir/é,"${row}".png` : `${row}.png`;
const inRegion = (row: number) => features[row * DIMENSIONS + 2] > 0.93;
const cluster = [...Array(IMAGES).keys()].filter(inRegion).slice(0, 44);
const noise = [...Array(IMAGES).keys()].filter((row) => row % 11 === 0 && !cluster.includes(row));

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
function predictions(name: string, wrong: readonly number[]): void {
  const bad = new Set(wrong);
  const lines = Array.from(
    { length: IMAGES },
    (_, row) => `${quoted(nameOf(row))},${quoted(bad.has(row) ? DOG : CAT)},${row / 1000}`,
  );
  writeFileSync(join(folder, `${name}.csv`), `image,prediction,confidence\n${lines.join('\n')}\n`);
}

const barlow = (...args: readonly string[]) => runHere(folder, args);
/** The export by itself. */
async function exporting(to: string, asked: Partial<ExportRequest> & { readonly from?: string } = {}) {
  const { from = 'barlow-report', ...rest } = asked;
  const request = completeRequest({ config: join(folder, 'barlow.yml'), out: join(folder, from), workers: 0 });
  const whole = { of: id, format: null, images: null, force: false, ...rest, to: join(folder, to) };
  return (await exportImages(request, whole)).lines.join('\n');
}
const read = (...path: readonly string[]) => readFileSync(join(folder, ...path), 'utf8');
let result: Result;
let id: string;
/** What is told of the event's CSV. */
let said: string;

beforeAll(async () => {
  writeFileSync(
    join(folder, 'features.npy'),
    Buffer.concat([formatNpyHeader(IMAGES, DIMENSIONS), new Uint8Array(features.buffer)]),
  );
  const rows = Array.from(
    { length: IMAGES },
    (_, row) => `${quoted(nameOf(row))},${quoted(CAT)},${row % 3 === 0 ? 'night' : 'day'}`,
  );
  writeFileSync(join(folder, 'eval.csv'), `image,label,time\n${rows.join('\n')}\n`);
  writeFileSync(
    join(folder, 'barlow.yml'),
    `version: 1
name: exported
evalSet: {manifest: eval.csv, classes: [${JSON.stringify(DOG)}]}
features: features.npy
groups: [label]
analysis: {shuffles: 0}
slices: {night: time = night}
baseline: {store: folder, path: baselines}
`,
  );
  predictions('good', noise);
  predictions('bad', [...noise, ...cluster]);
  const recorded = await barlow('baseline', 'record', '--commit', 'one', '--checkpoint', 'good=good.csv');
  expect(recorded.status, recorded.text).toBe(0);
  const judged = await barlow('run', '--commit', 'two', '--checkpoint', 'bad=bad.csv');
  expect(judged.status, judged.text).toBe(1);
  result = JSON.parse(read('barlow-report', 'result.json'));
  id = result.checkpoints[0].events[0].id;
  said = await exporting('event.csv');
  await exporting('event.jsonl');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the export of the event must hold, from predictions and features alone. */
function expected() {
  const [event] = result.checkpoints[0].events;
  const { rule } = result.checkpoints[0].comparison?.clusters.find((each) => each.id === id) ?? { rule: [] };
  const held = [...Array(IMAGES).keys()].filter((row) =>
    rule.every(({ feature, op, threshold }) => {
      const value = features[row * DIMENSIONS + feature];
      return op === '>' ? value > threshold : value <= threshold;
    }),
  );
  const [bad, before] = [new Set([...cluster, ...noise]), new Set(noise)];
  const why = (row: number) => (!bad.has(row) ? 'still right' : before.has(row) ? 'failed before' : 'newly failed');
  return { event, whys: new Map(held.map((row) => [nameOf(row), why(row)])) };
}

describe('barlow export', () => {
  it('tells of every image of the region why it is in, the newly failed first', async () => {
    const said = await barlow('export', id, '--out', 'told.jsonl');
    expect(said.status, said.text).toBe(0);
    const rows: Record<string, unknown>[] = read('told.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { event, whys } = expected();
    expect(whys.size).toBeGreaterThan(cluster.length - 10);
    expect(new Map(rows.map(({ image, why }) => [image, why]))).toEqual(whys);
    expect(rows.slice(0, event.images.length).map(({ image }) => image)).toEqual(event.images.map(({ name }) => name));
    const row = Number(/\d+/.exec(event.images[0].name)?.[0]);
    const name = event.images[0].name;
    expect(rows[0]).toEqual({
      ...{
        image: name,
        label: CAT,
        before: CAT,
        after: DOG,
        confidence: Number((/\d+(?=\D*$)/.exec(name) ?? [row])[0]) / 1000,
      },
      ...{
        confidenceBefore: expect.closeTo(Number((/\d+(?=\D*$)/.exec(name) ?? [row])[0]) / 1000, 6),
        why: 'newly failed',
        checkpoint: 'bad',
      },
    });
    expect(said.text).toMatch(/\d+ newly failed/);
  });

  it('writes CSV that a parser reads back, with no cell that a spreadsheet runs', async () => {
    expect(said).toContain('begin with an apostrophe');
    const rows: Record<string, string>[] = parse(read('event.csv'), { columns: true });
    const lines: Record<string, unknown>[] = read('event.jsonl')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map((row) => Object.values(row).map((cell) => cell.replace(/^'/, '')))).toEqual(
      lines.map((line) => Object.values(line).map((value) => String(value ?? ''))),
    );
    expect(rows.flatMap((row) => Object.values(row)).filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
  });

  it.skipIf(!hasPython('pandas'))('writes what pandas reads alike from CSV and JSON Lines', () => {
    const script = `import sys, pandas as pd
a = pd.read_csv(sys.argv[1], keep_default_na=False)
b = pd.read_json(sys.argv[2], lines=True)
print(len(a), a['why'].tolist() == b['why'].tolist(), abs(a['confidence'] - b['confidence']).max() < 1e-15)`;
    const said = python(script, join(folder, 'event.csv'), join(folder, 'event.jsonl')).toString().trim();
    expect(said).toBe(`${expected().whys.size} True True`);
  });

  it('exports a slice with all its images', async () => {
    await exporting('night.csv', { of: 'night' });
    const rows: Record<string, string>[] = parse(read('night.csv'), { columns: true });
    expect(rows).toHaveLength(Math.ceil(IMAGES / 3));
    const fresh = rows.filter(({ why }) => why === 'newly failed').map(({ image }) => image.replace(/^'/, ''));
    expect(fresh).toEqual(cluster.filter((row) => row % 3 === 0).map(nameOf));
  });

  it('writes over nothing unless told to', async () => {
    writeFileSync(join(folder, 'mine.csv'), 'mine');
    const refused = await barlow('export', id, '--out', 'mine.csv');
    expect(refused.status).toBe(2);
    expect(refused.text).toContain('it exists already');
    expect(read('mine.csv')).toBe('mine');
    await exporting('mine.csv', { force: true });
    expect(read('mine.csv')).toBe(read('event.csv'));
  });

  it.each<[string, Parameters<typeof exporting>[1], string]>([
    ['x.csv', { of: 'nothing' }, 'the last run has no event or slice "nothing"'],
    ['x.csv', { of: 'nihgt' }, 'Did you mean "night"?'],
    ['x.txt', {}, 'does not say in which format'],
    ['x.csv', { from: 'nowhere' }, 'there is no result of a run'],
    ['x', { format: 'fiftyone' }, 'nothing says where the images are'],
  ])('refuses %s %j', async (to, asked, why) => {
    await expect(exporting(to, asked)).rejects.toThrow(why);
    expect(existsSync(join(folder, 'x.csv'))).toBe(false);
  });

  it('refuses a result that cannot be read', async () => {
    mkdirSync(join(folder, 'odd', 'result.json'), { recursive: true });
    await expect(exporting('x.csv', { from: 'odd' })).rejects.toThrow(
      'it cannot be read as a result of this version of barlow-gate',
    );
  });
});

describe('for labelling tools', () => {
  it('writes a FiftyOneImageClassificationDataset', async () => {
    await exporting('fiftyone', { format: 'fiftyone', images: join(folder, 'pictures') });
    const data: Record<string, string> = JSON.parse(read('fiftyone', 'data.json'));
    const labels: unknown = JSON.parse(read('fiftyone', 'labels.json'));
    // As FiftyOne documents it: one label an image under the image's id, with optional attributes.
    const accepts = new Ajv().compile<{
      labels: Record<string, { label: string; attributes: Record<string, unknown> }>;
    }>({
      type: 'object',
      required: ['labels'],
      additionalProperties: false,
      properties: {
        labels: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            required: ['label'],
            properties: { label: { type: 'string' }, attributes: { type: 'object' } },
            additionalProperties: false,
          },
        },
      },
    });
    if (!accepts(labels)) throw new Error(JSON.stringify(accepts.errors));
    expect(Object.keys(labels.labels).toSorted()).toEqual(Object.keys(data).toSorted());
    const { whys } = expected();
    for (const [key, path] of Object.entries(data)) {
      const { label, attributes } = labels.labels[key];
      expect(path).toBe(join(folder, 'pictures', String(attributes.image)));
      // FiftyOne's parser takes `confidence` for the label's own, and fails where an attribute is called so.
      expect(Object.keys(attributes)).not.toContain('confidence');
      expect(attributes.confidenceAfter).toBeTypeOf('number');
      expect([label, attributes.why]).toEqual([CAT, whys.get(String(attributes.image))]);
    }
    expect(Object.keys(data)).toHaveLength(whys.size);
  });

  it("writes Label Studio's tasks with predictions, and the interface they are for", async () => {
    await exporting('tasks.json', { format: 'labelstudio' });
    const tasks: unknown = JSON.parse(read('tasks.json'));
    const accepts = new Ajv({ allowUnionTypes: true }).compile<
      { data: Record<string, string>; predictions: { result: { value: { choices: string[] } }[]; score?: number }[] }[]
    >({
      type: 'array',
      items: {
        type: 'object',
        required: ['data', 'predictions'],
        properties: {
          data: { type: 'object', required: ['image'], properties: { image: { type: 'string' } } },
          predictions: {
            type: 'array',
            items: {
              type: 'object',
              required: ['model_version', 'result'],
              properties: {
                model_version: { type: 'string' },
                score: { type: 'number' },
                result: {
                  type: 'array',
                  minItems: 1,
                  items: {
                    type: 'object',
                    required: ['from_name', 'to_name', 'type', 'value'],
                    properties: {
                      ...{ from_name: { const: 'class' }, to_name: { const: 'image' }, type: { const: 'choices' } },
                      value: { type: 'object', required: ['choices'], properties: { choices: { type: 'array' } } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    });
    if (!accepts(tasks)) throw new Error(JSON.stringify(accepts.errors));
    const { whys } = expected();
    expect(tasks).toHaveLength(whys.size);
    const { document } = parseHTML(read('tasks.json.view.xml'));
    const choices = [...document.querySelectorAll('Choice')].map((each) => each.getAttribute('value') ?? '');
    expect(choices.toSorted()).toEqual([CAT, DOG].toSorted());
    for (const { data, predictions } of tasks) {
      expect(decodeURIComponent(data.image)).toBe(`/data/local-files/?d=${data.name}`);
      for (const { result: found } of predictions) expect(choices).toContain(found[0].value.choices[0]);
      expect(predictions.at(-1)?.result[0].value.choices).toEqual([data.after]);
    }
    await exporting('web.json', { format: 'labelstudio', images: 'https://example.com/val' });
    const [first]: { data: { image: string; name: string } }[] = JSON.parse(read('web.json'));
    expect(new URL(first.data.image).pathname.split('/').map(decodeURIComponent).join('/')).toBe(
      `/val/${first.data.name}`,
    );
  });
});
