import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { runHere } from '../inProcess.ts';

const folder = mkdtempSync(join(tmpdir(), 'barlow parts '));
const [IMAGES, WIDTH, CLASSES] = [600, 8, 5];

/** The command in one of the folders. */
const barlow = (machine: string, ...args: readonly string[]) =>
  runHere(join(folder, machine), args, { SOURCE_DATE_EPOCH: '1790000000' });

const config = `version: 1
name: parts
evalSet: {manifest: manifest.csv}
features: features.npy
checkpoints: {candidate: new.csv}
groups: [label, prediction, all, 'column:camera']
baseline: {store: folder, path: baselines}
`;

/** A fifth of the images fails; the candidate newly fails where feature 2 is high in one class. */
beforeAll(async () => {
  const first = join(folder, 'whole');
  mkdirSync(first);
  const values = Float32Array.from({ length: IMAGES * WIDTH }, (_, at) => Math.sin(at * 12.9898) * 10);
  const rows = Array.from({ length: IMAGES }, (_, i) => {
    const label = i % CLASSES;
    const old = (i * 13) % 7 === 0 ? (label + 1) % CLASSES : label;
    const breaks = label === 3 && values[i * WIDTH + 2] > 5;
    return { label, old, fresh: breaks ? 0 : old };
  });
  writeFileSync(
    join(first, 'features.npy'),
    Buffer.concat([formatNpyHeader(IMAGES, WIDTH), new Uint8Array(values.buffer)]),
  );
  const table = (head: string, line: (row: (typeof rows)[number], i: number) => string) =>
    `${head}\n${rows.map((row, i) => `${i}.png,${line(row, i)}`).join('\n')}\n`;
  writeFileSync(
    join(first, 'manifest.csv'),
    table('image,label,camera', ({ label }, i) => `c${label},${i % 3}`),
  );
  writeFileSync(
    join(first, 'old.csv'),
    table('image,prediction', ({ old }) => `c${old}`),
  );
  writeFileSync(
    join(first, 'new.csv'),
    table('image,prediction', ({ fresh }) => `c${fresh}`),
  );
  writeFileSync(join(first, 'barlow.yml'), config);
  const recorded = await barlow(
    'whole',
    'baseline',
    'record',
    '--commit',
    'one',
    '--checkpoint',
    'old=old.csv',
    '--quiet',
  );
  expect(recorded.stderr).toBe('');
  for (const machine of ['1', '2', '3', '4', 'judge']) cpSync(first, join(folder, machine), { recursive: true });
  // Four machines, each with a folder of its own and a number of threads of its own.
  for (const machine of [1, 2, 3, 4]) {
    const words = ['run', '--shard', `${machine}/4`, '--quiet', '--workers', String(machine % 3)];
    expect(await barlow(String(machine), ...words)).toMatchObject({ status: 0, stderr: '' });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const out = (machine: string) => join(folder, machine, 'barlow-report');
const judge = (...parts: readonly string[]) =>
  barlow('judge', 'run', '--commit', 'two', '--quiet', '--parts', ...parts);

describe('barlow run --shard on four machines, and --parts on a fifth', { timeout: 400_000 }, () => {
  it('gives the bytes of one machine', async () => {
    for (const machine of ['1', '2', '3', '4'])
      expect(readdirSync(out(machine))).toEqual([`part-${machine}-of-4.json`]);
    const whole = await barlow('whole', 'run', '--commit', 'two', '--quiet');
    const joined = await judge(...['3', '1', '4', '2'].map(out));
    expect([joined.status, joined.stderr]).toEqual([whole.status, whole.stderr]);
    expect(whole.status).toBe(1);
    for (const name of ['result.json', 'report.md', 'junit.xml', 'metrics.json'])
      expect(readFileSync(join(out('judge'), name), 'utf8')).toBe(readFileSync(join(out('whole'), name), 'utf8'));
    // All in one folder is as good.
    const one = join(folder, 'one');
    for (const machine of ['1', '2', '3', '4']) cpSync(out(machine), one, { recursive: true });
    expect((await judge(one)).status).toBe(1);
    const { checkpoints } = JSON.parse(readFileSync(join(out('whole'), 'result.json'), 'utf8'));
    const trees = checkpoints[0].groups.filter(({ tree }: { tree: unknown }) => tree !== null);
    expect(trees.length).toBeGreaterThan(8);
    expect(trees.every(({ adjustedPValue }: { adjustedPValue: unknown }) => typeof adjustedPValue === 'number')).toBe(
      true,
    );
  });

  it('takes the analyses from the parts, and makes none', async () => {
    const doctored = join(folder, 'doctored');
    cpSync(out('1'), doctored, { recursive: true });
    const file = join(doctored, 'part-1-of-4.json');
    const { part } = JSON.parse(readFileSync(file, 'utf8'));
    const changed = JSON.parse(part);
    const grown = changed.checkpoints[0].groups.find(({ tree }: { tree: unknown }) => tree !== null);
    grown.aler = 0.123456;
    const text = JSON.stringify(changed);
    const sha256 = createHash('sha256').update(text).digest('hex');
    writeFileSync(file, JSON.stringify({ sha256, part: text }));
    expect((await judge(doctored, out('2'), out('3'), out('4'))).status).toBe(1);
    const { checkpoints } = JSON.parse(readFileSync(join(out('judge'), 'result.json'), 'utf8'));
    expect(checkpoints[0].groups.find(({ id }: { id: string }) => id === grown.id).aler).toBe(0.123456);
  });

  it('tells parts that are missing, repeated, or of another division', async () => {
    const missing = await judge(out('1'), out('3'));
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('of 4 parts 2, 4 are missing')]);
    const twice = await judge(out('1'), out('2'), out('2'), out('3'), out('4'));
    expect([twice.status, twice.stderr]).toEqual([2, expect.stringContaining('part 2 of 4 is given twice')]);
    const third = await barlow('4', 'run', '--shard', '3/3', '--quiet', '--out', 'third');
    expect(third.status).toBe(0);
    const mixed = await judge(out('1'), out('2'), join(folder, '4', 'third'));
    expect([mixed.status, mixed.stderr]).toEqual([2, expect.stringContaining('it is one of 3 parts')]);
  });

  it('tells a part made of other predictions, options, images or features', async () => {
    const change = async (file: string, edit: (text: string) => string, differs: string) => {
      const machine = `other ${file}`;
      cpSync(join(folder, '4'), join(folder, machine), { recursive: true });
      const path = join(folder, machine, file);
      writeFileSync(path, edit(readFileSync(path, 'latin1')), 'latin1');
      expect((await barlow(machine, 'run', '--shard', '4/4', '--quiet')).status).toBe(0);
      const { status, stderr } = await judge(out('1'), out('2'), out('3'), out(machine));
      expect([status, stderr]).toEqual([2, expect.stringContaining(`it differs in ${differs}`)]);
    };
    await change('new.csv', (text) => text.replace('7.png,c2', '7.png,c1'), 'checkpoint "candidate"');
    await change('barlow.yml', (text) => `${text}analysis: {shuffles: 50}\n`, 'options of the analysis');
    await change('manifest.csv', (text) => text.replace('\n7.png,c2,1\n', '\n7.png,c2,2\n'), 'checkpoint "candidate"');
    await change('features.npy', (text) => `${text.slice(0, 200)}\0${text.slice(201)}`, 'features');
  });

  it('tells a part that is damaged, and a folder without one: its runner failed', async () => {
    const damaged = join(folder, 'damaged');
    cpSync(out('2'), damaged, { recursive: true });
    const file = join(damaged, 'part-2-of-4.json');
    const text = readFileSync(file, 'utf8');
    for (const wrong of [text.slice(0, 900), text.replace('label:c1', 'label:c2'), '']) {
      writeFileSync(file, wrong);
      const { status, stderr } = await judge(out('1'), damaged, out('3'), out('4'));
      expect([status, stderr]).toEqual([2, expect.stringContaining('the part is damaged')]);
    }
    mkdirSync(join(folder, 'empty'));
    const empty = await judge(out('1'), join(folder, 'empty'));
    expect([empty.status, empty.stderr]).toEqual([2, expect.stringContaining('there is no part in the folder')]);
    expect((await judge('/nowhere')).status).toBe(2);
  });

  it('leaves no part behind where a shard errs', async () => {
    cpSync(join(folder, '1'), join(folder, 'failing'), { recursive: true });
    writeFileSync(join(folder, 'failing', 'new.csv'), 'image,prediction\n');
    expect((await barlow('failing', 'run', '--shard', '1/4', '--quiet')).status).toBe(2);
    expect(readdirSync(out('failing'))).toEqual([]);
  });
});
