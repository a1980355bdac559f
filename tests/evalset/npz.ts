import { crc32 } from 'node:zlib';

/** A `.npy` of version 1.0, by NumPy's description of the format. `descr` of a record is a list. */
export function npy(descr: string, shape: string, values: ArrayBufferView, order = 'False'): Buffer {
  const type = descr.startsWith('[') ? descr : `'${descr}'`;
  const text = `{'descr': ${type}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const header = text.padEnd(117, ' ').concat('\n');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(header), bytes]);
}

/** A list of texts as NumPy keeps them, four bytes a character. */
export function texts(values: readonly string[]): Buffer {
  const width = Math.max(1, ...values.map((value) => [...value].length));
  const points = values.flatMap((value) => {
    const own = [...value].map((each) => each.codePointAt(0) ?? 0);
    return [...own, ...Array<number>(width - own.length).fill(0)];
  });
  return npy(`<U${width}`, `(${values.length},)`, Uint32Array.from(points));
}

/** Numbers row by row. */
export function matrix(rows: readonly (readonly number[])[]): Buffer {
  return npy('<f8', `(${rows.length}, ${rows[0].length})`, Float64Array.from(rows.flat()));
}

/** A list of numbers, or of whole numbers. */
export function list(values: readonly number[], descr: '<f8' | '<i4' = '<f8'): Buffer {
  return npy(descr, `(${values.length},)`, descr === '<f8' ? Float64Array.from(values) : Int32Array.from(values));
}

/** A `.npz`: a ZIP archive (APPNOTE.TXT) whose files are stored as they are. */
export function npz(arrays: Readonly<Record<string, Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(arrays)) {
    const file = Buffer.from(`${name}.npy`);
    // Version, flags, method, time, date, checksum, packed and unpacked size, lengths of name and extra field.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(0x800, 2);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(bytes.length, 14);
    shared.writeUInt32LE(bytes.length, 18);
    shared.writeUInt16LE(file.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, file, bytes]);
    central.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), shared, place, file);
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(locals.length, 8);
  end.writeUInt16LE(locals.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
