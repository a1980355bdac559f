import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { storedRows } from './features/extraction.ts';
import * as linked from './linked.ts';

const root = join(import.meta.dirname, '..');
const example = join(root, 'examples', 'cifar10');
const folder = mkdtempSync(join(tmpdir(), 'barlow-interrupt-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('Ctrl-C ends with 130 and says what is kept: the next extraction goes on from there', async () => {
  const config = `version: 1\nname: cut\nevalSet: {images: ${join(example, 'images')}, manifest: ${join(example, 'eval.csv')}}\n`;
  writeFileSync(join(folder, 'barlow.yml'), config);
  const args = [linked.command, 'extract'];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const store = join(folder, '.barlow', 'features');
  const watch = setInterval(() => storedRows(store) > 0 && child.kill('SIGINT'), 20);
  expect(await once(child, 'close').finally(() => clearInterval(watch))).toEqual([130, null]);
  expect(said).toContain(
    '\nInterrupted. What was computed of images so far is kept, and the next run goes on from there',
  );
  const kept = storedRows(store);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(2980);
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(storedRows(store)).toBe(2980);
});
