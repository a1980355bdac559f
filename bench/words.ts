/**
 * Ten kinds of change, each made to the pixels of a random tenth of CIFAR-10's test automobiles, with their properties worked out
 * anew: is the change the first thing that the title says of them? What the bytes would be is not (they are kept as they were a pixel).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { traitsOf } from '../src/gate/eventTraits.ts';
import { decodeImage, type Picture } from '../src/images/decode.ts';
import { PROPERTIES, propertiesOf } from '../src/images/properties.ts';
import { stream } from '../src/statistics/random.ts';

const folder = process.argv[2] ?? join(import.meta.dirname, '..', '..', 'shared', 'data', 'cifar10');
const LEAST_NAMED = 8;
const random = stream('planted changes');

type Change = (picture: Picture) => Picture;
const values =
  (change: (value: number, channel: number, all: Uint8Array, at: number) => number): Change =>
  (picture) => ({
    ...picture,
    rgb: Uint8Array.from(picture.rgb, (value, at) =>
      Math.max(0, Math.min(255, Math.round(change(value, at % 3, picture.rgb, at)))),
    ),
  });
const tint = (channel: number) => values((value, of) => (of === channel ? value + 50 : value - 15));

/** The mean over the pixels around each. */
const blur: Change = (picture) => {
  const { width, height, rgb } = picture;
  const at = (x: number, y: number, channel: number) =>
    rgb[3 * (Math.max(0, Math.min(height - 1, y)) * width + Math.max(0, Math.min(width - 1, x))) + channel];
  const near = [-1, 0, 1];
  return {
    ...picture,
    rgb: Uint8Array.from(rgb, (_, index) => {
      const [x, y] = [Math.floor(index / 3) % width, Math.floor(index / 3 / width)];
      const sum = near.reduce((all, dy) => all + near.reduce((row, dx) => row + at(x + dx, y + dy, index % 3), 0), 0);
      return Math.round(sum / 9);
    }),
  };
};

/** The middle half of each side. */
const crop: Change = ({ width, height, rgb, ...rest }) => {
  const [w, h] = [width / 2, height / 2];
  const from = (at: number) => {
    const [x, y] = [Math.floor(at / 3) % w, Math.floor(at / 3 / w)];
    return rgb[3 * ((y + h / 2) * width + x + w / 2) + (at % 3)];
  };
  return { ...rest, width: w, height: h, rgb: Uint8Array.from({ length: 3 * w * h }, (_, at) => from(at)) };
};

/** What is done, and how a title says it. */
const kinds: readonly (readonly [string, Change, RegExp])[] = [
  ['darken', values((value) => value * 0.5), /^darker/],
  ['brighten', values((value) => value + 60), /^lighter/],
  ['wash out', values((value) => 128 + (value - 128) * 0.35), /^(poorer in contrast|greyer)/],
  ['blur', blur, /^(more blurred|plainer)/],
  ['tint red', tint(0), /^redder/],
  ['tint green', tint(1), /^greener/],
  ['tint blue', tint(2), /^bluer/],
  ['noise', values((value) => value + (random.below(101) - 50)), /^(sharper|busier)/],
  [
    'grey',
    values((_, channel, all, at) => all.slice(at - channel, at - channel + 3).reduce((a, b) => a + b, 0) / 3),
    /^greyer/,
  ],
  ['small crop', crop, /^smaller/],
];

const names = readFileSync(join(folder, 'eval.csv'), 'utf8')
  .split('\n')
  .filter((line) => line.trim().endsWith(',automobile'))
  .map((line) => line.split(',')[0]);
const pictures = [];
for (const name of names) {
  const bytes = readFileSync(join(folder, 'images', name));
  pictures.push({ picture: await decodeImage(bytes), bytes: bytes.length });
}
let named = 0;
for (const [kind, change, words] of kinds) {
  const isPlanted = pictures.map(() => random.below(10) === 0);
  const properties = pictures.map(({ picture, bytes }, row) => {
    const seen = isPlanted[row] ? change(picture) : picture;
    return propertiesOf(seen, (bytes * seen.rgb.length) / picture.rgb.length);
  });
  const rows = [...pictures.keys()];
  const sides = {
    group: 'label:automobile',
    own: Uint32Array.from(rows.filter((row) => isPlanted[row])),
    others: Uint32Array.from(rows.filter((row) => !isPlanted[row])),
  };
  const [first] = await traitsOf(sides, {
    ...{ metadata: new Map(), featureNames: new Map(), properties: 0, dimensions: PROPERTIES },
    readColumns: async (some, from, to) => ({
      ...{ rows: some.length, from, to },
      values: Float32Array.from({ length: some.length * (to - from) }, (_, at) => {
        const row = some[at % some.length];
        return properties[row][from + Math.floor(at / some.length)];
      }),
    }),
  });
  const isNamed = words.test(first?.text ?? '');
  if (isNamed) named++;
  console.log(`${isNamed ? 'named ' : 'missed'} ${kind.padEnd(11)} ${first?.text ?? 'nothing'}`);
}
console.log(`${named} of ${kinds.length} named (at least ${LEAST_NAMED} expected)`);
if (named < LEAST_NAMED) process.exitCode = 1;
