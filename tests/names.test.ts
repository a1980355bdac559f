import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const src = join(import.meta.dirname, '..', 'src');

it('one word has one meaning: no two files export the same name', () => {
  const places = new Map<string, string[]>();
  for (const file of globSync('**/*.ts', { cwd: src })) {
    if (file === 'index.ts') continue; // the library's door hands on, and loads on demand, what others export
    const text = readFileSync(join(src, file), 'utf8');
    for (const [, name = ''] of text.matchAll(
      /^export (?:async )?(?:abstract )?(?:function\*?|interface|type|const|class) (\w+)/gm,
    )) {
      places.set(name, [...(places.get(name) ?? []), file]);
    }
  }
  expect(places.size).toBeGreaterThan(300);
  expect([...places].filter(([, files]) => files.length > 1)).toEqual([]);
});
