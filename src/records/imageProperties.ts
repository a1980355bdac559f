/** The properties of an image, in the order in which they are kept, with the words for more and for less of each. */
export interface ImageProperty {
  /** As in result.json and in rules. */
  readonly name: string;
  readonly more: string;
  readonly less: string;
}

const part = (where: string, name: string): ImageProperty[] => [
  { name: `${name}lightness`, more: `lighter${where}`, less: `darker${where}` },
  { name: `${name}redness (a*)`, more: `redder${where}`, less: `greener${where}` },
  { name: `${name}yellowness (b*)`, more: `yellower${where}`, less: `bluer${where}` },
  { name: `${name}spread of lightness`, more: `richer in contrast${where}`, less: `poorer in contrast${where}` },
  {
    name: `${name}spread of redness`,
    more: `more mixed of red and green${where}`,
    less: `less mixed of red and green${where}`,
  },
  {
    name: `${name}spread of yellowness`,
    more: `more mixed of yellow and blue${where}`,
    less: `less mixed of yellow and blue${where}`,
  },
  { name: `${name}chroma`, more: `more colourful${where}`, less: `greyer${where}` },
];

/** In the order of `images/properties.ts`. */
export const imageProperties: readonly ImageProperty[] = [
  ...part('', ''),
  ...part(' in the centre', 'centre '),
  { name: 'sharpness', more: 'sharper', less: 'more blurred' },
  { name: 'edge density', more: 'busier', less: 'plainer' },
  { name: 'aspect ratio', more: 'wider for their height', less: 'narrower for their height' },
  { name: 'pixels', more: 'larger', less: 'smaller' },
  { name: 'bytes a pixel', more: 'less compressed', less: 'more compressed' },
];
