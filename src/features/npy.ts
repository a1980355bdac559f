/** The header of a `.npy` file (NumPy format 1 to 3), as far as it is a matrix this tool reads. */
export interface NpyHeader {
  readonly dtype: 'float32' | 'float64';
  readonly rows: number;
  readonly columns: number;
  /** Byte offset of the first value. */
  readonly offset: number;
}

/** Thrown where bytes are no `.npy` this tool reads; the message is a clause without the file's name. */
export class BadNpy extends Error {}

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
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 12 || buffer.toString('latin1', 0, 6) !== '\x93NUMPY') throw new BadNpy('is not a .npy file');
  const version = buffer.readUInt8(6);
  if (version < 1 || version > 3) throw new BadNpy(`is of .npy format ${version}, not 1 to 3`);
  const wide = version >= 2;
  const start = wide ? 12 : 10;
  const offset = start + (wide ? buffer.readUInt32LE(8) : buffer.readUInt16LE(8));
  if (offset > buffer.length) throw new BadNpy('is truncated');
  const text = buffer.toString('utf8', start, offset);
  const dtype = field(text, /'descr':\s*'([^']*)'/);
  const kind = DTYPES.get(dtype);
  if (kind === undefined) throw new BadNpy(`holds values of type ${JSON.stringify(dtype)}, not float32 or float64`);
  if (field(text, /'fortran_order':\s*(True|False)/) === 'True') {
    throw new BadNpy('is in Fortran order; save np.ascontiguousarray(features)');
  }
  const shape = field(text, /'shape':\s*\(([^)]*)\)/)
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const [rows, columns] = shape;
  const isMatrix = rows !== undefined && columns !== undefined && shape.length === 2;
  if (!isMatrix || !shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new BadNpy(`has shape (${shape.join(', ')}), not (images, features)`);
  }
  return { dtype: kind, rows, columns, offset };
}

function field(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new BadNpy('has a corrupt .npy header');
  return found;
}
