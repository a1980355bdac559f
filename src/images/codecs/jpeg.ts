import decode, { init } from '@jsquash/jpeg/decode.js';
import { BadImage } from '../imageHeader.ts';
import { readWasmFile } from './wasmFile.ts';

let ready: Promise<void> | undefined;
let warnings: string[] = [];
let turn: Promise<unknown> = Promise.resolve();

/**
 * Decodes a JPEG of one or three components with MozJPEG: libjpeg's pixels (accurate integer DCT, fancy
 * upsampling), the EXIF orientation ignored.
 * @returns RGBA, 4 bytes a pixel.
 * @throws BadImage where the image is truncated or cannot be decoded.
 */
export function decodeJpeg(bytes: Uint8Array): Promise<Uint8ClampedArray> {
  // One after the other: the warnings are those of the image being decoded.
  const decoded = turn.then(() => decodeNow(bytes));
  turn = decoded.catch(() => {});
  return decoded;
}

async function decodeNow(bytes: Uint8Array): Promise<Uint8ClampedArray> {
  ready ??= start();
  await ready;
  warnings = [];
  const { data } = await decode(new Uint8Array(bytes).buffer).catch((thrown: unknown) => {
    ready = undefined; // libjpeg calls exit() on an error: this instance is dead
    throw new BadImage(`cannot be decoded (${warnings[0] ?? 'libjpeg gave up'})`, { cause: thrown });
  });
  // libjpeg fills what is missing with grey and only warns
  if (warnings.some((line) => line.includes('Premature end of JPEG file'))) throw new BadImage('is truncated');
  return data;
}

function start(): Promise<void> {
  const wasmBinary = readWasmFile('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm');
  const options = { wasmBinary, printErr: (line: string) => warnings.push(line) };
  return init(options);
}
