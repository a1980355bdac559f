import { BadNpy, readArrayHeader } from '../adapters/npyHeader.ts';

/** The header of a `.npy` file (NumPy format 1 to 3), as far as it is a matrix this tool reads. */
export interface NpyHeader {
  readonly dtype: 'float32' | 'float64';
  readonly rows: number;
  readonly columns: number;
  /** Byte offset of the first value. */
  readonly offset: number;
}

/** Bytes of the header that `formatNpyHeader` writes, whatever the shape: it can be overwritten in place. */
export const NPY_HEADER_BYTES = 128;

const DTYPES: ReadonlyMap<string, NpyHeader['dtype']> = new Map([
  ['<f4', 'float32'],
  ['<f8', 'float64'],
]);

/** A header of format 1.0 for float32 values in C order, padded with spaces as NumPy does. */
export function formatNpyHeader(rows: number, columns: number): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const header = Buffer.alloc(NPY_HEADER_BYTES, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(NPY_HEADER_BYTES - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', NPY_HEADER_BYTES - 1, 'latin1');
  return header;
}

/**
 * Parses the start of a `.npy` file.
 * @param bytes at least the header.
 * @throws BadNpy where it is no `.npy`, or not a two-dimensional float32 or float64 array in C order.
 */
export function parseNpyHeader(bytes: Uint8Array): NpyHeader {
  const { descr, isFortran, shape, offset } = readArrayHeader(bytes);
  const dtype = DTYPES.get(descr ?? '');
  if (dtype === undefined) {
    throw new BadNpy(`holds values of type ${JSON.stringify(descr ?? 'record')}, not float32 or float64`);
  }
  if (isFortran) throw new BadNpy('is in Fortran order; save np.ascontiguousarray(features)');
  const [rows, columns] = shape;
  if (rows === undefined || columns === undefined || shape.length !== 2) {
    throw new BadNpy(`has shape (${shape.join(', ')}), not (images, features)`);
  }
  return { dtype, rows, columns, offset };
}
