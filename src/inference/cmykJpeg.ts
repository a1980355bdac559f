import { BadImage } from './imageHeader.ts';

export async function decodeCmykJpeg(_bytes: Uint8Array): Promise<Uint8Array> {
  throw new BadImage('is a CMYK JPEG');
}
