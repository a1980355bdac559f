/**
 * Builds examples/cifar10 from the full CIFAR-10 test set: all 1,000 automobiles and the first 220 images of
 * each other class, small enough to commit.
 *
 * usage: node scripts/make-example.ts CIFAR10_DIR
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = process.argv[2];
if (source === undefined) throw new Error('usage: node scripts/make-example.ts CIFAR10_DIR');
const target = join(dirname(fileURLToPath(import.meta.url)), '..', 'examples', 'cifar10');
for (const folder of ['images', 'predictions']) mkdirSync(join(target, folder), { recursive: true });

const [header, ...rows] = readFileSync(join(source, 'eval.csv'), 'utf8').trimEnd().split('\n');
const taken = new Map<string, number>();
const kept = rows.filter((row) => {
  const label = row.split(',')[1] ?? '';
  const count = (taken.get(label) ?? 0) + 1;
  taken.set(label, count);
  return label === 'automobile' || count <= 220;
});
writeFileSync(join(target, 'eval.csv'), `${[header, ...kept].join('\n')}\n`);

const images = new Set(kept.map((row) => row.split(',')[0] ?? ''));
for (const image of images) copyFileSync(join(source, 'images', image), join(target, 'images', image));
for (const [from, to] of [
  ['baseline', 'baseline'],
  ['candidate-red-cars-missing', 'candidate'],
  ['retrained', 'retrained'],
]) {
  const [head, ...lines] = readFileSync(join(source, 'predictions', `${from}.csv`), 'utf8')
    .trimEnd()
    .split('\n');
  const shown = lines.filter((line) => images.has(line.split(',')[0] ?? ''));
  writeFileSync(join(target, 'predictions', `${to}.csv`), `${[head, ...shown].join('\n')}\n`);
}
const models = join(target, '..', '..', 'models');
mkdirSync(models, { recursive: true });
copyFileSync(join(source, 'models', 'robust.onnx'), join(models, 'robust-32.onnx'));
