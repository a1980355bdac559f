import decode, { init } from '@jsquash/avif/decode.js';
import { BadImage } from '../imageHeader.ts';
import { type Format, hasText, type Size, viewOf, withoutAlpha } from './format.ts';
import { readWasmFile } from './wasmFile.ts';

let ready: Promise<void> | undefined;

/** AVIF by libavif, rotation and mirroring left to the viewer, as Pillow leaves them. */
export const avif: Format = {
  name: 'AVIF',
  shown: null,
  matches: (bytes) => brandsOf(bytes).some((brand) => brand === 'avif' || brand === 'avis'),
  size: sizeOf,
  decode: async (bytes) => {
    ready ??= init({ wasmBinary: readWasmFile('@jsquash/avif/codec/dec/avif_dec.wasm'), printErr: () => {} });
    await ready;
    const image = await decode(new Uint8Array(bytes).buffer).catch((thrown: unknown) => {
      ready = undefined;
      throw new BadImage('cannot be decoded (truncated or corrupt)', { cause: thrown });
    });
    if (image === null) throw new BadImage('cannot be decoded (truncated or corrupt)');
    return withoutAlpha(image.data);
  },
};

/** The kinds that a file of the ISO base media format says it is (ISO/IEC 14496-12, ftyp); none for other files. */
export function brandsOf(bytes: Uint8Array): string[] {
  if (bytes.length < 16 || !hasText(bytes, 4, 'ftyp')) return [];
  const end = Math.min(viewOf(bytes).getUint32(0), bytes.length, 512);
  const at = [8, ...Array.from({ length: Math.max(0, (end - 16) >> 2) }, (_, i) => 16 + 4 * i)];
  return at.map((from) => String.fromCharCode(...bytes.subarray(from, from + 4)));
}

/** The largest extent that is declared (ispe): alpha and thumbnails have their own. */
function sizeOf(bytes: Uint8Array): Size {
  const view = viewOf(bytes);
  let largest: Size = { width: 0, height: 0 };
  for (let at = 4; at + 16 <= Math.min(bytes.length, 1 << 16); at++) {
    if (bytes[at] !== 0x69 || !hasText(bytes, at, 'ispe')) continue;
    const size = { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
    if (size.width * size.height > largest.width * largest.height) largest = size;
  }
  if (largest.width === 0) throw new BadImage('is truncated');
  return largest;
}
