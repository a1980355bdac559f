import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stream } from '../../src/statistics/random.ts';

/** States of a model on the small suite: two that differ by chance, and one that fails where feature 2 is high among cats. */
export type State = 'accepted' | 'good' | 'bad';

const size = 400;
const random = stream('small suite');
/** Sums of uniform numbers, so about normal. */
const features = Array.from({ length: size }, () =>
  Array.from(
    { length: 6 },
    () => Array.from({ length: 6 }, () => random.uint32() / 2 ** 32).reduce((a, b) => a + b) - 3,
  ),
);
const labels = features.map((_, row) => (row % 2 === 0 ? 'cat' : 'dog'));
const chance = { accepted: features.map(() => random.below(20)), good: features.map(() => random.below(20)) };

/** The prediction of an image; which images `accepted` and `good` fail on is chance, and one in twenty. */
function prediction(state: State, row: number): string {
  const label = labels[row] ?? '';
  const isRed = label === 'cat' && (features[row]?.[2] ?? 0) > 0.7;
  const fails = state === 'bad' ? isRed || chance.accepted[row] === 0 : chance[state][row] === 0;
  return fails ? (label === 'cat' ? 'dog' : 'cat') : label;
}

/** How a small suite is laid out. */
export interface Layout {
  readonly name?: string;
  /** Lines more of barlow.yml. */
  readonly more?: readonly string[];
  /** Features in another order, as another network would give them. */
  readonly mirrored?: boolean;
}

/** Writes barlow.yml, the eval set and given features of 400 images without pictures; the gate judges it in a second. */
export function addSmallSuite(folder: string, { name = 'pets', more = [], mirrored = false }: Layout = {}): void {
  mkdirSync(folder, { recursive: true });
  const rows = labels.map((label, row) => `img${row}.png,${label}`);
  writeFileSync(join(folder, 'eval.csv'), `image,label\n${rows.join('\n')}\n`);
  const values = features.map((each) => (mirrored ? each.map((value) => 1 - value).toReversed() : each));
  const file = mirrored ? 'mirrored.npy' : 'features.npy';
  writeFileSync(join(folder, file), npy(values));
  const config = [
    'version: 1',
    `name: ${name}`,
    'evalSet: {manifest: eval.csv}',
    `features: ${file}`,
    'groups: [label]',
    'analysis: {shuffles: 0}',
    ...(more.some((line) => line.startsWith('checkpoints:')) ? [] : ['checkpoints: {candidate: predictions.csv}']),
    ...more,
  ];
  writeFileSync(join(folder, 'barlow.yml'), `${config.join('\n')}\n`);
  writeFileSync(join(folder, '.gitignore'), '.barlow/\nbarlow-report/\n');
}

/** Writes the predictions of a state of the model. */
export function predictAs(folder: string, state: State, file = 'predictions.csv'): void {
  const rows = labels.map((_, row) => `img${row}.png,${prediction(state, row)}`);
  writeFileSync(join(folder, file), `image,prediction\n${rows.join('\n')}\n`);
}

/** A NumPy file of float32 rows, format 1.0. */
function npy(rows: readonly (readonly number[])[]): Buffer {
  const shape = `(${rows.length}, ${rows[0]?.length ?? 0})`;
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  const header = `${dictionary.padEnd(117)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(Float32Array.from(rows.flat()).buffer)]);
}
