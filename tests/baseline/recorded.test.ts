import { describe, expect, test } from 'vitest';
import { decodeBaseline, encodeBaseline } from '../../src/baseline/codec.ts';
import { comparedWith, isSameOutcome, outcomeOf, withoutRepeats } from '../../src/baseline/compared.ts';
import { alignWithBaseline, type Candidate, differencesFrom } from '../../src/baseline/compatible.ts';
import { evalSetChanges } from '../../src/baseline/evalSetChanges.ts';
import { parseHistoryRow, rowOf } from '../../src/baseline/historyRow.ts';
import { baselineRecord, commonGround } from '../../src/baseline/record.ts';
import { UserError } from '../../src/errors.ts';
import type { BaselineRecord } from '../../src/records/baseline.ts';
import type { EvalSet } from '../../src/records/evalSet.ts';
import { sampleCheckpoint, sampleGroup, sampleResult } from '../report/sampleResult.ts';
import { commitsIn, otherwise } from './foundIn.ts';
import { sampleRecord } from './sampleRecord.ts';

const record = sampleRecord();
const { images, labels, classes } = record.evalSet;

function evalSet(part: Partial<EvalSet> = {}): EvalSet {
  const { fingerprint } = record.evalSet;
  return { images, labels: Int32Array.from(labels), classes, fingerprint, folder: null, columns: new Map(), ...part };
}

/** What is thrown, as the user is told it. */
function thrownBy(doing: () => unknown): UserError {
  try {
    doing();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('what became of the images of a baseline', () => {
  const hashes = images.map((_, i) => `${i.toString(16).padStart(16, '0')}${'f'.repeat(48)}`);

  test('nothing: the hashes of now begin as those of then', () => {
    const none = { images: 40, lost: 0, relabelled: 0, rewritten: 0, added: 0 };
    expect(evalSetChanges(evalSet(), hashes, record)).toEqual(none);
    expect(evalSetChanges(evalSet(), null, record)).toEqual(none);
  });

  test('lost, relabelled, rewritten and added ones, each image counted once', () => {
    // 0 and 1 are gone, 2 and 3 change places with their labels, 5 has other bytes; 3 has both, and is relabelled.
    const now = [...images.slice(2), 'new/a.png', 'new/b.png', 'new/c.png'];
    const set = evalSet({ images: now, labels: Int32Array.from([1, 0, ...labels.slice(4), 0, 1, 0]) });
    const bytes = [...hashes.slice(2), ...['a', 'b', 'c'].map((each) => each.repeat(64))].map((hash, row) =>
      row === 1 || row === 3 ? '9'.repeat(64) : hash,
    );
    expect(evalSetChanges(set, bytes, record)).toEqual({ images: 40, lost: 2, relabelled: 2, rewritten: 1, added: 3 });
    expect(evalSetChanges(set, null, record)).toMatchObject({ relabelled: 2, rewritten: 0 });
    const unhashed = sampleRecord({ evalSet: { ...record.evalSet, hashes: null } });
    expect(evalSetChanges(set, bytes, unhashed)).toMatchObject({ relabelled: 2, rewritten: 0 });
  });

  test('labels are one where their names are, whatever their order', () => {
    const set = evalSet({ classes: ['dog', 'cat'], labels: Int32Array.from(labels, (label) => 1 - label) });
    expect(evalSetChanges(set, null, record)).toMatchObject({ relabelled: 0 });
    expect(evalSetChanges(evalSet({ classes: ['dog', 'cat'] }), null, record)).toMatchObject({ relabelled: 40 });
  });
});

describe('what is recorded of a checkpoint', () => {
  const [result, analysed] = [sampleResult(), sampleCheckpoint({ groups: [sampleGroup()] })];
  const checkpoint = {
    name: 'the model',
    predictions: Int32Array.from(record.predictions ?? []),
    failed: Uint8Array.from(record.failed),
    confidence: Float64Array.from(images, (_, row) => (row + 1) / 3e6),
  };
  const more = {
    ...{ replica: true, config: 'a/barlow.yml', hashes: images.map(() => 'ab'.repeat(32)), sketch: record.sketch },
    ...{ events: record.events, slices: record.slices },
  };

  test('is all that a later run compares with, and is read again as it was', () => {
    const made = baselineRecord(result, analysed, checkpoint, evalSet(), more);
    const { groups, confidences, evalSet: set, ...rest } = made;
    expect(rest).toEqual({
      ...{ schemaVersion: 2, suite: 'cifar10', commit: result.commit, checkpoint: 'the model', replica: true },
      ...{ createdAt: '2026-05-04T03:02:01.000Z', tool: result.tool, config: 'a/barlow.yml' },
      featureModel: { fingerprint: 'f'.repeat(64), dimensions: 128 },
      ...{ predictions: record.predictions, failed: record.failed, sketch: record.sketch },
      ...{ events: record.events, slices: record.slices },
    });
    expect(set).toEqual({ ...record.evalSet, hashes: images.map(() => 'ab'.repeat(8)) });
    // In millionths: a third, two thirds, one.
    expect(confidences?.slice(0, 3)).toEqual([0, 0.000001, 0.000001]);
    const { id, size, failures, baseErrorRate, aler, leaves } = sampleGroup();
    expect(groups).toEqual([{ id, size, failures, baseErrorRate, aler, leaves }]);
    expect(decodeBaseline(encodeBaseline(made), '', '')).toEqual(made);
  });

  test('without predictions, confidences and bytes', () => {
    const blind = { ...checkpoint, predictions: null, confidence: null };
    const made = baselineRecord(result, analysed, blind, evalSet(), {
      ...more,
      hashes: null,
      sketch: null,
      config: null,
    });
    expect(made).toMatchObject({ predictions: null, confidences: null, sketch: null, config: null });
    expect(made.evalSet.hashes).toBeNull();
    expect(decodeBaseline(encodeBaseline(made), '', '')).toEqual(made);
  });

  test('needs a commit', () => {
    expect(
      thrownBy(() => baselineRecord({ ...result, commit: null }, analysed, checkpoint, evalSet(), more)),
    ).toMatchObject({
      what: 'a baseline is recorded for a commit, and this is not in a git repository with one',
      where: 'baseline',
      fix: 'Commit first, or give --commit with a name for the state of the model',
    });
  });

  test('leaves a row: counts, and the mean ALER of the groups that have one', () => {
    const [group] = record.groups;
    const groups = [group, { ...group, aler: null }, { ...group, aler: 0.4375 }];
    const row = {
      ...{ commit: record.commit, checkpoint: 'candidate', createdAt: record.createdAt, images: 40, failures: 8 },
      ...{ meanAler: 0.375, sequence: 7, pruned: false },
    };
    expect(rowOf(sampleRecord({ groups }), 7)).toEqual(row);
    expect(rowOf(sampleRecord({ groups: [] }))).toEqual({ ...row, meanAler: null, sequence: 0 });
    const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
    expect(parseHistoryRow(bytes(row))).toEqual(row);
    const { sequence, pruned, ...early } = row;
    expect(parseHistoryRow(bytes(early))).toEqual({ ...early, sequence: 0, pruned: false });
    expect([sequence, pruned]).toEqual([7, false]);
    // A newer version may say more.
    expect(parseHistoryRow(bytes({ ...row, more: 1 }))).toMatchObject(row);
    for (const [change, said] of [
      [{ commit: '' }, 'commit'],
      [{ checkpoint: 1 }, 'checkpoint'],
      [{ createdAt: '2026-01-02' }, 'createdAt'],
      [{ createdAt: '2026-01-02T03:04:05Z and more' }, 'createdAt'],
      [{ images: -1 }, 'images'],
      [{ failures: 0.5 }, 'failures'],
      [{ meanAler: '0' }, 'meanAler'],
      [{ sequence: -1 }, 'sequence'],
      [{ pruned: 0 }, 'pruned'],
    ] as const) {
      expect(() => parseHistoryRow(bytes({ ...row, ...change }))).toThrow(said);
    }
    for (const value of [null, [], 'row', {}]) expect(() => parseHistoryRow(bytes(value))).toThrow('the whole');
    expect(parseHistoryRow(bytes({ ...row, createdAt: '2026-01-02T03:04:05Z' })).createdAt).toBe(
      '2026-01-02T03:04:05Z',
    );
  });
});

describe('two checkpoints are one', () => {
  const change = (part: Partial<BaselineRecord>) => outcomeOf(sampleRecord(part));
  const same = (part: Partial<BaselineRecord>) => isSameOutcome(outcomeOf(record), change(part));
  const flipped = <T>(list: readonly T[], at: number, value: T) => list.with(at, value);

  test('where images, labels, predictions and failures are, by name', () => {
    expect(same({})).toBe(true);
    expect(same({ checkpoint: 'another', commit: 'b' })).toBe(true);
    expect(same({ failed: flipped(record.failed, 39, 1) })).toBe(false);
    expect(same({ predictions: flipped(record.predictions ?? [], 0, 0) })).toBe(false);
    expect(same({ predictions: null })).toBe(false);
    expect(isSameOutcome(change({ predictions: null }), outcomeOf(record))).toBe(false);
    expect(isSameOutcome(change({ predictions: null }), change({ predictions: null }))).toBe(true);
    const set = record.evalSet;
    expect(same({ evalSet: { ...set, labels: flipped(labels, 5, 0) } })).toBe(false);
    expect(same({ evalSet: { ...set, images: flipped(images, 5, 'other.png') } })).toBe(false);
    expect(same({ evalSet: { ...set, images: [...images, 'more.png'], labels: [...labels, 0] } })).toBe(false);
    // Other numbers for the same names.
    const renumbered = { ...set, classes: ['dog', 'cat'], labels: labels.map((each) => 1 - each) };
    expect(same({ evalSet: renumbered, predictions: (record.predictions ?? []).map((each) => 1 - each) })).toBe(true);
    expect(same({ evalSet: renumbered })).toBe(false);
  });

  test('its own record is not compared with, and there must be one to be without', () => {
    const checkpoint = { name: 'x', predictions: null, failed: Uint8Array.from(record.failed), confidence: null };
    const none = { kind: 'found', head: null, records: [], notes: [] } as const;
    expect(() => comparedWith(none, evalSet(), checkpoint, 1)).toThrow('what is of no commit has no record of its own');
    const empty = { kind: 'empty-suite', others: ['a'], notes: ['b'] } as const;
    expect(comparedWith(empty, evalSet(), checkpoint, 1)).toBe(empty);
  });
});

describe("a run's own record", () => {
  test('one model recorded again at other commits counts once in a window', () => {
    const at = (commit: string, part: Partial<BaselineRecord> = {}) => sampleRecord({ commit, ...part });
    const other = otherwise(3, { commit: 'b'.repeat(40) });
    const records = [at('a'.repeat(40)), at('c'.repeat(40)), other, at('d'.repeat(40), { replica: true })] as const;
    expect(commitsIn(withoutRepeats({ kind: 'found', records }))).toEqual(['a'.repeat(40), 'b'.repeat(40)]);
    expect(withoutRepeats({ kind: 'own', commit: 'x' })).toEqual({ kind: 'own', commit: 'x' });
  });

  test('has the same images with the same labels, in whatever order', async () => {
    const record = sampleRecord();
    const found = { kind: 'found', head: record.commit, records: [record], notes: [] } as const;
    const { evalSet, predictions, failed } = record;
    const order = [...evalSet.images.keys()].toReversed();
    const judged = (rows: readonly number[], labels = evalSet.labels) => {
      const pick = (list: readonly number[]) => rows.map((row) => list[row] ?? 0);
      const images = rows.map((row) => evalSet.images[row] ?? '');
      const set = { ...evalSet, images, labels: Int32Array.from(pick(labels)), folder: null, columns: new Map() };
      const checkpoint = { name: 'x', failed: Uint8Array.from(pick(failed)), confidence: null };
      return comparedWith(found, set, { ...checkpoint, predictions: Int32Array.from(pick(predictions ?? [])) }, 3).kind;
    };
    expect(judged(order)).toBe('own');
    // The failing images taken out, at the same commit: not the accepted one, and to be compared with it.
    expect(judged(order.filter((row) => failed[row] === 0))).toBe('found');
    expect(judged(order, evalSet.labels.toSpliced(0, 1, 1))).toBe('found');
  });
});

describe('in what a baseline differs', () => {
  const candidate = (part: Partial<EvalSet> = {}): Candidate => ({
    evalSet: evalSet(part),
    featureModel: { ...record.featureModel, engine: 'file' },
  });

  test('in classes: three names of each kind, and how many more', () => {
    const now = candidate({ classes: ['cat', 'a', 'b', 'c'] });
    expect(differencesFrom(now, record).classes).toBe('2 then, 4 now; only now: "a", "b", "c"; only then: "dog"');
    const more = candidate({ classes: ['cat', 'dog', 'a', 'b', 'c', 'd', 'e'] });
    expect(differencesFrom(more, record).classes).toBe('2 then, 7 now; only now: "a", "b", "c" and 2 more');
    const longer = candidate({ classes: ['cat', 'dog', 'dog'] });
    expect(differencesFrom(longer, record).classes).toBe('2 then, 3 now; the same names in another order');
  });

  test('in images: what is not compared, each kind in a sentence', () => {
    const relabelled = candidate({ labels: Int32Array.from(labels).fill(1, 0, 8) });
    expect(alignWithBaseline(relabelled, record).notes).toEqual([
      'Not compared, as their label is another now: 4 images (first: "images/000.png", "images/002.png", "images/004.png" and 1 more).',
    ]);
    const gone = candidate({ images: images.slice(1), labels: Int32Array.from(labels.slice(1)) });
    expect(alignWithBaseline(gone, record).notes).toEqual([
      'Compared on the 39 images that both have: the baseline lacks 0 of the images evaluated now, and 1 of its images are not evaluated now.',
    ]);
    const more = candidate({ images: [...images, 'x'], labels: Int32Array.from([...labels, 0]) });
    expect(alignWithBaseline(more, record).notes).toEqual([
      'Compared on the 40 images that both have: the baseline lacks 1 of the images evaluated now, and 0 of its images are not evaluated now.',
    ]);
  });

  test('too far: how far, of which baseline, and what to do', () => {
    const few = candidate({ images: images.slice(0, 19), labels: Int32Array.from(labels.slice(0, 19)) });
    expect(thrownBy(() => alignWithBaseline(few, record))).toMatchObject({
      what: "too few images in common: 19 with the same label, of the 19 evaluated now and of the baseline's 40 (half of both is needed)",
      where: 'baseline aaaaaaaaaaaa of suite "cifar10"',
      fix: 'Evaluate the images the baseline was recorded on, or accept a checkpoint on the eval set as it is: barlow baseline record',
    });
    const none = sampleRecord({ evalSet: { ...record.evalSet, images: [], labels: [] } });
    expect(
      thrownBy(() => alignWithBaseline(candidate({ images: [], labels: new Int32Array(0) }), none)).what,
    ).toContain('too few images in common: 0 ');
  });

  test('of a window those that lack an image, or label one otherwise, are left out; each checkpoint is put in one order', () => {
    const order = [...images.keys()].toReversed();
    const pick = <T>(list: readonly T[]) => order.flatMap((row) => list.slice(row, row + 1));
    const turned = sampleRecord({
      ...{
        commit: 'turned',
        checkpoint: 'second',
        evalSet: { ...record.evalSet, images: pick(images), labels: pick(labels), hashes: null },
      },
      ...{
        predictions: record.predictions && pick(record.predictions),
        confidences: record.confidences && pick(record.confidences),
      },
      failed: pick(record.failed),
    });
    const otherwise = sampleRecord({
      commit: 'b'.repeat(40),
      evalSet: { ...record.evalSet, labels: labels.with(3, 0) },
    });
    const blind = sampleRecord({ commit: 'blind', predictions: null, confidences: null });
    const ground = commonGround(candidate(), [record, turned, otherwise, blind]);
    expect(ground.records.map(({ commit }) => commit)).toEqual([record.commit, 'turned', 'blind']);
    expect(ground.leftOut).toEqual([
      'Not compared with bbbbbbbbbbbb: it lacks images that a later baseline has, or labels them otherwise.',
    ]);
    expect(ground.notes).toEqual([]);
    const [first, second, third] = ground.checkpoints;
    expect(second).toEqual({ ...first, name: 'second' });
    expect([...(first.predictions ?? [])]).toEqual(record.predictions);
    expect([...(first.confidence ?? [])]).toEqual(record.confidences);
    expect([...first.failed]).toEqual(record.failed);
    expect(third).toMatchObject({ predictions: null, confidence: null });
  });
});
