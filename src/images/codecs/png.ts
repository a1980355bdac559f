// The package's front door can neither start again after a trap nor free 16-bit images without a leak.
import init, { decode, decode_rgba16, encode } from '@jsquash/png/codec/pkg/squoosh_png.js';
import { BadImage } from '../imageHeader.ts';
import { readWasmFile } from './wasmFile.ts';

let ready: Promise<unknown> | undefined;

/**
 * Decodes a PNG of any colour type; palettes and fewer than 8 bits are expanded, 16 bits cut to their high byte.
 * @returns RGBA, 4 bytes a pixel.
 * @throws BadImage where it cannot be decoded.
 */
export async function decodePng(bytes: Uint8Array): Promise<Uint8ClampedArray> {
  return guarded(() => decode(bytes).data);
}

/** As `decodePng`, with all 16 bits: 4 samples a pixel. */
export async function decodePng16(bytes: Uint8Array): Promise<Uint16Array> {
  return guarded(() => {
    const image = decode_rgba16(bytes);
    const samples = image.data.slice();
    image.free();
    return samples;
  });
}

/** Encodes RGBA, 4 bytes a pixel, as a PNG of 8 bits. */
export async function encodePng(rgba: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  await started();
  return encode(rgba, width, height, 8);
}

async function started(): Promise<void> {
  ready ??= init(readWasmFile('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
  await ready;
}

async function guarded<T>(decodeNow: () => T): Promise<T> {
  await started();
  try {
    return decodeNow();
  } catch (thrown) {
    ready = undefined; // a Rust panic leaves the instance's stack where it was
    throw new BadImage('cannot be decoded (corrupt PNG data)', { cause: thrown });
  }
}
