/** A kind of image file: how it is told, how large its image is, how that is decoded. */
export interface Format {
  /** As people name it. */
  readonly name: string;
  /** The subtype of its media type where every browser shows it ("png" of image/png); null elsewhere. */
  readonly shown: 'jpeg' | 'png' | 'webp' | null;
  /** Whether the bytes begin as such a file does; names lie. */
  readonly matches: (bytes: Uint8Array) => boolean;
  /** Reads width and height without decoding a pixel. @throws BadImage where the header is damaged. */
  readonly size: (bytes: Uint8Array) => Size | Promise<Size>;
  /** Decodes to RGB, 3 bytes a pixel, as Pillow's `convert('RGB')`. @throws BadImage where that cannot be done. */
  readonly decode: (bytes: Uint8Array, size: Size) => Uint8Array | Promise<Uint8Array>;
}

/** In pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whether the bytes hold these characters (Latin-1) at a place. */
export function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  return Array.from(text).every((character, i) => bytes[at + i] === character.charCodeAt(0));
}

/** The bytes as numbers of any length. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** RGBA, 4 bytes a pixel, without its alpha. */
export function withoutAlpha(rgba: ArrayLike<number>): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from];
    rgb[to + 1] = rgba[from + 1];
    rgb[to + 2] = rgba[from + 2];
  }
  return rgb;
}
