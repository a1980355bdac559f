import { brandsOf } from './avif.ts';
import { hasText } from './format.ts';

/** Files that are often taken for images, or are images that are not read: how each is told, and what is said of it. */
const kinds: readonly { readonly is: (bytes: Uint8Array) => boolean; readonly what: string }[] = [
  {
    is: (bytes) => hasText(bytes, 0, 'version https://git-lfs.github.com/'),
    what: 'is a Git LFS pointer, not the image itself: run `git lfs pull` (in GitHub Actions: `lfs: true` of actions/checkout)',
  },
  {
    is: (bytes) => brandsOf(bytes).some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand)),
    what: 'is a HEIC image, which is not read: convert it to JPEG or PNG',
  },
  {
    is: (bytes) => hasText(bytes, 4, 'JXL ') || (bytes[0] === 0xff && bytes[1] === 0x0a),
    what: 'is a JPEG XL image, which is not read: convert it to JPEG or PNG',
  },
  {
    is: (bytes) => hasText(bytes, 4, 'jP  ') || (bytes[0] === 0xff && bytes[1] === 0x4f && bytes[2] === 0xff),
    what: 'is a JPEG 2000 image, which is not read: convert it to JPEG or PNG',
  },
  { is: (bytes) => hasText(bytes, 0, '8BPS'), what: 'is a Photoshop file, which is not read: convert it to PNG' },
  { is: (bytes) => hasText(bytes, 0, '%PDF'), what: 'is a PDF, not an image' },
  { is: (bytes) => hasText(bytes, 0, 'PK\u0003\u0004'), what: 'is a ZIP archive, not an image' },
  { is: (bytes) => bytes[0] === 0x1f && bytes[1] === 0x8b, what: 'is a gzip file, not an image' },
  { is: (bytes) => hasText(bytes, 0, '\u0093NUMPY'), what: 'is a NumPy array, not an image' },
  {
    is: (bytes) => /^\s*<svg|^\s*<\?xml[\s\S]*<svg/i.test(start(bytes)),
    what: 'is an SVG drawing, which is not read: convert it to PNG',
  },
  {
    is: (bytes) => /^\s*<(!doctype|html|\?xml)/i.test(start(bytes)),
    what: 'is a web page, not an image: perhaps its download failed',
  },
];

/** What a file that is none of the formats read is, as a clause. */
export function whatItIs(bytes: Uint8Array, formats: readonly string[]): string {
  const kind = kinds.find(({ is }) => is(bytes));
  const [last, ...others] = formats.toReversed();
  return kind?.what ?? `is not a ${others.reverse().join(', ')} or ${last} image`;
}

function start(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 300))
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '');
}
