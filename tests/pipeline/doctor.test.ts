import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseNvidiaSmi } from '../../src/models/engines/gpus.ts';
import { installEngine, installPackages } from '../../src/models/engines/installEngine.ts';
import { brief, engineCache, engineFolder, placesOf } from '../../src/models/engines/installedPackage.ts';
import { loadTfjsNode } from '../../src/models/tfjs/nativeBackend.ts';
import { diagnose, diagnosisLines } from '../../src/pipeline/diagnosis.ts';
import { model, robust } from '../features/extraction.ts';
import { runHere } from '../inProcess.ts';
import { tinyGraph, writeModel } from '../models/tfjsFixtures.ts';

let folder: string;
const { RUNNER_TOOL_CACHE } = process.env;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'barlow-doctor-'));
  process.env.RUNNER_TOOL_CACHE = join(folder, 'tools');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  if (RUNNER_TOOL_CACHE === undefined) delete process.env.RUNNER_TOOL_CACHE;
  else process.env.RUNNER_TOOL_CACHE = RUNNER_TOOL_CACHE;
});

/** A package in a folder, for npm to install without a network. */
function writePackage(at: string, name: string, main: string, script = 'node -e ""'): string {
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name, version: '4.22.0', scripts: { install: script } }));
  writeFileSync(join(at, 'index.js'), main);
  return at;
}

describe('doctor', () => {
  it('says which engines load, and what it found in an ONNX model', async () => {
    const found = await diagnose(model(robust), 'auto');
    const loads = Object.fromEntries(found.engines.map(({ engine, loads }) => [engine, loads]));
    expect(loads).toMatchObject({ 'onnx-cpu': true, 'onnx-wasm': true, 'tfjs-wasm': true });
    for (const { loads, reason, fix } of found.engines) {
      expect([reason === null, fix === null]).toEqual([loads, loads]);
      expect(reason ?? '').not.toMatch(/node_modules|\n/);
    }
    expect(found.taken.onnx).toBe(found.engines.find(({ loads }) => loads)?.engine);
    const { version } = JSON.parse(
      readFileSync(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'), 'utf8'),
    );
    expect(found.engines.find(({ engine }) => engine === 'onnx-cpu')?.version).toBe(version);
    expect(found.featureModel).toMatchObject({
      problem: null,
      kind: 'onnx',
      features: 'features',
      layers: { featureMap: 'feature_map', logits: 'logits', input: { name: 'image' } },
      preprocess: { resize: 32, crop: 32, layout: 'NCHW' },
      wholePixels: false,
      engine: found.taken.onnx,
    });
    const scaling = found.featureModel && { ...found.featureModel, wholePixels: true };
    expect(diagnosisLines({ ...found, featureModel: scaling }).join('\n')).toContain(
      'RGB, NCHW, as pixels from 0 to 255, which it scales itself, ',
    );
    const text = diagnosisLines(found).join('\n');
    expect(text).toContain('features "features", feature map "feature_map"');
    expect(text).toMatch(/^ {2}tfjs-node +- .*\n +Run: barlow doctor --install tfjs-node$/m);
  });

  it('finds the same in a TF.js model, and its problems', async () => {
    const { topology, weights } = tinyGraph();
    const file = writeModel(join(folder, 'model'), topology, weights);
    const found = await diagnose(model(file), 'tfjs-wasm');
    expect(found.featureModel).toMatchObject({
      problem: null,
      kind: 'tfjs',
      features: 'pool',
      preprocess: { crop: 4, layout: 'NHWC' },
      engine: 'tfjs-wasm',
    });
    const named = await diagnose(
      { path: file, layer: { features: 'pol', featureMap: null }, preprocess: null },
      'onnx',
    );
    expect(named.featureModel).toMatchObject({ engine: null, problem: expect.stringContaining('"pool"') });
    const missing = await diagnose(model(join(folder, 'none.onnx')), 'auto');
    expect(missing.featureModel).toMatchObject({ kind: null, problem: expect.stringContaining('cannot be read') });
  });

  it.each([
    ['custom-operator', 'com.acme:MyAct'],
    ['bad-shapes', 'Dimension mismatch'],
    ['two-features', '2 outputs that end in a dense layer'],
  ])(
    'ends with exit 2 and the reason of a model that does not run: %s',
    async (name, reason) => {
      const at = join(folder, name);
      mkdirSync(at);
      const onnx = join(import.meta.dirname, '..', 'data', 'models', 'onnx', `${name}.onnx`);
      const config = { version: 1, evalSet: { images: '.', manifest: 'm.csv' }, featureModel: { path: onnx } };
      copyFileSync(join(import.meta.dirname, '..', 'data', 'inference', 'images', 'rgb.png'), join(at, 'a.png'));
      writeFileSync(join(at, 'm.csv'), 'image,label,prediction\na.png,cat,cat\n');
      writeFileSync(join(at, 'barlow.yml'), JSON.stringify({ ...config, engine: 'onnx-cpu' }));
      const run = await runHere(at, ['doctor']);
      expect(run.status).toBe(2);
      expect(run.stdout).toContain('problem');
      expect(run.stderr).toContain(reason);
    },
    60_000,
  );

  it('reads what nvidia-smi prints', () => {
    const csv = 'NVIDIA H100 80GB HBM3, 81559, 81079, 535.161.08, 9.0\nTesla T4, 15360, 15101, 535.161.08, 7.5\n\n';
    expect(parseNvidiaSmi(csv)).toEqual([
      {
        name: 'NVIDIA H100 80GB HBM3',
        memory: 81559,
        freeMemory: 81079,
        driver: '535.161.08',
        computeCapability: '9.0',
      },
      { name: 'Tesla T4', memory: 15360, freeMemory: 15101, driver: '535.161.08', computeCapability: '7.5' },
    ]);
    expect(parseNvidiaSmi('NVIDIA-SMI has failed because it could not communicate with the driver.\n')).toEqual([]);
  });

  it('cuts what runtimes say to one line without folders', () => {
    const thrown = new Error("Cannot find module '/home/me/p/node_modules/x/binding.node'\nRequire stack:\n- /a/b.js");
    expect(brief(thrown)).toBe("Cannot find module 'binding.node'");
    expect(brief('x'.repeat(500)).length).toBe(160);
  });
});

describe('installing an engine', () => {
  it('puts packages where engines are looked for, whole or not at all, once', async () => {
    const name = '@tensorflow/tfjs-node';
    const source = writePackage(join(folder, 'source'), name, 'module.exports = 1;', 'node -e "process.exit(0)"');
    const at = engineFolder('tfjs-node', engineCache());
    expect(at).toBe(join(folder, 'tools', 'barlow-gate', 'tfjs-node@4.22.0'));
    expect(placesOf(name, 'tfjs-node')).toEqual([]);
    const install = { packages: [`${name}@file:${source}`], environment: {} };
    await Promise.all([installPackages(install, at), installPackages(install, at)]);
    expect(readdirSync(join(at, '..'))).toEqual(['tfjs-node@4.22.0']);
    const [place] = placesOf(name, 'tfjs-node');
    expect(place(name)).toBe(1);
    expect(await installEngine('tfjs-node', () => expect.unreachable('it is there'))).toBe(at);
    await expect(installEngine('tfjs', () => {})).rejects.toThrow('onnx-cpu');
  });

  it('leaves nothing behind where npm fails, and says what npm said', async () => {
    const source = writePackage(join(folder, 'source'), 'broken', '', 'node -e "process.exit(7)"');
    const at = join(folder, 'tools', 'engine');
    const install = installPackages({ packages: [`broken@file:${source}/none`], environment: {} }, at);
    await expect(install).rejects.toThrow(/npm could not install .*none/);
    expect(existsSync(at)).toBe(false);
    expect(readdirSync(join(folder, 'tools'))).toEqual([]);
  });
});

describe("TensorFlow's native package", () => {
  const install = (engine: 'tfjs-node' | 'tfjs-node-gpu', main: string) =>
    writePackage(join(engineFolder(engine, engineCache()), 'node_modules', '@tensorflow', engine), engine, main);
  const stub = (usesGpu: boolean) => `
    const util = require('util');
    if (!util.isNullOrUndefined(null) || util.isNullOrUndefined(0)) throw new Error('no util.isNullOrUndefined');
    const none = () => {};
    const backend = () => ({ isUsingGpuDevice: ${usesGpu} });
    module.exports = { grad: none, setBackend: none, loadLayersModel: none, loadGraphModel: none, backend };`;

  it('is found in the cache, with the function that Node 23 took out of util', () => {
    expect(() => loadTfjsNode('tfjs-node')).toThrow('barlow doctor --install tfjs-node');
    install('tfjs-node', stub(false));
    expect(loadTfjsNode('tfjs-node').backend()).toEqual({ isUsingGpuDevice: false });
  });

  it('is refused where it was to use a GPU and does not, or breaks', () => {
    install('tfjs-node-gpu', stub(false));
    expect(() => loadTfjsNode('tfjs-node-gpu')).toThrow('finds no GPU');
    install('tfjs-node', "throw new Error('libtensorflow.so.2: cannot open shared object file\\nand more');");
    expect(() => loadTfjsNode('tfjs-node')).toThrow('cannot load (libtensorflow.so.2: cannot open shared object file)');
  });
});
