import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configurationDocs } from '../../scripts/configuration-docs.ts';

const page = configurationDocs();

test('docs/configuration.md is what the schema says (else run: node scripts/configuration-docs.ts)', () => {
  expect(readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')).toBe(page);
});

test('it names every key that takes a value, with its default', () => {
  for (const row of [
    '| `images` | text | none | Folder of the images;',
    '| `manifest` | text | none | ',
    '| `columns.label` | text | `"label"` | ',
    '| `layer.featureMap` | text | none | ',
    '| `tree.maxDepth` | a whole number from 1 to 5 | `3` | ',
    '| `significance` | a number above 0, at most 0.5 | `0.01` | ',
    '| `checks.NAME.operator` | one of "<", "<=", ">", ">=", "==" | needed | ',
    '| `accepted[].until` | text | needed | ',
  ]) {
    expect(page).toContain(row);
  }
  expect(page).toContain('\n## engine\n\nWhat runs models.');
  expect(page).toContain('Default: `["label","prediction","all"]`.');
});
