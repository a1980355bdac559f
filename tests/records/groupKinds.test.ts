import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupsOf } from '../../src/analysis/groups.ts';
import type { Checkpoint, EvalSet } from '../../src/records/evalSet.ts';
import { groupKinds, groupOfId } from '../../src/records/groupKinds.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const config = JSON.parse(read('schemas/config.schema.json')).properties.groups;

const evalSet: EvalSet = {
  images: ['0.png', '1.png', '2.png', '3.png'],
  folder: null,
  classes: ['a:b', 'bee', 'constructor'],
  labels: Int32Array.of(0, 1, 2, 2),
  columns: new Map([
    ['light', ['day', 'x:y', 'day', 'toString']],
    ['label', ['bee', 'x', 'x', 'x']],
  ]),
  fingerprint: '',
};
const checkpoint: Checkpoint = {
  name: 'c',
  predictions: Int32Array.of(1, 1, 0, 2),
  failed: Uint8Array.of(1, 0, 1, 0),
  confidence: null,
};

describe('the kinds of group', () => {
  it('are those of the schemas', () => {
    const forms = groupKinds.flatMap(({ inConfig }) => inConfig);
    const patterns = forms.map((form) => form.replace(/[A-Z]+$/, '.+'));
    expect(config.items.pattern).toBe(`^(${patterns.join('|')})$`);
    for (const form of forms) {
      expect(config.description).toContain(`\`${form}\``);
      expect(config.items.description).toContain(`\`${form}\``);
    }
    const group = JSON.parse(read('schemas/result.schema.json')).definitions.group.properties;
    expect([...group.grouping.enum].sort()).toEqual(groupKinds.map(({ name }) => name).sort());
    for (const { ids } of groupKinds) expect(group.id.description).toContain(`\`${ids}\``);
  });

  it('are all told in docs/method.md', () => {
    const method = read('docs/method.md');
    for (const { ids } of groupKinds) expect(method).toContain(`\`${ids}\``);
  });

  it('are known by the ids of their groups, and the group found again by its id', () => {
    for (const kind of groupKinds) {
      const spec = kind.name === 'column' ? 'column:light' : kind.name;
      const groups = groupsOf([spec], evalSet, checkpoint);
      expect(groups.length).toBeGreaterThan(0);
      for (const { id, grouping, value } of groups) {
        expect(grouping).toBe(kind.name);
        expect(groupOfId(id)).toEqual({ kind, value, column: kind.name === 'column' ? 'light' : null });
        expect(groupsOf([kind.specOf(id)], evalSet, checkpoint).map((group) => group.id)).toContain(id);
      }
    }
  });

  it('refuse a column that has the name of one, whose groups would pass for its own', () => {
    expect(() => groupsOf(['column:label'], evalSet, checkpoint)).toThrow(/"label" has the name of a kind of group/);
  });
});
