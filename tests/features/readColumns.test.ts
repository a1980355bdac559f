import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openGivenFeatures } from '../../src/features/givenFeatures.ts';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { readColumns } from '../../src/features/readColumns.ts';
import { hasPython, python } from '../extras.ts';
import { temporaryFolder } from './extraction.ts';

function writeNpy(
  rows: number,
  columns: number,
  values: Float32Array,
  header = formatNpyHeader(rows, columns),
): string {
  const path = join(temporaryFolder(), 'features.npy');
  writeFileSync(path, Buffer.concat([header, new Uint8Array(values.buffer)]));
  return path;
}

const matrix = (rows: number, columns: number) =>
  Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i) * 1000);

describe('reading columns', () => {
  it('gives any rows and columns, whatever order the rows have in the file', async () => {
    const rows = 500;
    const dimensions = 700; // rows of 2,800 bytes: some gaps are read over, some not
    const values = matrix(rows, dimensions);
    const given = await openGivenFeatures(writeNpy(rows, dimensions, values), rows);
    const rowOf = Uint32Array.from({ length: rows }, (_, i) => (i * 171) % rows);
    const read = readColumns({ ...given, rowOf });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(rows - 1), { maxLength: 60 }),
        fc.nat(dimensions),
        fc.nat(dimensions),
        async (wanted, a, b) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          const columns = await read(Uint32Array.from(wanted), from, to);
          expect(columns.values.buffer).toBeInstanceOf(SharedArrayBuffer);
          expect([columns.rows, columns.from, columns.to]).toEqual([wanted.length, from, to]);
          const truth = Float32Array.from({ length: wanted.length * (to - from) }, (_, i) => {
            const [row, feature] = [wanted[i % wanted.length], from + Math.floor(i / wanted.length)];
            return values[rowOf[row] * dimensions + feature];
          });
          expect(Buffer.compare(new Uint8Array(columns.values.slice().buffer), new Uint8Array(truth.buffer))).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('reads into a buffer used before, larger than it needs', async () => {
    const values = matrix(5, 3);
    const given = await openGivenFeatures(writeNpy(5, 3, values), 5);
    const buffer = new SharedArrayBuffer(100);
    new Uint8Array(buffer).fill(255);
    const columns = await readColumns(given)(Uint32Array.of(4, 1), 1, 3, buffer);
    expect(columns.values.buffer).toBe(buffer);
    expect([...columns.values]).toEqual([values[13], values[4], values[14], values[5]]);
  });

  it('reads a file larger than its buffer', async () => {
    const values = matrix(3000, 1000); // 12 MB
    const file = await openGivenFeatures(writeNpy(3000, 1000, values), 3000);
    const all = Uint32Array.from({ length: 3000 }, (_, i) => i);
    const columns = await readColumns(file)(all, 0, 1000);
    for (let i = 0; i < values.length; i += 997) {
      expect(columns.values[(i % 1000) * 3000 + Math.floor(i / 1000)]).toBe(values[i]);
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s, and says where it is', async (bad) => {
    const values = matrix(20, 10);
    values[7 * 10 + 3] = bad;
    const path = writeNpy(20, 10, values);
    const read = readColumns(await openGivenFeatures(path, 20));
    const before = await read(Uint32Array.of(1, 2, 3), 0, 10);
    expect(before.rows).toBe(3);
    await expect(read(Uint32Array.of(1, 7), 0, 10)).rejects.toThrow(
      `${path}: it holds ${bad} (row 7, feature 3, counted from 0)`,
    );
  });
});

describe('features computed elsewhere', () => {
  it.each([
    ['of another length', formatNpyHeader(19, 10), 'it has 19 rows where the manifest has 20 images'],
    ['cut short', formatNpyHeader(20, 11), 'it is truncated: 928 bytes for 20 x 11 float32 values'],
    ['without features', formatNpyHeader(20, 0), 'it has no features'],
    ['of integers', header("'descr': '<i8', 'fortran_order': False, 'shape': (20, 10)"), 'holds values of type "<i8"'],
    ['in Fortran order', header("'descr': '<f4', 'fortran_order': True, 'shape': (20, 10)"), 'is in Fortran order'],
    ['of one dimension', header("'descr': '<f4', 'fortran_order': False, 'shape': (200,)"), 'has shape (200), not'],
    ['of three', header("'descr': '<f4', 'fortran_order': False, 'shape': (20, 5, 2)"), 'has shape (20, 5, 2), not'],
    ['of another format', Buffer.from('image,feature\n1,2\n'), 'is not a .npy file'],
    ['without its header', header('nothing'), 'has a corrupt .npy header'],
  ])('%s are refused', async (_, start, message) => {
    const path = writeNpy(20, 10, matrix(20, 10), start);
    await expect(openGivenFeatures(path, 20)).rejects.toThrow(message);
  });

  it('that are missing are refused', async () => {
    await expect(openGivenFeatures('/nowhere/features.npy', 20)).rejects.toThrow('the feature file cannot be read');
  });

  it('are known by what is in them, not by their name', async () => {
    const values = matrix(20, 10);
    const twenty = await openGivenFeatures(writeNpy(20, 10, values), 20);
    expect((await openGivenFeatures(writeNpy(20, 10, values), 20)).model).toEqual(twenty.model);
    const other = Float32Array.from(values, (value, at) => (at === 57 ? value + 1 : value));
    expect((await openGivenFeatures(writeNpy(20, 10, other), 20)).model.fingerprint).not.toBe(twenty.model.fingerprint);
    const wider = await openGivenFeatures(writeNpy(20, 11, matrix(20, 11)), 20);
    expect(wider.model.fingerprint).not.toBe(twenty.model.fingerprint);
  });
});

describe.skipIf(!hasPython('numpy'))('files written by NumPy (needs python3-numpy)', () => {
  it.each([['float32'], ['float64']])('%s are read, in every version of the format', async (dtype) => {
    const folder = temporaryFolder();
    python(NUMPY, folder, dtype);
    for (const version of [1, 2, 3]) {
      const file = await openGivenFeatures(join(folder, `${version}.npy`), 6);
      const { values } = await readColumns(file)(Uint32Array.of(5, 0), 1, 3);
      expect([...values]).toEqual([16, 1, 17, 2].map((value) => Math.fround(value / 3)));
    }
  });
});

const NUMPY = `
import sys, numpy as np
a = (np.arange(18).reshape(6, 3) / 3).astype(sys.argv[2])
for version in (1, 2, 3):
    with open(f'{sys.argv[1]}/{version}.npy', 'wb') as file:
        np.lib.format.write_array(file, a, version=(version, 0))
`;

/** A header as NumPy writes it, with any fields. */
function header(fields: string): Buffer {
  const text = Buffer.alloc(118, ' ');
  text.write(`{${fields}, }`);
  text.write('\n', 117);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'), text]);
}
