import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Reads a `.wasm` file of an installed package: the packages themselves would `fetch` it, which Node cannot do. */
export function readWasmFile(specifier: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(createRequire(import.meta.url).resolve(specifier)));
}
