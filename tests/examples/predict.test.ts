import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../src/evalset/checkpoint.ts';
import { readEvalSet } from '../../src/evalset/evalSet.ts';
import { columns } from '../evalset/scratch.ts';
import { PYTHON } from '../extras.ts';

const root = join(import.meta.dirname, '..', '..');
const scripts = join(root, 'examples', 'predict');
const folder = mkdtempSync(join(tmpdir(), 'barlow-predict-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Debian's Python, or that of PREDICT_PYTHON (`examples/predict/try.sh` makes one with all four libraries). */
const PREDICT_PYTHON = process.env.PREDICT_PYTHON ?? PYTHON;
const env = { ...process.env, KERAS_BACKEND: 'torch', HF_HUB_OFFLINE: '1' };
const ran = (...args: readonly string[]) =>
  execFileSync(PREDICT_PYTHON, ['-W', 'ignore', ...args], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

function has(...modules: readonly string[]): boolean {
  try {
    ran('-c', `import ${modules.join(', ')}`);
    return true;
  } catch {
    return false;
  }
}

const libraries = [
  { library: 'torchvision', modules: ['torch', 'torchvision', 'PIL'] },
  { library: 'timm', modules: ['torch', 'torchvision', 'timm'] },
  { library: 'keras', modules: ['torch', 'keras', 'PIL'] },
  { library: 'huggingface', modules: ['torch', 'transformers', 'PIL'] },
];

describe('the examples that write predictions', () => {
  it('are under 40 lines each, one a library', () => {
    const files = readdirSync(scripts).filter((name) => name.endsWith('.py'));
    expect(files.toSorted()).toEqual(libraries.map(({ library }) => `${library}_predict.py`).toSorted());
    for (const file of files) {
      expect(readFileSync(join(scripts, file), 'utf8').trimEnd().split('\n').length).toBeLessThan(40);
    }
  });

  for (const { library, modules } of libraries) {
    it.skipIf(!has(...modules))(
      `${library}: write what the model says of each image alone (needs ${modules.join(', ')})`,
      async () => {
        const at = join(folder, library);
        const made = ran(join(root, 'tests', 'data', 'predict', 'make_model.py'), library, at)
          .trim()
          .split('\n')
          .at(-1);
        const { arguments: given, expected } = JSON.parse(made ?? '');
        ran(join(scripts, `${library}_predict.py`), ...given);
        const { evalSet, order } = await readEvalSet({ images: join(at, 'val'), manifest: null, classes: [], columns });
        expect(evalSet.images.toSorted()).toEqual(Object.keys(expected).toSorted());
        for (const name of ['out.csv', 'out.npz']) {
          const { predictions, confidence } = await readCheckpoint(join(at, name), 'c', evalSet, columns, order);
          for (const [row, image] of evalSet.images.entries()) {
            const [prediction, probability] = expected[image];
            expect([image, evalSet.classes[predictions?.[row] ?? -1]]).toEqual([image, prediction]);
            // A batch rounds otherwise than an image alone.
            expect(confidence?.[row]).toBeCloseTo(probability, 4);
          }
        }
      },
      240_000,
    );
  }
});
