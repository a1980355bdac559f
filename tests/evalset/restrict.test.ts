import { expect, it } from 'vitest';
import { restrictCheckpoint, restrictEvalSet } from '../../src/evalset/restrict.ts';
import type { EvalSet } from '../../src/records/evalSet.ts';

const evalSet: EvalSet = {
  images: ['a.png', 'b.png', 'c.png'],
  folder: '/images',
  classes: ['cat', 'dog', 'ibex'],
  labels: Int32Array.of(2, 0, 1),
  columns: new Map([['light', ['day', 'night', 'dusk']]]),
  fingerprint: 'of all',
};
const rows = Uint32Array.of(2, 0);

it('an eval set is restricted to rows in the order given; its classes stay', () => {
  const { fingerprint, ...some } = restrictEvalSet(evalSet, rows);
  expect(some).toEqual({
    ...{ images: ['c.png', 'a.png'], folder: '/images', classes: ['cat', 'dog', 'ibex'], labels: Int32Array.of(1, 2) },
    columns: new Map([['light', ['dusk', 'day']]]),
  });
  const all = Uint32Array.of(0, 1, 2);
  const whole = restrictEvalSet({ ...evalSet, fingerprint: '' }, all).fingerprint;
  expect(new Set([fingerprint, whole, 'of all']).size).toBe(3);
  // Restricted in two steps it is the same.
  expect(restrictEvalSet(restrictEvalSet(evalSet, Uint32Array.of(0, 2)), Uint32Array.of(1, 0)).fingerprint).toBe(
    fingerprint,
  );
});

it('a checkpoint is restricted with what it has', () => {
  const failed = Uint8Array.of(1, 0, 0);
  const full = { name: 'one', predictions: Int32Array.of(0, 0, 1), failed, confidence: Float64Array.of(0.1, 0.2, 0.3) };
  expect(restrictCheckpoint(full, rows)).toEqual({
    ...{ name: 'one', predictions: Int32Array.of(1, 0), failed: Uint8Array.of(0, 1) },
    confidence: Float64Array.of(0.3, 0.1),
  });
  const bare = { name: 'two', predictions: null, failed, confidence: null };
  expect(restrictCheckpoint(bare, rows)).toEqual({ ...bare, failed: Uint8Array.of(0, 1) });
});
