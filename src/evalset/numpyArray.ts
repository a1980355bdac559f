import { halfToNumber } from '../adapters/float16.ts';
import { BadNpy, readArrayHeader } from '../adapters/npyHeader.ts';
import { entry } from '../records/entry.ts';

/** A list or a matrix that NumPy wrote, values row by row: texts, whole numbers or numbers. */
export type NumpyArray = { readonly rows: number /** Null: a list. */; readonly columns: number | null } & (
  | { readonly kind: 'texts'; readonly values: readonly string[] }
  | { readonly kind: 'integers'; readonly values: readonly number[] }
  | { readonly kind: 'numbers'; readonly values: Float32Array | Float64Array }
);

/** Thrown where an array is no matter of this tool; the message is a clause, `fix` what to save in its place. */
export class UnfitArray extends Error {
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

const again = 'Write or copy it again';

/**
 * Reads a whole `.npy` file: texts (`U`, `S`), whole numbers, float16, float32 or float64; in C or Fortran order, little- or big-endian.
 *
 * @throws UnfitArray where it is no `.npy`, holds anything else, or has more or fewer bytes than its shape needs
 */
export function readNumpyArray(bytes: Buffer): NumpyArray {
  const { descr, shape, isFortran, offset } = headerOf(bytes);
  const { type, size, isBigEndian } = typeOf(descr);
  const [rows, columns = null] = shape;
  if (rows === undefined || shape.length > 2) {
    throw new UnfitArray(`has the shape (${shape.join(', ')})`, 'Save one row per image: scores of images x classes');
  }
  const count = rows * (columns ?? 1);
  if (bytes.length - offset !== count * size) {
    const what = `holds ${bytes.length - offset} bytes of values where its shape (${shape.join(', ')}) needs ${count * size}`;
    throw new UnfitArray(what, again);
  }
  // Copied: typed arrays need values at addresses that are multiples of their size.
  const raw = inOurOrder(Uint8Array.from(bytes.subarray(offset)), type, size, isBigEndian);
  const width = columns ?? 1;
  const placeOf = (index: number) => (isFortran ? (index % width) * rows + Math.floor(index / width) : index);
  const numbers = numbersOf(type, raw);
  if (numbers !== null) {
    const values = numbers.map((_, index) => entry(numbers, placeOf(index)));
    return { kind: 'numbers', rows, columns, values };
  }
  const all = Array.from({ length: count }, (_, index) => placeOf(index));
  const integers = integersOf(type, raw);
  if (integers !== null) {
    return { kind: 'integers', rows, columns, values: all.map((place) => entry(integers, place)) };
  }
  const text = Buffer.from(raw);
  const read = type.startsWith('S') ? bytesAt : textAt;
  return { kind: 'texts', rows, columns, values: all.map((place) => read(text, place * size, size)) };
}

function headerOf(bytes: Buffer) {
  try {
    return readArrayHeader(bytes);
  } catch (thrown) {
    if (thrown instanceof BadNpy) throw new UnfitArray(thrown.message, again);
    throw thrown;
  }
}

/**
 * A type without the mark of the order of bytes before it (NumPy writes `|u1`, other tools `<u1`), and the bytes of a value.
 *
 * @throws UnfitArray for a type that is not read, naming what it is
 */
function typeOf(descr: string | null): { readonly type: string; readonly size: number; readonly isBigEndian: boolean } {
  if (descr === null) {
    throw new UnfitArray('is an array of records', 'Save one plain array: np.save("scores.npy", records["score"])');
  }
  const [, mark, letter, digits] = /^([<>|=])([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  if (letter === 'O') {
    const fix = 'Save plain numbers or texts: np.save("scores.npy", np.stack(scores).astype("float32"))';
    throw new UnfitArray('is an array of Python objects, which is a pickle inside', fix);
  }
  const type = `${letter}${digits}`;
  const size = letter === 'U' ? 4 * Number(digits) : Number(digits);
  if (letter === 'U' || letter === 'S' || /^[iu][1248]$|^f[248]$/.test(type))
    return { type, size, isBigEndian: mark === '>' };
  throw new UnfitArray(
    letter === 'b' ? 'is an array of true and false' : `holds values of type ${JSON.stringify(descr)}`,
    letter === 'b'
      ? 'Write what they mean: a table of image and failed, or the predicted classes'
      : 'Save scores as float32, predicted classes as whole numbers or texts',
  );
}

/** The values, those of big-endian files with their bytes turned round: of each number, of each character of a text. */
function inOurOrder(bytes: Uint8Array<ArrayBuffer>, type: string, size: number, isBigEndian: boolean): ArrayBuffer {
  if (isBigEndian && !type.startsWith('S')) {
    const unit = type.startsWith('U') ? 4 : size;
    for (let at = 0; at < bytes.length; at += unit) bytes.subarray(at, at + unit).reverse();
  }
  return bytes.buffer;
}

function numbersOf(type: string, values: ArrayBuffer): Float32Array | Float64Array | null {
  if (type === 'f4') return new Float32Array(values);
  if (type === 'f8') return new Float64Array(values);
  return type === 'f2' ? Float32Array.from(new Uint16Array(values), halfToNumber) : null;
}

function integersOf(type: string, values: ArrayBuffer): ArrayLike<number> | null {
  switch (type) {
    case 'i1':
      return new Int8Array(values);
    case 'u1':
      return new Uint8Array(values);
    case 'i2':
      return new Int16Array(values);
    case 'u2':
      return new Uint16Array(values);
    case 'i4':
      return new Int32Array(values);
    case 'u4':
      return new Uint32Array(values);
    case 'i8':
      return Array.from(new BigInt64Array(values), Number);
    case 'u8':
      return Array.from(new BigUint64Array(values), Number);
    default:
      return null;
  }
}

/** A text of bytes (`S`), UTF-8, without the zeros that NumPy fills it up with. */
function bytesAt(bytes: Buffer, start: number, size: number): string {
  return bytes.toString('utf8', start, start + size).replace(/\0+$/, '');
}

/** A text of UTF-32, without the zeros that NumPy fills it up with. */
function textAt(bytes: Buffer, start: number, size: number): string {
  let text = '';
  for (let at = start; at < start + size; at += 4) {
    const code = bytes.readUInt32LE(at);
    if (code > 0x10ffff) throw new UnfitArray('holds a text that is none', again);
    text += String.fromCodePoint(code);
  }
  return text.replace(/\0+$/, '');
}
