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
  ...(
    [
      [0, '\0\0\u0001\0', 'a Windows icon (ICO)'],
      ...(['\u0002', '\n'] as const).map((type) => [0, `\0\0${type}\0\0`, 'a TGA image'] as const),
      [0, '8BPS', 'a Photoshop file'],
      [0, 'icns', 'an Apple icon (ICNS)'],
      [0, 'qoif', 'a QOI image'],
      [0, 'P7\n', 'a PAM image'],
      [0, 'PF\n', 'a PFM image (floating point)'],
      [0, 'Pf\n', 'a PFM image (floating point)'],
      [0, 'DDS ', 'a DirectDraw texture (DDS)'],
      [0, 'II\u00bc\u0001', 'a JPEG XR image'],
      [0, '\u0001\u00da', 'an SGI image'],
      [0, '%!PS', 'a PostScript file'],
      [0, '#define ', 'an XBM image'],
      [0, '/* XPM', 'an XPM image'],
      [0, 'v/1\u0001', 'an OpenEXR image'],
      [0, '#?RADIANCE', 'a Radiance HDR image'],
      [0, 'SIMPLE  =', 'a FITS image'],
      [128, 'DICM', 'a DICOM image'],
      [0, 'FUJIFILMCCD-RAW', 'a raw photograph'],
      [4, 'ftypcrx', 'a raw photograph'],
      [0, '\n\u0005\u0001\u0008', 'a PCX image'],
      [0, 'BM', 'a BMP that is cut short or of a rare kind'],
    ] as const
  ).map(([at, start, name]) => ({
    is: (bytes: Uint8Array) => hasText(bytes, at, start),
    what: `is ${name}, which is not read: convert it to PNG`,
  })),
  {
    is: (bytes) => hasText(bytes, Math.max(0, bytes.length - 18), 'TRUEVISION-XFILE.'),
    what: 'is a TGA image, which is not read: convert it to PNG',
  },
  {
    is: (bytes) => brandsOf(bytes).some((brand) => /^(isom|iso\d|mp4\d|avc1|qt {2}|M4V )$/.test(brand)),
    what: 'is a video, not an image: write its frames as JPEG or PNG',
  },
  {
    is: (bytes) => hasText(bytes, 0, '\u001aE\u00df\u00a3'),
    what: 'is a video, not an image: write its frames as JPEG or PNG',
  },
  { is: (bytes) => hasText(bytes, 0, '\u0089HDF'), what: 'is an HDF5 file, not an image' },
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
