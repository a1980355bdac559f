import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const folder = join(root, 'tests', 'data', 'inference');

/** What Pillow and torchvision make of the images (tests/data/inference/make_fixtures.py). */
export const expected: {
  decoded: Record<string, { width: number; height: number; sha256: string }>;
  resized: { width: number; height: number; sha256: string }[];
  processed: { image: string; resize: number | null; crop: number; sha256: string }[];
} = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));

/** Features by PyTorch of some images of examples/cifar10. */
export const torchFeatures: Record<string, number[]> = JSON.parse(readFileSync(join(folder, 'features.json'), 'utf8'));

export function imagePath(name: string): string {
  return join(folder, 'images', name);
}

export function imageBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(imagePath(name)));
}
