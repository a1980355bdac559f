import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { recordBaseline } from '../../src/pipeline/baseline.ts';
import { completeRequest } from '../../src/pipeline/library.ts';
import { runGate } from '../../src/pipeline/run.ts';
import { npy, npz, texts } from '../evalset/npz.ts';
import { features, images, labelOf, makeWorld, nameOf, predictions, seeded, type World } from './world.ts';

/* Ways in which a checkpoint that must fail passed: each judged here beside one that must pass. */
const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove();
});

function world(): World {
  const made = makeWorld({ accepted: false });
  worlds.push(made);
  return made;
}

function request({ path }: World, file: string, commit: string, said: string[] = []) {
  return completeRequest({
    ...{ config: path('barlow.yml'), out: path('report'), commit, workers: 0, now: new Date(0) },
    checkpoints: [{ name: 'candidate', path: path(file) }],
    onNotice: (line) => said.push(line),
  });
}

async function judged(of: World, file: string, commit = 'last') {
  const { outcome } = await runGate(request(of, file, commit));
  const { checkpoints } = JSON.parse(readFileSync(of.path('report', 'result.json'), 'utf8'));
  return { outcome, ...checkpoints[0] };
}

const record = (of: World, file: string, commit: string) => recordBaseline(request(of, file, commit));
const config = (of: World, more: string) => of.write('barlow.yml', `${of.text('barlow.yml')}${more}`);

it('what the newest accepted checkpoint mended comes back as an older one had it', async () => {
  const of = world();
  await record(of, 'bad.csv', 'one');
  await record(of, 'accepted.csv', 'two');
  expect((await judged(of, 'bad.csv')).outcome).toBe('failed');
  expect((await judged(of, 'good.csv')).outcome).toBe('passed');
});

it('a slice of images that no baseline knows is held to its floor, and not passed over without one', async () => {
  const of = world();
  const rows = of.text('eval.csv').trimEnd().split('\n');
  const some = (text: string, count: number) =>
    `${text
      .trimEnd()
      .split('\n')
      .slice(0, count + 1)
      .join('\n')}\n`;
  const whole = features();
  const header = formatNpyHeader(images, 8).length;
  of.write('features.npy', Buffer.concat([formatNpyHeader(200, 8), whole.subarray(header, header + 200 * 32)]));
  of.write('eval.csv', some(of.text('eval.csv'), 200));
  of.write('first.csv', some(predictions('accepted'), 200));
  await record(of, 'first.csv', 'one');
  of.write('features.npy', whole);
  of.write(
    'eval.csv',
    `${rows.map((line, row) => `${line},${row === 0 ? 'new' : row > 200 ? 'yes' : 'no'}`).join('\n')}\n`,
  );
  const broken = predictions('accepted')
    .trimEnd()
    .split('\n')
    .map((line, row) => (row > 220 ? line.replace(/,.*/, `,${labelOf(row - 1) === 'car' ? 'bus' : 'car'}`) : line));
  of.write('broken.csv', `${broken.join('\n')}\n`);
  const plain = of.text('barlow.yml');
  of.write('barlow.yml', `${plain}slices: {fresh: {where: new = yes, maxErrorRate: 0.2}}\n`);
  expect((await judged(of, 'broken.csv')).outcome).toBe('failed');
  expect((await judged(of, 'good.csv')).outcome).toBe('passed');
  of.write('barlow.yml', `${plain}slices: {fresh: new = yes}\n`);
  const untold = await judged(of, 'good.csv');
  expect(untold.verdict.checks).toContainEqual(
    expect.objectContaining({
      id: 'watched-slice',
      passed: false,
      message: expect.stringContaining('none of its 40 images'),
    }),
  );
});

it('given features are those of other images once the manifest is put in another order', async () => {
  const of = world();
  await record(of, 'accepted.csv', 'one');
  const [head = '', ...rows] = of.text('eval.csv').trimEnd().split('\n');
  of.write('eval.csv', `${[head, ...rows.toSorted()].join('\n')}\n`);
  await expect(judged(of, 'bad.csv')).rejects.toThrow('the images stand in another order now');
  // Features in that order are as good as before.
  const order = rows.map((line, row) => ({ line, row })).toSorted((a, b) => (a.line < b.line ? -1 : 1));
  const header = formatNpyHeader(images, 8).length;
  const bytes = features();
  const row = (at: number) => bytes.subarray(header + 32 * at, header + 32 * (at + 1));
  of.write('features.npy', Buffer.concat([formatNpyHeader(images, 8), ...order.map((each) => row(each.row))]));
  expect((await judged(of, 'bad.csv')).outcome).toBe('failed');
});

it('scores of a class that no label has are not left out of the greatest', async () => {
  const of = world();
  const scores = (kind: 'accepted' | 'bad', third: string) =>
    `image,p_bus,p_car,${third}\n${predictions(kind)
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line, row) => {
        const isWrong = !line.endsWith(labelOf(row));
        // Where it is wrong it says "van", and of the two others the right one.
        const right = labelOf(row) === 'bus' ? '0.3,0.1' : '0.1,0.3';
        return `${nameOf(row)},${isWrong ? `${right},0.6` : labelOf(row) === 'bus' ? '0.7,0.2,0.1' : '0.2,0.7,0.1'}`;
      })
      .join('\n')}\n`;
  of.write('accepted.csv', scores('accepted', 'p_van'));
  of.write('bad.csv', scores('bad', 'p_van'));
  await expect(record(of, 'accepted.csv', 'one')).rejects.toThrow('scores of 1 class that no label has: "van"');
  config(of, '');
  of.write('barlow.yml', of.text('barlow.yml').replace('manifest: eval.csv', 'manifest: eval.csv, classes: [van]'));
  await record(of, 'accepted.csv', 'one');
  expect((await judged(of, 'bad.csv')).outcome).toBe('failed');
});

it('scores beside a list of images are read by it, whatever the list is called', async () => {
  const of = world();
  await record(of, 'accepted.csv', 'one');
  for (const kind of ['good', 'bad'] as const) {
    const rows = predictions(kind).trimEnd().split('\n').slice(1).toReversed();
    const names = rows.map((line) => line.replace(/,.*/, ''));
    const scores = Float32Array.from(rows.flatMap((line) => (line.endsWith('bus') ? [3, -1] : [-2, 1])));
    of.write(`${kind}.npz`, npz({ fnames: texts(names), scores: npy('<f4', `(${rows.length}, 2)`, scores) }));
  }
  expect((await judged(of, 'bad.npz')).outcome).toBe('failed');
  expect((await judged(of, 'good.npz')).outcome).toBe('passed');
});

it('labels that files of predictions call predictions are none of the manifest', async () => {
  const of = world();
  const text = of.text('barlow.yml');
  of.write(
    'barlow.yml',
    text
      .replace('manifest: eval.csv', 'manifest: eval.csv, columns: {prediction: label}')
      .replace(/checkpoints.*\n/, ''),
  );
  const none = { ...request(of, 'bad.csv', 'last'), checkpoints: [] };
  await expect(runGate(none)).rejects.toThrow('there is no checkpoint to judge');
});

it('features that are codes make no copies of all images that have the same', async () => {
  const of = world();
  const dimensions = 20;
  const random = seeded(3);
  const codes = Array.from({ length: 8 }, () => Array.from({ length: dimensions }, () => Number(random() < 0.5)));
  const values = Float32Array.from(
    { length: images * dimensions },
    (_, at) => codes[Math.floor(at / dimensions) % 8]?.[at % dimensions] ?? 0,
  );
  of.write('features.npy', Buffer.concat([formatNpyHeader(images, dimensions), Buffer.from(values.buffer)]));
  await record(of, 'accepted.csv', 'one');
  expect((await judged(of, 'bad.csv')).outcome).toBe('failed');
  expect((await judged(of, 'good.csv')).outcome).toBe('passed');
});

it('an acceptance that has ended holds no more, though what was accepted is the baseline by then', async () => {
  const of = world();
  await record(of, 'accepted.csv', 'one');
  const recording = (file: string, commit: string) => runGate({ ...request(of, file, commit), record: true });
  expect((await recording('bad.csv', 'two')).outcome).toBe('failed');
  const [event] = JSON.parse(of.text('report/result.json')).checkpoints[0].events;
  const plain = of.text('barlow.yml');
  const accept = (until: string) =>
    of.write(
      'barlow.yml',
      `${plain}gate: {accepted: [{event: "${event.id}", reason: waits for data, until: ${until}}]}\n`,
    );
  accept('2999-01-01');
  expect((await recording('bad.csv', 'two')).outcome).toBe('passed');
  const again = await judged(of, 'bad.csv', 'three');
  expect(again.outcome).toBe('passed');
  expect(again.verdict.checks.filter(({ passed }: { passed: boolean }) => !passed)).toEqual([]);
  accept('2020-01-01');
  expect((await judged(of, 'bad.csv', 'three')).outcome).toBe('failed');
  expect((await judged(of, 'good.csv', 'three')).outcome).toBe('passed');
});

it('what is accepted of a whole group is no leave for all of it', async () => {
  const of = world();
  await record(of, 'accepted.csv', 'one');
  // By features that tell nothing: the event is of the whole group, whatever else of it comes to fail.
  of.write('features.npy', features(7).fill(0, formatNpyHeader(images, 8).length));
  const broken = (every: number) =>
    predictions('accepted').replace(/^(car-(\d+)\.png),.*$/gm, (line, name, row) =>
      Number(row) % every === 0 ? `${name},bus` : line,
    );
  of.write('half.csv', broken(4));
  of.write('whole.csv', broken(2));
  expect((await judged(of, 'half.csv')).outcome).toBe('failed');
  const [{ id, images: failing }] = JSON.parse(of.text('report/result.json')).checkpoints[0].events;
  config(of, `gate: {accepted: [{event: "${id}", images: ${failing.length}, reason: known, until: 2999-01-01}]}\n`);
  expect((await judged(of, 'half.csv')).outcome).toBe('passed');
  const grown = await judged(of, 'whole.csv');
  expect([grown.events.map((event: { id: string }) => event.id), grown.outcome]).toEqual([[id], 'failed']);
});
