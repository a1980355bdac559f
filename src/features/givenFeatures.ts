import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { refuseForeignFile } from '../adapters/foreignFile.ts';
import { BadNpy } from '../adapters/npyHeader.ts';
import { refuseSpecialFile } from '../adapters/regularFile.ts';
import { messageOf, UserError } from '../errors.ts';
import type { FeatureFile } from '../records/features.ts';
import { type NpyHeader, parseNpyHeader } from './npy.ts';

/** A header longer than this is no matrix of features. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * Opens features computed elsewhere: a `.npy` matrix, float32 or float64 in C order, row i of image i. Its values are
 * checked where they are read (`readColumns`).
 * @throws UserError where the file cannot be read, is cut short, or is no such matrix of `images` rows.
 */
export async function openGivenFeatures(path: string, images: number): Promise<FeatureFile> {
  const { header, size } = await readNpy(path);
  const { rows, columns, offset, dtype } = header;
  if (rows !== images) {
    throw badFile(
      path,
      `it has ${rows} rows where the manifest has ${images} images`,
      'Give one row per image, in the order of the manifest',
    );
  }
  if (columns === 0) throw badFile(path, 'it has no features', 'Give a matrix of images x features');
  if (size < offset + rows * columns * bytesPerValue(dtype)) {
    throw badFile(
      path,
      `it is truncated: ${size} bytes for ${rows} x ${columns} ${dtype} values`,
      'Write or copy it again',
    );
  }
  const fingerprint = await fingerprintOf(path, header);
  const rowOf = Uint32Array.from({ length: images }, (_, row) => row);
  const model = { fingerprint, dimensions: columns, engine: 'file' };
  return { path, offset, dimensions: columns, rowOf, model, contents: fingerprint };
}

/** SHA-256 (hex) over the values, by which features are known: not by the file's name, which says nothing of what is in it. */
async function fingerprintOf(path: string, { rows, columns, offset, dtype }: NpyHeader): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([columns, dtype]));
  const end = offset + rows * columns * bytesPerValue(dtype) - 1;
  try {
    for await (const bytes of createReadStream(path, { start: offset, end, highWaterMark: 1 << 20 }))
      hash.update(bytes);
  } catch (thrown) {
    throw badFile(path, `the feature file cannot be read (${messageOf(thrown)})`, 'Check features in the config');
  }
  return hash.digest('hex');
}

/** Bytes of one value. */
export function bytesPerValue(dtype: NpyHeader['dtype']): number {
  return dtype === 'float32' ? 4 : 8;
}

/**
 * Reads the header of a `.npy` file.
 * @throws UserError where it cannot be read or is no matrix.
 */
export async function readNpy(path: string): Promise<{ header: NpyHeader; size: number }> {
  await refuseSpecialFile(path, 'the feature file', 'Check features in the config');
  try {
    await refuseForeignFile(path, 'the feature file', 'a NumPy array (.npy)');
    await using file = await open(path);
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, MAX_HEADER_BYTES)), 0);
    return { header: parseNpyHeader(buffer.subarray(0, bytesRead)), size };
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    if (thrown instanceof BadNpy)
      throw badFile(path, `it ${thrown.message}`, 'Save it with numpy.save: a float32 matrix, images x features');
    throw badFile(path, `the feature file cannot be read (${messageOf(thrown)})`, 'Check features in the config');
  }
}

function badFile(path: string, what: string, fix: string): UserError {
  return new UserError({ what, where: path, fix });
}
