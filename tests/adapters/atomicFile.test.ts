import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeFileAtomic, writeNewFile } from '../../src/adapters/atomicFile.ts';
import { UserError } from '../../src/errors.ts';
import { smallDisk } from '../smallDisk.ts';

const root = mkdtempSync(join(tmpdir(), 'barlow atomic '));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a file written whole', () => {
  test('in a folder that is yet to be made; nothing is left aside', async () => {
    const file = join(root, 'a', 'b', 'file');
    for (const data of ['text ä', new Uint8Array(3 * 2 ** 20).fill(7), new Uint8Array(0)]) {
      await writeFileAtomic(file, data);
      expect(readFileSync(file).equals(Buffer.from(data))).toBe(true);
    }
    expect(readdirSync(join(root, 'a', 'b'))).toEqual(['file']);
  });

  test('keeps its mode, and a link stays one', async () => {
    const [file, link] = [join(root, 'mode'), join(root, 'link')];
    writeFileSync(file, 'old');
    chmodSync(file, 0o600);
    symlinkSync(file, link);
    await writeFileAtomic(link, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(root).filter((name) => /^(?:mode|link)/.test(name))).toEqual(['link', 'mode']);
  });

  test('a new one only where there is none: of many writers at once one makes it', async () => {
    const file = join(root, 'new', 'one');
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) => writeNewFile(file, Buffer.from(`${i}`.repeat(9)))),
    );
    const [winner, ...more] = made.flatMap((isMade, i) => (isMade ? [i] : []));
    expect(more).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe(`${winner}`.repeat(9));
    expect(readdirSync(join(root, 'new'))).toEqual(['one']);
    expect(statSync(file).nlink).toBe(1);
    await expect(writeNewFile(join(file, 'below'), new Uint8Array(1))).rejects.toThrow('cannot write the file');
  });

  test('never in the place of a pipe or a device, where a link leads to one neither', async () => {
    const [pipe, link] = [join(root, 'pipe'), join(root, 'to-pipe')];
    execFileSync('mkfifo', [pipe]);
    symlinkSync(pipe, link);
    for (const file of [pipe, link]) {
      await expect(writeFileAtomic(file, 'new')).rejects.toThrow('it is a device or a pipe');
      expect(statSync(file).isFIFO()).toBe(true);
    }
  });

  test('of many writers at once one wins, whole', async () => {
    const file = join(root, 'race');
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000 + i));
    await Promise.all(texts.map((text) => writeFileAtomic(file, text)));
    expect(texts).toContain(readFileSync(file, 'utf8'));
  });
});

const disk = smallDisk(64);
afterAll(() => disk?.remove());

describe('a full disk', () => {
  test.skipIf(disk === null)(
    'leaves the old file as it was and nothing aside, also where a write is cut short',
    async () => {
      const folder = disk?.folder ?? '';
      const file = join(folder, 'record');
      await writeFileAtomic(file, 'the old one');
      // Three pages are left: the next write is short, and only the one after it fails.
      writeFileSync(join(folder, 'filler'), Buffer.alloc(48 * 1024));
      for (const size of [14_000, 70_000]) {
        const thrown = await writeFileAtomic(file, Buffer.alloc(size, 1)).catch((error: unknown) => error);
        expect(thrown).toBeInstanceOf(UserError);
        expect(String(thrown)).toMatch(/ENOSPC|could be written/);
        expect(readFileSync(file, 'utf8')).toBe('the old one');
        expect(readdirSync(folder).toSorted()).toEqual(['filler', 'record']);
      }
    },
  );

  test('as /dev/full tells one: an error', async () => {
    await expect(writeFileAtomic(join(root, 'race', 'below a file'), 'x')).rejects.toThrow('cannot write the file');
  });
});
