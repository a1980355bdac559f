import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { openGivenFeatures } from '../../src/features/givenFeatures.ts';
import { formatNpyHeader } from '../../src/features/npy.ts';
import { openFeatures } from '../../src/features/openFeatures.ts';
import { openParquetFeatures } from '../../src/features/parquetFeatures.ts';
import { readParquetColumns } from '../../src/features/readParquetColumns.ts';
import { root } from '../images/fixtures.ts';
import { source, temporaryFolder } from './extraction.ts';

const fixture = (name: string) => join(root, 'tests', 'data', 'parquet', `${name}.parquet`);
const [ROWS, WIDTH] = [37, 5];
const images = Array.from({ length: ROWS }, (_, row) => `image${row}.png`);
/** As make.py beside the fixtures says. */
const value = (row: number, feature: number) => ((31 * row + 17 * feature) % 101) / 8;

async function refusal(opening: Promise<unknown>): Promise<UserError> {
  const thrown = await opening.then(
    () => null,
    (error: unknown) => error,
  );
  if (thrown instanceof UserError) return thrown;
  throw new Error(`not refused: ${String(thrown)}`);
}

describe('features in a Parquet file of pyarrow', () => {
  it.each(['list', 'fixed', 'required', 'stream_split', 'named', 'wide'])(
    '%s: any rows and columns are those that were written, kept pages or none',
    async (name) => {
      const file = await openParquetFeatures(fixture(name), images, 'image');
      expect(file.dimensions).toBe(WIDTH);
      for (const read of [readParquetColumns(file), readParquetColumns(file, 0)]) {
        await fc.assert(
          fc.asyncProperty(
            fc.uniqueArray(fc.nat(ROWS - 1), { maxLength: ROWS }),
            fc.nat(WIDTH),
            fc.nat(WIDTH),
            async (rows, a, b) => {
              const [from, to] = [Math.min(a, b), Math.max(a, b)];
              const columns = await read(Uint32Array.from(rows), from, to);
              expect([columns.rows, columns.from, columns.to]).toEqual([rows.length, from, to]);
              const truth = Array.from({ length: to - from }, (_, j) => rows.map((row) => value(row, from + j))).flat();
              expect([...columns.values]).toEqual(truth);
            },
          ),
          { numRuns: 60 },
        );
      }
    },
  );

  it('are known by the fingerprint of the same values in a .npy', async () => {
    const values = Float32Array.from({ length: ROWS * WIDTH }, (_, at) => value(Math.floor(at / WIDTH), at % WIDTH));
    const npy = join(temporaryFolder(), 'features.npy');
    writeFileSync(npy, Buffer.concat([formatNpyHeader(ROWS, WIDTH), new Uint8Array(values.buffer)]));
    const { model } = await openGivenFeatures(npy, ROWS);
    for (const name of ['list', 'fixed', 'required', 'stream_split'])
      expect((await openParquetFeatures(fixture(name), images, 'image')).model).toEqual(model);
    expect((await openParquetFeatures(fixture('wide'), images, 'image')).model).not.toEqual(model);
  });

  it('are found by image where the file names them', async () => {
    const file = await openParquetFeatures(fixture('named'), images.toReversed(), 'image');
    const { values } = await readParquetColumns(file)(Uint32Array.of(0, 36), 0, 1);
    expect([...values]).toEqual([value(36, 0), value(0, 0)]);
    // Under another name it is a column like any other, and rows must match by number.
    expect((await refusal(openParquetFeatures(fixture('named'), images, 'file'))).what).toBe(
      'it has 38 rows where the manifest has 37 images',
    );
  });

  it('are read by the ending of features, in whatever case', async () => {
    const upper = join(temporaryFolder(), 'F.PARQUET');
    copyFileSync(fixture('list'), upper);
    const opened = await openFeatures(
      source(temporaryFolder(), { features: upper, evalSet: { images, folder: null }, featureModel: null }),
    );
    expect([opened.dimensions, opened.hashes, opened.rowOf.length]).toEqual([WIDTH, null, ROWS]);
  });
});

describe('a Parquet file that is no matrix of features is refused in a line:', () => {
  it.each([
    ['ragged', 'row 21 has 4 features where row 1 has 5'],
    ['null_value', 'a feature is missing (null, or an empty list) in row'],
    ['null_list', 'a feature is missing (null, or an empty list) in row'],
    ['empty_list', 'a feature is missing (null, or an empty list) in row'],
    ['null_wide', 'a feature is missing (null, or an empty list) in row 1'],
    ['two_lists', 'it has several columns of lists: "a", "b"'],
    ['texts', 'it has no column of floats or of lists of floats'],
    ['twice', 'image "image3.png" stands twice, in rows 4 and 37'],
    ['lacking', 'it lacks 2 of 37 images, "image35.png" first'],
  ])('%s', async (name, what) => {
    const error = await refusal(openParquetFeatures(fixture(name), images, 'image'));
    expect(error.what).toContain(what);
    expect(error.where).toBe(fixture(name));
    expect(error.fix).not.toMatch(/\.$/);
  });

  it('rows that are not as many as images', async () => {
    const error = await refusal(openParquetFeatures(fixture('list'), images.slice(1), 'image'));
    expect(error.what).toBe('it has 37 rows where the manifest has 36 images');
    expect(error.fix).toContain('a column of image names called "image"');
  });

  it('a value that is not finite, where it is read', async () => {
    const file = await openParquetFeatures(fixture('not_finite'), images, 'image');
    const read = readParquetColumns(file);
    await expect(read(Uint32Array.of(19, 21), 0, WIDTH)).resolves.toBeDefined();
    await expect(read(Uint32Array.of(19, 20, 21), 0, WIDTH)).rejects.toThrow('it holds NaN (row 20, feature 1');
  });

  it('no file, a folder, no Parquet, and one cut off or changed anywhere', async () => {
    expect((await refusal(openParquetFeatures('/nowhere/f.parquet', images, 'image'))).what).toContain(
      'there is none of that name',
    );
    expect((await refusal(openParquetFeatures(temporaryFolder(), images, 'image'))).what).toContain('is a folder');
    const path = join(temporaryFolder(), 'damaged.parquet');
    const whole = readFileSync(fixture('list'));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), async (at, byte, isCut) => {
        const bytes = Buffer.from(isCut ? whole.subarray(0, at) : whole);
        if (!isCut) bytes[at] = byte;
        writeFileSync(path, bytes);
        // Read as something, or refused as damaged: never a bug, never a hang.
        await openParquetFeatures(path, images, 'image')
          .then(
            (file) => readParquetColumns(file)(Uint32Array.of(0, 36), 0, Math.min(file.dimensions, WIDTH)),
            (error: unknown) => expect(error).toBeInstanceOf(UserError),
          )
          .catch((error: unknown) => expect(error).toBeInstanceOf(UserError));
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('one that was changed after it was opened', async () => {
    const path = join(temporaryFolder(), 'changing.parquet');
    copyFileSync(fixture('list'), path);
    const file = await openParquetFeatures(path, images, 'image');
    const buffer = parquetWriteBuffer({ columnData: [{ name: 'e', data: [1, 2, 3], type: 'FLOAT' }] });
    writeFileSync(path, Buffer.from(buffer));
    await expect(readParquetColumns(file)(Uint32Array.of(36), 0, WIDTH)).rejects.toThrow(UserError);
  });
});
