import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyLayers, writeModel } from '../models/tfjsFixtures.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'barlow-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bundle = (name: string, cwd: string, ...entry: string[]) =>
  execFileSync(process.execPath, [join(root, 'scripts', 'bundle.ts'), join(folder, name), ...entry], { cwd });
const files = () => readdirSync(join(folder, 'a')).toSorted();
const read = (name: string, file: string) => readFileSync(join(folder, name, file));

/** What the store holds after `barlow extract` of images of all formats: features, and image properties. */
function featuresBy(command: string, name: string): string[] {
  const cwd = join(folder, name);
  const images = join(root, 'tests', 'data', 'formats', 'images');
  const { topology, weights } = tinyLayers();
  writeModel(join(cwd, 'model'), topology, weights);
  writeFileSync(join(cwd, 'eval.csv'), ['image,label', ...readdirSync(images).map((file) => `${file},any`)].join('\n'));
  const config = {
    version: 1,
    name: 'formats',
    evalSet: { images, manifest: 'eval.csv' },
    featureModel: { path: 'model/model.json', preprocess: { resize: [4, 4] } },
    engine: 'tfjs-wasm',
  };
  writeFileSync(join(cwd, 'barlow.yml'), JSON.stringify(config));
  execFileSync(process.execPath, [command, 'extract', '--quiet'], { cwd });
  const store = join(cwd, '.barlow');
  const stored = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.npy'));
  return stored.map((file) => readFileSync(join(store, file)).toString('base64')).toSorted();
}

beforeAll(() => {
  bundle('a', root);
  bundle('b', tmpdir());
}, 120_000);

describe('the bundle', () => {
  it('is the same bytes wherever it is built', () => {
    expect(readdirSync(join(folder, 'b')).toSorted()).toEqual(files());
    for (const file of files()) expect(read('a', file).equals(read('b', file)), file).toBe(true);
  });

  it('is under 12 MB and names no folder of the machine that built it', () => {
    const bytes = files().reduce((sum, file) => sum + statSync(join(folder, 'a', file)).size, 0);
    expect(bytes).toBeLessThan(12e6);
    for (const file of files()) expect(read('a', file).includes(root), file).toBe(false);
  });

  it('names its files by what is in them, so that a change stays in the files it touches', () => {
    const names = files().join(' ');
    expect(names).toContain('chunk-tf-core.node.js');
    expect(names).not.toMatch(/chunk-[A-Z0-9]{8}\.js/);
    for (const file of files().filter((each) => each.endsWith('.js'))) {
      for (const [, imported = ''] of read('a', file)
        .toString()
        .matchAll(/from"\.\/([^"]+)"/g))
        expect(files()).toContain(imported);
    }
  });

  it('runs TF.js models and decodes every format as the sources do', () => {
    bundle('command', root, 'src/cli.ts');
    for (const beside of ['schemas', 'templates', 'models', 'package.json'])
      symlinkSync(join(root, beside), join(folder, beside));
    const plain = featuresBy(join(root, 'src', 'cli.ts'), 'plain');
    expect(plain).toHaveLength(2);
    expect(featuresBy(join(folder, 'command', 'cli.js'), 'bundled')).toEqual(plain);
  }, 120_000);

  it('hands on the licence of every package in it', () => {
    const licences = read('a', 'LICENSES.txt').toString();
    for (const name of ['piscina', '@octokit/core', '@actions/core', 'onnxruntime-web', 'handlebars', '@jsquash/png']) {
      expect(licences).toContain(`${name} `);
    }
    expect(licences).not.toContain('(undefined)');
  });
});
