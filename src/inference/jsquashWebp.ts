import decode, { init } from '@jsquash/webp/decode.js';
import { BadImage } from './imageHeader.ts';
import { readWasmFile } from './wasmFile.ts';

let ready: Promise<void> | undefined;

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

function start(): Promise<void> {
  const options = { wasmBinary: readWasmFile('@jsquash/webp/codec/dec/webp_dec.wasm'), printErr: () => {} };
  return init(options);
}
