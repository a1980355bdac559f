import { describe, expect, it } from 'vitest';
import type { BaselineRecord } from '../../src/records/baseline.ts';
import { baselineLines, baselineListLines } from '../../src/report/baselineLines.ts';

const row = (index: number, checkpoint = `run-${index}`) => ({
  ...{ commit: `${index}`.padStart(40, 'a'), checkpoint, createdAt: '2026-11-26T12:00:00.000Z' },
  ...{ images: 1000, failures: 40 + index, meanAler: null, sequence: index, pruned: false, replicas: [] },
});

describe('the list of baselines', () => {
  it('fits a screen, whatever there is', () => {
    expect(baselineListLines([])).toEqual([]);
    const few = baselineListLines([row(3), { ...row(2), replicas: ['seed 2'] }]);
    expect(few).toEqual([
      'aaaaaaaaaaaa  2026-11-26T12:00:00.000Z  run-3  43 of 1,000 images fail',
      'aaaaaaaaaaaa  2026-11-26T12:00:00.000Z  run-2  42 of 1,000 images fail, beside it seed 2',
    ]);
    const many = baselineListLines(Array.from({ length: 50 }, (_, index) => row(index, '\u202ebad\n')));
    expect(many).toHaveLength(21);
    expect(many.join('')).not.toMatch(/[\u202e\n]/);
    expect(many.at(-1)).toBe('and 30 older ones (--json has all)');
  });
});

describe('a baseline', () => {
  const record = (groups: number, watched: number): BaselineRecord => ({
    ...{ schemaVersion: 2, suite: 'cars', commit: 'c'.repeat(40), checkpoint: 'net', replica: false },
    ...{ createdAt: '2026-11-26T12:00:00.000Z', tool: { name: 'barlow-gate', version: '0.1.0' }, config: null },
    featureModel: { fingerprint: 'ab'.repeat(32), dimensions: 128 },
    evalSet: {
      fingerprint: 'e',
      classes: ['car', 'bus'],
      images: ['a.png', 'b.png', 'c.png', 'd.png'],
      labels: [0, 1, 0, 1],
      hashes: null,
    },
    ...{ predictions: [0, 0, 0, 1], confidences: null, failed: [0, 1, 0, 0], sketch: null },
    groups: Array.from({ length: groups }, (_, index) => ({
      ...{ id: `label:class ${index}`, size: 100, failures: index, baseErrorRate: index / 100, aler: null, leaves: [] },
    })),
    events: Array.from({ length: watched }, (_, index) => ({
      ...{ id: `e${index}`, title: 'Cars taken for buses', images: ['a.png', 'c.png'], since: 'd'.repeat(40) },
    })),
    slices: Array.from({ length: watched }, (_, index) => ({ name: `night ${index}`, images: ['a.png'], failures: 0 })),
  });

  it('is told in a screen: what was accepted, on what, and where it fails most', () => {
    const lines = baselineLines(record(2, 1));
    expect(lines.slice(0, 4)).toEqual([
      `suite cars, commit ${'c'.repeat(40)}, 2026-11-26T12:00:00.000Z`,
      'the accepted checkpoint: net, recorded by barlow-gate 0.1.0',
      'eval set: 4 images of 2 classes, of which 1 fails (25 %)',
      'features: 128 features of the network abababababab',
    ]);
    expect(lines).toContain('  images of class 1: 1 of 100 images fail (1 %), 0 leaves');
    expect(lines).toContain('  Cars taken for buses: 2 images');
    expect(lines).toContain('  night 0: 0 of 1 image fail');
  });

  it('of 2,000 groups and events too, and says that there are more', () => {
    const lines = baselineLines(record(2000, 2000));
    expect(lines.length).toBeLessThan(45);
    expect(lines).toContain('2,000 groups, the 10 with the highest error:');
    expect(lines.filter((line) => line.includes('1,990 more'))).toHaveLength(2);
    expect(lines.join('\n')).toContain('images of class 1999');
  });
});
