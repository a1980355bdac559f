import { open } from 'node:fs/promises';
import { UserError } from '../errors.ts';

/** What a file is, and what to do where another was wanted. */
interface ForeignKind {
  /** With its article: "a Python pickle". */
  readonly name: string;
  readonly fix: string;
}

type Kind = ForeignKind & { readonly is: (start: Buffer) => boolean };

const asTable = 'Write a table: df.to_csv("predictions.csv", index=False); or scores: np.save("scores.npy", scores)';
const begins =
  (...texts: readonly string[]) =>
  (start: Buffer) =>
    texts.some((text) => start.subarray(0, text.length).equals(Buffer.from(text, 'latin1')));

/** Bytes at the start that are looked at: a tar file says what it is at 257. */
const START = 512;

/**
 * Files that are often given in place of a table, scores or a model, recognised by their first bytes. The first that fits counts,
 * so that those which are also something more general stand before it.
 */
const kinds: readonly Kind[] = [
  {
    name: 'a Git LFS pointer, not the file itself',
    is: begins('version https://git-lfs.github.com/'),
    fix: 'Run `git lfs pull` (in GitHub Actions: `lfs: true` of actions/checkout)',
  },
  {
    name: 'a web page',
    is: (start) => /^(\u00ef\u00bb\u00bf)?\s*<(!doctype\s|html|head|\?xml)/i.test(start.toString('latin1')),
    fix: 'Fetch the file again: its download failed, or needs a login',
  },
  {
    name: 'UTF-16 text',
    is: begins('\xff\xfe', '\xfe\xff'),
    fix: 'Save it as UTF-8 (PowerShell: Out-File -Encoding utf8; Excel: CSV UTF-8)',
  },
  {
    name: 'an Excel workbook',
    is: (start) => isZip(start) && /xl\/|\[Content_Types\]\.xml|docProps\//.test(start.toString('latin1')),
    fix: 'Save it as CSV UTF-8; with pandas: pd.read_excel(FILE).to_csv("predictions.csv", index=False)',
  },
  {
    name: 'an Excel workbook of before 2007, or another old Office file',
    is: begins('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
    fix: 'Save it as CSV UTF-8',
  },
  {
    name: 'a PyTorch file (torch.save)',
    is: (start) =>
      isZip(start) && /^.{30}[^/]*\/(data\.pkl|\.format_version|byteorder)/s.test(start.toString('latin1')),
    fix: 'Write scores as np.save("scores.npy", scores.cpu().numpy()), or a model by torch.onnx.export',
  },
  {
    name: 'a Keras model (.keras)',
    is: (start) => isZip(start) && /^.{30}(metadata|config)\.json/s.test(start.toString('latin1')),
    fix: 'Convert it by tf2onnx, or write what it predicts as a table',
  },
  {
    name: 'a NumPy archive (.npz)',
    is: (start) => isZip(start) && /^.{30}[^/]*\.npy/s.test(start.toString('latin1')),
    fix: 'Give it the ending .npz',
  },
  { name: 'a ZIP archive', is: isZip, fix: 'Unpack it, and name the file that was in it' },
  { name: 'a NumPy array (.npy)', is: begins('\x93NUMPY'), fix: 'Give it the ending .npy' },
  { name: 'a Parquet file', is: begins('PAR1'), fix: 'Give it the ending .parquet' },
  { name: 'a Feather (Arrow) file', is: begins('ARROW1', 'FEA1'), fix: 'Write it as Parquet: df.to_parquet' },
  { name: 'an ORC file', is: begins('ORC'), fix: 'Write it as Parquet' },
  { name: 'an Avro file', is: begins('Obj\x01'), fix: 'Write it as Parquet' },
  {
    name: 'an HDF5 file',
    is: begins('\x89HDF\r\n\x1a\n'),
    fix: `${asTable}; a Keras model: convert it by tf2onnx`,
  },
  { name: 'a MATLAB file', is: begins('MATLAB 5.0 MAT-file'), fix: asTable },
  { name: 'an SQLite database', is: begins('SQLite format 3\0'), fix: asTable },
  {
    name: 'a safetensors file',
    is: (start) => start.subarray(8, 10).toString('latin1') === '{"' && start.readBigUInt64LE(0) < 1n << 32n,
    fix: 'Write what the model predicts as a table, or export it by torch.onnx.export',
  },
  {
    name: 'a Python pickle',
    // Protocols 2 to 5 say their number.
    is: begins('\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05', '(lp0\n', '(dp0\n'),
    fix: asTable,
  },
  { name: 'a gzip file', is: begins('\x1f\x8b'), fix: 'Unpack it (gunzip); a table may stay packed as .csv.gz' },
  { name: 'a bzip2 file', is: begins('BZh'), fix: 'Unpack it (bunzip2)' },
  { name: 'an xz file', is: begins('\xfd7zXZ\0'), fix: 'Unpack it (unxz)' },
  { name: 'a Zstandard file', is: begins('\x28\xb5\x2f\xfd'), fix: 'Unpack it (unzstd)' },
  { name: 'a 7z archive', is: begins("7z\xbc\xaf'\x1c"), fix: 'Unpack it' },
  { name: 'a RAR archive', is: begins('Rar!\x1a\x07'), fix: 'Unpack it' },
  {
    name: 'a tar archive',
    is: (start) => start.subarray(257, 262).toString('latin1') === 'ustar',
    fix: 'Unpack it (tar -xf), and name the file that was in it',
  },
  { name: 'a PDF', is: begins('%PDF-'), fix: 'Name a table' },
  { name: 'an image', is: begins('\x89PNG', '\xff\xd8\xff', 'GIF8'), fix: 'Name a table, scores or a model' },
];

function isZip(start: Buffer): boolean {
  return begins('PK\x03\x04', 'PK\x05\x06')(start);
}

/** What bytes are that are no text and no model of a kind that is run; null: nothing that is known. */
function foreignKind(bytes: Uint8Array): ForeignKind | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, START));
  return kinds.find(({ is }) => is(start)) ?? null;
}

/**
 * Refuses a file that is something else than was wanted.
 *
 * @param wanted "the table", as a message says it
 * @param own name of the kind of file that is wanted, where `foreignKind` knows it
 * @throws UserError that names what it is and says the way
 */
export async function refuseForeignFile(file: string, wanted: string, own: string | null = null): Promise<void> {
  await using handle = await open(file);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(START), 0, START, 0);
  refuseForeign(buffer.subarray(0, bytesRead), file, wanted, own);
}

/** As `refuseForeignFile`, by bytes that are read already. */
export function refuseForeign(bytes: Uint8Array, file: string, wanted: string, own: string | null = null): void {
  const kind = foreignKind(bytes);
  if (kind === null || kind.name === own) return;
  throw new UserError({ what: `${wanted} is ${kind.name}`, where: file, fix: kind.fix });
}
