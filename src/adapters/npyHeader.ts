/** The header of a `.npy` file (NumPy format 1 to 3), whatever array it is. */
export interface ArrayHeader {
  /** The type of a value as NumPy writes it (`<f4`, `|O`); null for a record of several fields. */
  readonly descr: string | null;
  /** Whether values of a column, not of a row, lie beside one another. */
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Byte offset of the first value. */
  readonly offset: number;
}

/** Thrown where bytes are no `.npy` this tool reads; the message is a clause without the file's name. */
export class BadNpy extends Error {}

/**
 * Reads the start of a `.npy` file.
 * @param bytes at least the header.
 * @throws BadNpy where it is no `.npy`, or its header is cut short or corrupt.
 */
export function readArrayHeader(bytes: Uint8Array): ArrayHeader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 12 || buffer.toString('latin1', 0, 6) !== '\x93NUMPY') throw new BadNpy('is not a .npy file');
  const version = buffer.readUInt8(6);
  if (version < 1 || version > 3) throw new BadNpy(`is of .npy format ${version}, not 1 to 3`);
  const wide = version >= 2;
  const start = wide ? 12 : 10;
  const offset = start + (wide ? buffer.readUInt32LE(8) : buffer.readUInt16LE(8));
  if (offset > buffer.length) throw new BadNpy('is truncated');
  const text = buffer.toString('utf8', start, offset);
  const isRecord = /'descr':\s*\[/.test(text);
  const shape = field(text, /'shape':\s*\(([^)]*)\)/)
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new BadNpy(`has the shape (${shape.join(', ')})`);
  }
  return {
    descr: isRecord ? null : field(text, /'descr':\s*'([^']*)'/),
    isFortran: field(text, /'fortran_order':\s*(True|False)/) === 'True',
    shape,
    offset,
  };
}

function field(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new BadNpy('has a corrupt .npy header');
  return found;
}
