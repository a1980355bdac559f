import decode, { init } from '@jsquash/webp/decode.js';
import encode, { init as initEncoder } from '@jsquash/webp/encode.js';
import { BadImage } from '../imageHeader.ts';
import { readWasmFile } from './wasmFile.ts';

let ready: Promise<void> | undefined;
let encoderReady: Promise<unknown> | undefined;

/**
 * Decodes a still WebP with libwebp.
 * @returns RGBA, 4 bytes a pixel.
 * @throws BadImage where it cannot be decoded.
 */
export async function decodeWebp(bytes: Uint8Array): Promise<Uint8ClampedArray> {
  ready ??= start();
  await ready;
  const { data } = await decode(new Uint8Array(bytes).buffer).catch((thrown: unknown) => {
    ready = undefined;
    throw new BadImage('cannot be decoded (truncated or corrupt)', { cause: thrown });
  });
  return data;
}

/**
 * Encodes RGBA, 4 bytes a pixel, as a WebP with libwebp: the same pixels give the same bytes.
 * @param quality 0 to 100; null: lossless.
 */
export async function encodeWebp(
  rgba: Uint8ClampedArray<ArrayBuffer>,
  width: number,
  height: number,
  quality: number | null,
): Promise<Uint8Array> {
  // Every Node that runs this has SIMD, so that is the build that the package takes.
  encoderReady ??= initEncoder({ wasmBinary: readWasmFile('@jsquash/webp/codec/enc/webp_enc_simd.wasm') });
  await encoderReady;
  const image = { data: rgba, width, height, colorSpace: 'srgb' as const };
  return new Uint8Array(await encode(image, quality === null ? { lossless: 1 } : { quality }));
}

function start(): Promise<void> {
  const options = { wasmBinary: readWasmFile('@jsquash/webp/codec/dec/webp_dec.wasm'), printErr: () => {} };
  return init(options);
}
