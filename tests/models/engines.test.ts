import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { engineNames, engines, enginesFor, modelKinds } from '../../src/records/engines.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the table of engines', () => {
  it('is what a config may name, in the order of the schema', () => {
    const { engine } = JSON.parse(read('schemas/config.schema.json')).properties;
    expect(engine.enum).toEqual(engineNames);
    expect(engine.default).toBe('auto');
  });

  it('lists the engines of each kind of model together, so that the order is one', () => {
    expect(modelKinds.flatMap(enginesFor)).toEqual(engines.map(({ name }) => name));
  });

  it('is told in docs/gpu.md, row by row in its order, with what is installed', () => {
    const rows = [...read('docs/gpu.md').matchAll(/^\| `((?:onnx|tfjs)-\S+)` \| (\S+) \| (.*?) \|/gm)].slice(
      0,
      engines.length,
    );
    expect(rows.map(([, name]) => name)).toEqual(engines.map(({ name }) => name));
    for (const [index, [, , kind]] of rows.entries()) {
      expect(kind).toBe({ onnx: 'ONNX', tfjs: 'TF.js' }[engines[index].kind]);
    }
  });

  it('installs the versions that this package is tested with', () => {
    const { dependencies, peerDependencies, devDependencies } = JSON.parse(read('package.json'));
    const ranges = { ...peerDependencies, ...devDependencies, ...dependencies };
    for (const { name, packages } of engines) {
      for (const spec of packages) {
        const [packageName, version] = [spec.slice(0, spec.lastIndexOf('@')), spec.slice(spec.lastIndexOf('@') + 1)];
        expect([name, ranges[packageName]]).toEqual([name, `^${version}`]);
      }
    }
  });
});
