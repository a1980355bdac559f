import { avif } from './codecs/avif.ts';
import { bmp } from './codecs/bmp.ts';
import type { Format } from './codecs/format.ts';
import { gif } from './codecs/gif.ts';
import { netpbm } from './codecs/netpbm.ts';
import { tiff } from './codecs/tiff.ts';
import { whatItIs } from './codecs/unreadable.ts';
import { jpeg, png, webp } from './codecs/webFormats.ts';
import { BadImage } from './imageHeader.ts';

/** The image formats that are read. One more: a file in codecs/, a row here and, of its wasm, one in scripts/bundle.ts. */
export const formats: readonly Format[] = [jpeg, png, webp, gif, avif, bmp, tiff, netpbm];

/** The format of an image, by its bytes. @throws BadImage that says what it is instead. */
export function formatOf(bytes: Uint8Array): Format {
  if (bytes.length === 0) throw new BadImage('is empty');
  const format = formats.find(({ matches }) => matches(bytes));
  if (format !== undefined) return format;
  throw new BadImage(
    whatItIs(
      bytes,
      formats.map(({ name }) => name),
    ),
  );
}
