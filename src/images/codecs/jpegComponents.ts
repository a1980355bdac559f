import { BadImage } from '../imageHeader.ts';
import { BitReader, BitWriter } from './jpegBits.ts';

/** One component of a frame, and of a scan: the tables it uses. */
interface Component {
  readonly id: number;
  readonly blocksAcross: number;
  readonly blocksDown: number;
}

interface Frame {
  readonly progressive: boolean;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** Decodes a Huffman code of up to 16 bits: entry = length << 8 | symbol; 0 for no code. */
type Table = Uint16Array;

/** What a walk over the markers has met so far. */
interface State {
  readonly tables: Map<number, Table>;
  frame: Frame | null;
  restartInterval: number;
}

const SOI = [0xff, 0xd8];
const EOI = [0xff, 0xd9];

/**
 * Rewrites a JPEG of four components as one of three: those at `keep`, their coefficients untouched, bit for bit. For
 * decoders that know no four-component colour space.
 * @param transform of the Adobe marker: 0: the three are taken as RGB; 1: as YCbCr.
 * @throws BadImage for truncated or corrupt data, arithmetic coding, and a sampling that depends on what is left out.
 */
export function keepComponents(
  bytes: Uint8Array,
  keep: readonly [number, number, number],
  transform: 0 | 1,
): Uint8Array {
  const adobe = [0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform];
  const parts: Uint8Array[] = [Uint8Array.from([...SOI, ...adobe])];
  const state: State = { tables: new Map(), frame: null, restartInterval: 0 };
  for (const { marker, body, after } of segmentsOf(bytes)) {
    const copy = bytes.subarray(body - 4, after);
    if (marker === 0xda) parts.push(...scanOf(bytes, body, after, keep, state));
    else if (marker >= 0xc0 && marker <= 0xc2) parts.push(frameOf(bytes, body, keep, state));
    else if (marker === 0xdb) parts.push(copy);
    else if (marker === 0xc4) {
      readTables(bytes, body, after, state.tables);
      parts.push(copy);
    } else if (marker === 0xdd) {
      state.restartInterval = (bytes[body] << 8) | bytes[body + 1];
      parts.push(copy);
    } else if (marker > 0xc2 && marker <= 0xcf) throw new BadImage('is a JPEG of a rare kind (lossless or arithmetic)');
  }
  return Buffer.concat([...parts, Uint8Array.from(EOI)]);
}

/** The transform in the Adobe marker (0: CMYK, 2: YCCK); null where there is no such marker. */
export function adobeTransform(bytes: Uint8Array): number | null {
  for (const { marker, body, after } of segmentsOf(bytes)) {
    const isAdobe = marker === 0xee && Buffer.from(bytes.subarray(body, body + 5)).toString('latin1') === 'Adobe';
    if (isAdobe && after - body >= 12) return bytes[body + 11];
  }
  return null;
}

/** Marker segments up to the end of the image: where the body starts, and what comes after (for a scan, its data too). */
function* segmentsOf(bytes: Uint8Array): Generator<{ marker: number; body: number; after: number }> {
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) throw new BadImage('has a corrupt JPEG header');
    const marker = bytes[at + 1];
    if (marker === 0xd9) return;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    let after = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    if (marker === 0xda) while (after < bytes.length && !endsScan(bytes, after)) after += 1;
    yield { marker, body: at + 4, after };
    at = after;
  }
  if (bytes[bytes.length - 2] !== 0xff || bytes[bytes.length - 1] !== 0xd9) throw new BadImage('is truncated');
}

/** Whether a marker other than a restart stands here. */
function endsScan(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1];
  return bytes[at] === 0xff && next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7);
}

function frameOf(bytes: Uint8Array, body: number, keep: readonly number[], state: State): Uint8Array {
  const components = [0, 1, 2, 3].map((index) => {
    const at = body + 6 + index * 3;
    return { id: bytes[at], blocksAcross: bytes[at + 1] >> 4, blocksDown: bytes[at + 1] & 15 };
  });
  const kept = keep.map((index) => components[index]);
  const largest = (of: readonly Component[], side: 'blocksAcross' | 'blocksDown') =>
    Math.max(...of.map((c) => c[side]));
  const changed = (['blocksAcross', 'blocksDown'] as const).some(
    (side) => largest(kept, side) !== largest(components, side),
  );
  if (changed) throw new BadImage('is a CMYK JPEG with an unusual sampling');
  const size = { height: (bytes[body + 1] << 8) | bytes[body + 2], width: (bytes[body + 3] << 8) | bytes[body + 4] };
  state.frame = { ...size, progressive: bytes[body - 3] === 0xc2, components };
  const specs = keep.flatMap((index) => [...bytes.subarray(body + 6 + index * 3, body + 9 + index * 3)]);
  return Uint8Array.from([0xff, bytes[body - 3], 0, 17, ...bytes.subarray(body, body + 5), 3, ...specs]);
}

/** Canonical Huffman tables (ITU T.81, annex C), by class << 4 | destination. */
function readTables(bytes: Uint8Array, body: number, after: number, tables: Map<number, Table>): void {
  for (let at = body; at + 17 <= after; ) {
    const table = new Uint16Array(1 << 16);
    let symbol = at + 17;
    let code = 0;
    for (let length = 1; length <= 16; length++, code <<= 1) {
      for (let n = 0; n < bytes[at + length]; n++, code++, symbol++) {
        const first = code << (16 - length);
        table.fill((length << 8) | bytes[symbol], first, first + (1 << (16 - length)));
      }
    }
    tables.set(bytes[at], table);
    at = symbol;
  }
}

/** One scan without the components left out: its header and data, or nothing where none is left. */
function scanOf(bytes: Uint8Array, body: number, after: number, keep: readonly number[], state: State): Uint8Array[] {
  const { frame } = state;
  if (frame === null) throw new BadImage('has a corrupt JPEG header');
  const count = bytes[body];
  const data = body + 1 + count * 2 + 3;
  const all = Array.from({ length: count }, (_, n) => {
    const index = frame.components.findIndex(({ id }) => id === bytes[body + 1 + n * 2]);
    if (index < 0) throw new BadImage('has a corrupt JPEG header');
    const tables = bytes[body + 2 + n * 2];
    return { ...frame.components[index], selector: tables, kept: keep.includes(index) };
  });
  const kept = all.filter((component) => component.kept);
  if (kept.length === 0) return [];
  if (kept.length === count) return [bytes.subarray(body - 4, after)];
  // A component alone in its scan is laid out by rows of blocks, not by groups of them.
  const [first] = kept;
  if (kept.length === 1 && first.blocksAcross * first.blocksDown > 1)
    throw new BadImage('is a CMYK JPEG of a rare kind');
  const selectors = kept.flatMap(({ id, selector }) => [id, selector]);
  const header = [0xff, 0xda, 0, 6 + kept.length * 2, kept.length, ...selectors, ...bytes.subarray(data - 3, data)];
  const walk = { reader: new BitReader(bytes, data), writer: new BitWriter(), tables: state.tables };
  copyScan(walk, frame, all, state.restartInterval, { dcOnly: frame.progressive, refines: bytes[data - 1] >> 4 > 0 });
  return [Uint8Array.from(header), Uint8Array.from(walk.writer.bytes)];
}

interface Walk {
  readonly reader: BitReader;
  readonly writer: BitWriter;
  readonly tables: ReadonlyMap<number, Table>;
}

type ScanComponent = Component & { readonly selector: number; readonly kept: boolean };

/** Walks an interleaved scan block by block and copies the bits of the components kept. */
function copyScan(
  walk: Walk,
  frame: Frame,
  components: readonly ScanComponent[],
  restartInterval: number,
  kind: { readonly dcOnly: boolean; readonly refines: boolean },
): void {
  const across = Math.ceil(frame.width / (8 * Math.max(...frame.components.map((c) => c.blocksAcross))));
  const down = Math.ceil(frame.height / (8 * Math.max(...frame.components.map((c) => c.blocksDown))));
  for (let unit = 0; unit < across * down; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      walk.reader.restart();
      walk.writer.pad();
      walk.writer.bytes.push(0xff, 0xd0 + ((unit / restartInterval - 1) % 8));
    }
    for (const { blocksAcross, blocksDown, selector, kept } of components) {
      for (let block = 0; block < blocksAcross * blocksDown; block++) {
        if (kind.dcOnly && kind.refines) copyBits(walk, 1, kept);
        else copyBlock(walk, selector, kept, kind.dcOnly);
      }
    }
  }
  walk.writer.pad();
}

/** Copies one block (ITU T.81, F.2.2): the difference of its DC coefficient, then runs of AC coefficients. */
function copyBlock(walk: Walk, selector: number, kept: boolean, dcOnly: boolean): void {
  copyBits(walk, copySymbol(walk, selector >> 4, kept), kept);
  for (let k = 1; k < 64 && !dcOnly; k++) {
    const symbol = copySymbol(walk, 0x10 | (selector & 15), kept);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (size === 0 && run < 15) return;
    k += run;
    copyBits(walk, size, kept);
  }
}

function copySymbol({ reader, writer, tables }: Walk, table: number, kept: boolean): number {
  const entry = tables.get(table)?.[reader.peek(16)] ?? 0;
  if (entry === 0) throw new BadImage('has corrupt JPEG data');
  const bits = reader.take(entry >> 8);
  if (kept) writer.put(bits, entry >> 8);
  return entry & 0xff;
}

function copyBits({ reader, writer }: Walk, count: number, kept: boolean): void {
  const bits = reader.take(count);
  if (kept) writer.put(bits, count);
}
