import type { Leaf } from '../../src/records/analysis.ts';
import type { BaselineRecord } from '../../src/records/baseline.ts';

/** A small valid record; `part` replaces what a test is about. */
export function sampleRecord(part: Partial<BaselineRecord> = {}): BaselineRecord {
  const images = Array.from({ length: 40 }, (_, i) => `images/${String(i).padStart(3, '0')}.png`);
  const labels = images.map((_, i) => i % 2);
  const failed = images.map((_, i) => Number(i % 5 === 0));
  return {
    schemaVersion: 2,
    suite: 'cifar10',
    commit: 'a'.repeat(40),
    checkpoint: 'candidate',
    replica: false,
    createdAt: '2026-01-02T03:04:05.678Z',
    tool: { name: 'barlow-gate', version: '0.1.0' },
    config: 'barlow.yml',
    featureModel: { fingerprint: 'f'.repeat(64), dimensions: 128 },
    evalSet: { fingerprint: 'e'.repeat(64), classes: ['cat', 'dog'], images, labels, hashes: images.map(hashOf) },
    predictions: labels.map((label, i) => (failed[i] === 1 ? 1 - label : label)),
    confidences: images.map((_, i) => i / 40),
    failed,
    sketch: { images: images.slice(0, 2), features: [0, 5], values: [0.5, -1.25, 3, 0] },
    groups: [{ id: 'label:cat', size: 20, failures: 4, baseErrorRate: 0.2, aler: 0.3125, leaves: [leaf] }],
    events: [{ id: 'e1', title: 'cats taken for dogs', images: images.slice(0, 1), since: 'b'.repeat(40) }],
    slices: [{ name: 'night', images: images.slice(3, 5), failures: 1 }],
    ...part,
  };
}

const hashOf = (_: string, i: number) => i.toString(16).padStart(16, '0');

const leaf: Leaf = {
  id: 'label:cat#0123abcd',
  node: 2,
  rule: [
    { feature: 17, op: '>', threshold: 0.1 + 0.2 },
    { feature: 3, op: '<=', threshold: 1 / 3 },
  ],
  size: 8,
  failures: 3,
  errorRate: 0.375,
  errorCoverage: 0.75,
  importanceValue: 0.28125,
  failureMode: true,
};
