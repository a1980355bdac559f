import { createHash } from 'node:crypto';
import { brotliCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBaseline, encodeBaseline } from '../../src/baseline/codec.ts';
import { UserError } from '../../src/errors.ts';
import type { BaselineRecord } from '../../src/records/baseline.ts';
import { imagenetSizeRecord } from './imagenetSize.ts';
import { sampleRecord } from './sampleRecord.ts';

const decode = (bytes: Uint8Array) => decodeBaseline(bytes, 'somewhere', 'Do something');

function sealed(value: unknown, version = 2): Buffer {
  const body = brotliCompressSync(typeof value === 'string' ? value : JSON.stringify(value));
  const checksum = createHash('sha256').update(body).digest('hex');
  return Buffer.concat([Buffer.from(`barlow-baseline ${version} sha256:${checksum}\n`), body]);
}

describe('a baseline as bytes', () => {
  test('comes back as it was, thresholds to the last bit', () => {
    const record = sampleRecord();
    expect(decode(encodeBaseline(record))).toEqual(record);
    expect(decode(encodeBaseline(sampleRecord({ predictions: null }))).predictions).toBeNull();
  });

  test('any names, suites and doubles come back', () => {
    const doubles = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'grapheme' }),
        doubles,
        (suite, image, threshold) => {
          const base = sampleRecord();
          const [first] = base.groups;
          const [leaf] = first?.leaves ?? [];
          if (!first || !leaf) throw new Error('the sample has a leaf');
          const record = sampleRecord({
            suite,
            evalSet: { ...base.evalSet, images: [`${image}!`, ...base.evalSet.images.slice(1)] },
            groups: [{ ...first, leaves: [{ ...leaf, rule: [{ feature: 0, op: '>', threshold: threshold + 0 }] }] }],
          });
          expect(decode(encodeBaseline(record))).toEqual(record);
        },
      ),
    );
  });

  test('the same record gives the same bytes, whatever the order of its keys', () => {
    const record = sampleRecord();
    const reversed: unknown = JSON.parse(JSON.stringify(record), (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toReversed())
        : value,
    );
    const isRecord = (value: unknown): value is BaselineRecord => typeof value === 'object' && value !== null;
    if (!isRecord(reversed)) throw new Error('a record');
    expect(Object.keys(reversed)[0]).toBe('slices');
    expect(encodeBaseline(reversed).equals(encodeBaseline(record))).toBe(true);
  });

  test('ImageNet size (50,000 predictions, 1,000 classes, 2,000 trees of depth 3) with hashes and confidences, stays under 3 MB', () => {
    const record = imagenetSizeRecord();
    const bytes = encodeBaseline(record);
    expect(bytes.length).toBeLessThan(3_000_000);
    expect(decode(bytes)).toEqual(record);
  });
});

describe('records of schema 1', () => {
  const {
    replica: _,
    config: __,
    confidences: ___,
    sketch: ____,
    events: _____,
    slices: ______,
    ...rest
  } = sampleRecord();
  const { hashes: _______, ...evalSet } = rest.evalSet;
  const early = { ...rest, schemaVersion: 1, evalSet };

  test('are read, and know nothing of what came later', () => {
    const { evalSet: read, ...record } = decode(sealed(early, 1));
    expect(read).toEqual({ ...evalSet, hashes: null });
    const unknown = { replica: false, config: null, confidences: null, sketch: null, events: [], slices: [] };
    const { evalSet: was, schemaVersion: number, ...same } = early;
    expect(record).toEqual({ ...same, ...unknown, schemaVersion: 2 });
    expect([was, number]).toEqual([evalSet, 1]);
  });

  test('are no records where they are none, or lack what schema 2 has and say that they are of it', () => {
    for (const value of [null, [], 1, { ...early, schemaVersion: 2 }])
      expect(() => decode(sealed(value, 1))).toThrow('the baseline breaks its schema: ');
    expect(() => decode(sealed({ ...early, evalSet: 1 }, 1))).toThrow('breaks its schema: evalSet must be object');
    expect(decode(sealed(sampleRecord(), 1))).toEqual(sampleRecord());
  });

  test('under the header of schema 2 are no records', () => {
    expect(() => decode(sealed(early, 2))).toThrow('breaks its schema');
  });
});

test('what would be refused on reading is not written', () => {
  const createdAt = '+058824-03-01T00:00:00.000Z';
  expect(() => encodeBaseline(sampleRecord({ createdAt }))).toThrow(
    'could not be read again: it breaks its schema: createdAt',
  );
  expect(() => encodeBaseline(sampleRecord({ confidences: [1] }))).toThrow('40 images and 1 confidences');
});

describe('a damaged baseline is told as such, never read', () => {
  const good = encodeBaseline(sampleRecord());
  const told = (bytes: Uint8Array) => {
    try {
      decode(bytes);
    } catch (error) {
      if (error instanceof UserError) return error.what;
      throw error;
    }
    return 'read';
  };

  test('every truncation', () => {
    expect(told(good.subarray(0, 0))).toContain('empty');
    for (let length = 1; length < good.length; length++) {
      expect(told(good.subarray(0, length))).toMatch(/this is no baseline|cut off or garbled/);
    }
  });

  test('every flipped byte', () => {
    for (let at = 0; at < good.length; at++) {
      const bytes = Buffer.from(good);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x41, at);
      expect(told(bytes)).toMatch(/this is no baseline|cut off or garbled|schema version/);
    }
  });

  test('bytes appended, other files, noise', () => {
    expect(told(Buffer.concat([good, Buffer.from('\n')]))).toContain('garbled');
    expect(told(Buffer.from('{}'))).toContain('this is no baseline');
    const [hash, line] = ['0'.repeat(64), 'barlow-baseline 2 sha256:'];
    for (const start of [
      ` ${line}${hash}\n`,
      `${line}${hash}`,
      `${line}${hash}0\n`,
      `${line}${hash.slice(1)}\n`,
      `${line}${'g'.repeat(64)}\n`,
      `barlow-baseline 1234567890 sha256:${hash}\n`,
      `barlow-baseline  sha256:${hash}\n`,
    ])
      expect(told(Buffer.from(start))).toBe(
        'this is no baseline: it does not start with the line "barlow-baseline ..."',
      );
    expect(told(Buffer.from(`${line}${hash}\nabc`))).toBe(
      'the baseline is cut off or garbled: its checksum does not match its 3 bytes',
    );
    fc.assert(fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => told(bytes).includes('this is no baseline')));
  });

  test('a newer schema is named, with what to do, before its body is looked at', () => {
    expect(() => decode(Buffer.from(`barlow-baseline 0 sha256:${'0'.repeat(64)}\n`))).toThrow('schema version 0; this');
    const newer = () => decode(Buffer.from(`barlow-baseline 3 sha256:${'0'.repeat(64)}\nanything`));
    expect(newer).toThrow('schema version 3; this barlow-gate reads up to version 2');
    expect(newer).toThrow('Use the version of barlow-gate that recorded it');
    expect(told(sealed({ ...sampleRecord(), schemaVersion: 7 }))).toContain('schema version 7');
  });

  test.each<[string, unknown, string]>([
    ['no JSON', '{"a":', 'cannot be unpacked'],
    ['null', null, 'breaks its schema'],
    ['an empty object', {}, 'breaks its schema'],
    ['an unknown key', { ...sampleRecord(), more: 1 }, 'breaks its schema'],
    ['a fraction for a failure', { ...sampleRecord(), failed: sampleRecord().failed.map(() => 0.5) }, 'failed.0'],
    ['failures short by one', sampleRecord({ failed: sampleRecord().failed.slice(1) }), '40 images and 39 failures'],
    ['predictions short by one', sampleRecord({ predictions: [0] }), '40 images and 1 predictions'],
    [
      'a prediction of no class',
      sampleRecord({ predictions: sampleRecord().failed.map(() => 2) }),
      'beyond its 2 classes',
    ],
    ['confidences short by one', sampleRecord({ confidences: [1] }), '40 images and 1 confidences'],
    [
      'a sketch of too few values',
      sampleRecord({ sketch: { images: ['a', 'b'], features: [0, 1], values: [1] } }),
      'a sketch of 2 images and 2 features with 1 values',
    ],
    [
      'a label of no class',
      sampleRecord({ evalSet: { ...sampleRecord().evalSet, labels: sampleRecord().failed.map(() => 2) } }),
      'a label beyond its 2 classes',
    ],
    [
      'hashes short by one',
      sampleRecord({ evalSet: { ...sampleRecord().evalSet, hashes: ['0'.repeat(16)] } }),
      'contradicts itself: 40 images and 1 hashes',
    ],
    [
      'labels short by one',
      sampleRecord({ evalSet: { ...sampleRecord().evalSet, labels: [0] } }),
      'contradicts itself: 40 images and 1 labels',
    ],
    [
      'an image that is listed twice',
      sampleRecord({
        evalSet: { ...sampleRecord().evalSet, images: sampleRecord().evalSet.images.with(3, 'images/000.png') },
      }),
      'contradicts itself: an image is listed twice',
    ],
    ['a date that is none', { ...sampleRecord(), createdAt: 'yesterday' }, 'createdAt'],
  ])('well sealed, but %s', (_, value, message) => {
    expect(told(sealed(value))).toContain(message);
  });

  test('a body that is no Brotli, under a right checksum', () => {
    const body = Buffer.from('not packed');
    const checksum = createHash('sha256').update(body).digest('hex');
    expect(told(Buffer.concat([Buffer.from(`barlow-baseline 1 sha256:${checksum}\n`), body]))).toContain(
      'cannot be unpacked',
    );
  });
});
