import { join } from 'node:path';
import { encodePng } from '../images/codecs/png.ts';
import { decodeImage, type Picture } from '../images/decode.ts';
import { readImage, whyBad } from '../images/readImage.ts';
import { resizeLongestSide } from '../images/resize.ts';

/** Pictures of some images in one. */
export interface ContactSheet {
  /** A PNG. */
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const columns = 6;
const most = 18;
/** Longest side of a picture and the white space around it, in pixels. */
const side = 112;
const gap = 6;

/**
 * The first 18 of some images, six a row, each shown whole. Images that cannot be read are left out.
 * @param names relative to `folder`.
 * @returns null where none can be read.
 */
export async function contactSheet(folder: string, names: readonly string[]): Promise<ContactSheet | null> {
  const pictures: Picture[] = [];
  for (const name of names.slice(0, most)) {
    try {
      pictures.push(resizeLongestSide(await decodeImage(readImage(join(folder, name))), side));
    } catch (thrown) {
      whyBad(thrown); // throws again what is not the image's fault
    }
  }
  if (pictures.length === 0) return null;
  const width = Math.min(columns, pictures.length) * (side + gap) + gap;
  const height = Math.ceil(pictures.length / columns) * (side + gap) + gap;
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (const [index, picture] of pictures.entries()) {
    const left = gap + (index % columns) * (side + gap) + Math.floor((side - picture.width) / 2);
    const top = gap + Math.floor(index / columns) * (side + gap) + Math.floor((side - picture.height) / 2);
    paste(picture, rgba, width, left, top);
  }
  return { bytes: await encodePng(rgba, width, height), width, height };
}

function paste({ width, height, rgb }: Picture, onto: Uint8Array, sheetWidth: number, left: number, top: number) {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      onto.set(rgb.subarray(from, from + 3), ((top + y) * sheetWidth + left + x) * 4);
    }
  }
}
