import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { houseTable } from './house.ts';

const root = join(import.meta.dirname, '..');
const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const [, adding = ''] = text.split('## Adding a ...');
const rows = (adding.split('\n## ')[0] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1);

it('CONTRIBUTING says where to add what, in files that are there', () => {
  expect(rows.length).toBeGreaterThan(9);
  for (const row of rows) {
    const paths = [...row.matchAll(/`((?:src|tests|schemas|scripts|docs|templates)\/[^`*]*)`/g)].map(
      ([, path]) => path,
    );
    expect(paths.length, row).toBeGreaterThan(1);
    for (const path of paths) expect([path, existsSync(join(root, path))]).toEqual([path, true]);
  }
});

it('CONTRIBUTING quotes the table of rooms that the tests enforce', () => {
  expect(text).toContain(`\`\`\`\n${houseTable}\n\`\`\``);
});
